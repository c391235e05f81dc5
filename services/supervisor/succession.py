"""How a service's process takes over from the one before it: it imports everything first, and serves when that one is gone.

Two processes must not serve from one SQLite file; so what can be done beforehand is, and only the rest makes requests wait.
"""

import os
from contextlib import suppress


class Succession:
    """Two pipes between the supervisor and a successor: "I am prepared", and "it is your turn"."""

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()
        self._turn, self._hand = os.pipe()
        os.set_blocking(self._told, False)

    def wait(self) -> None:
        """In the successor: say that all is prepared, and wait for the turn; ends the process if it never comes."""
        os.close(self._hand)
        os.write(self._tell, b".")
        if not os.read(self._turn, 1):
            raise SystemExit(0)
        self._close(self._told, self._tell, self._turn)

    def prepared(self) -> bool:
        """In the supervisor: tell whether the successor waits for its turn."""
        with suppress(BlockingIOError):
            return os.read(self._told, 1) == b"."
        return False

    def hand_over(self) -> None:
        """In the supervisor: let the successor serve."""
        os.write(self._hand, b".")

    def close(self) -> None:
        """In the supervisor: let go; a successor that still waits ends."""
        self._close(self._told, self._tell, self._turn, self._hand)

    def _close(self, *ends: int) -> None:
        for end in ends:
            os.close(end)
