"""Install the judges of our API documents with npm, as their lock says: `python -m tests.contracts.judges.install`."""

from pathlib import Path

from services.gateway.portal.vendor import install

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    install(FOLDER)
