"""Moments as authors write them, and the detector for times at which nothing is to be said."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.rules.detectors.model import Model
from shared.rules.draft import Span
from shared.rules.plan import WHOLE, Plan, Probe
from shared.rules.reading import Reading

_DAY = timedelta(days=1)


def _is_moment(written: str) -> str:
    moment_of(written)
    return written


def moment_of(written: str, *, last: bool = False) -> datetime:
    """The moment that an author means: of a plain date its beginning in UTC, or its end with `last`."""
    try:
        day = date.fromisoformat(written) if len(written) == 10 else None
        if day is not None:
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + (_DAY if last else timedelta())
        made = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        raise PydanticCustomError("moment", "Write a date as 2026-12-01, or a time as 2026-12-01T09:00Z.") from None
    if made.tzinfo is None:
        raise PydanticCustomError("moment", "Say in which zone the time is meant: 2026-12-01T09:00Z or T09:00+01:00.")
    return made


Moment = Annotated[str, AfterValidator(_is_moment)]
"""Kept as written, as a plain date means its beginning or its end."""


class Period(Model):
    """From a moment to another; plain dates are days in UTC, the last one included."""

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment

    @model_validator(mode="after")
    def _goes_forward(self) -> "Period":
        if self.begin >= self.end:
            raise PydanticCustomError("period", "`to` must be after `from`.")
        return self

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return moment_of(self.from_)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return moment_of(self.to, last=True)


class QuietPeriodDetector(Model):
    """Any text within a period, as before results are published; join it by `all` with what it is about."""

    quiet_period: Period

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - no words to look for
        """See `Probe`."""
        begin, end = self.quiet_period.begin, self.quiet_period.end

        def find(reading: Reading) -> Span | None:
            now = reading.draft.now
            return WHOLE if now is None or begin <= now < end else None

        return Probe(None, find)
