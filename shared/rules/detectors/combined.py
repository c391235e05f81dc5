"""Detectors that are made of others."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from shared.rules.detectors.model import Model, earliest
from shared.rules.draft import Span
from shared.rules.plan import WHOLE, Plan, Probe
from shared.rules.reading import Reading

if TYPE_CHECKING:
    from shared.rules.detectors import Detector


class AllDetector(Model):
    """Matches when each of its parts does, where the first of them stands."""

    all: "Annotated[tuple[Detector, ...], Field(min_length=1, max_length=50)]"

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        parts = [part.compile(plan, strict=strict) for part in self.all]

        def find(reading: Reading) -> Span | None:
            spans: list[Span] = []
            for part in parts:
                span = part.find(reading)
                if span is None:
                    return None
                spans.append(span)
            return earliest(spans)

        waiting = [part.signs for part in parts if part.signs is not None]
        return Probe(min(waiting, key=len, default=None), find)


class AnyDetector(Model):
    """Matches when one of its parts does, where the first of those stands."""

    any: "Annotated[tuple[Detector, ...], Field(min_length=1, max_length=50)]"

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        parts = [part.compile(plan, strict=strict) for part in self.any]
        signs: frozenset[int] | None = frozenset()
        for part in parts:
            signs = None if signs is None or part.signs is None else signs | part.signs
        return Probe(signs, lambda reading: earliest([part.find(reading) for part in parts]))


class NotDetector(Model):
    """Matches, as a whole, a text in which its part finds nothing."""

    not_: "Annotated[Detector, Field(alias='not')]"

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - what excuses a text must be in plain sight
        """See `Probe`."""
        part = self.not_.compile(plan, strict=False)
        return Probe(None, lambda reading: WHOLE if part.find(reading) is None else None)
