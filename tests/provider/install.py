"""Install an OpenID provider with npm, as its lock says: `python -m tests.provider.install`."""

from pathlib import Path

from services.gateway.portal.vendor import install

FOLDER = Path(__file__).parent
PROVIDER = FOLDER / "node_modules" / "oidc-provider"

if __name__ == "__main__":
    install(FOLDER)
