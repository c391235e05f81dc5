"""What time it is, given from outside so that expiry, reminders and deadlines can be tested."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware datetime in UTC."""

    def now(self) -> datetime:
        """Return this instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return this instant in UTC."""
        return datetime.now(UTC)


@dataclass
class ShiftedClock:
    """The machine's clock plus an offset that a test moves."""

    offset: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Return this instant plus the offset, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move this clock forward."""
        self.offset += by


@dataclass(frozen=True)
class FileClock:
    """The machine's clock plus the seconds written in a file, for processes under test.

    Production settings refuse it. A missing file means no offset.
    """

    path: Path

    def now(self) -> datetime:
        """Return this instant plus the file's offset, in UTC."""
        try:
            seconds = float(self.path.read_text())
        except (FileNotFoundError, ValueError):
            seconds = 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)
