"""Install what judges our pages with npm, as its lock says: `python -m tests.browser.install`."""

from pathlib import Path

from services.gateway.portal.vendor import install

FOLDER = Path(__file__).parent
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"

if __name__ == "__main__":
    install(FOLDER)
