"""What the person at the keyboard reads."""

import sys


def say(line: str, *, error: bool = False) -> None:
    """Tell the person at the keyboard something."""
    stream = sys.stderr if error else sys.stdout
    stream.write(line + "\n")
    stream.flush()
