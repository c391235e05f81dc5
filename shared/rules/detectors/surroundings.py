"""Detectors that look at what a text is, not at what it says: its language, and what stands beside it."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules import languages
from shared.rules.detectors.model import Language, Model
from shared.rules.draft import Media, Span
from shared.rules.plan import WHOLE, Plan, Probe
from shared.rules.reading import Reading


def _lacks_alt_text(media: Media) -> bool:
    return media.kind == "image" and not media.alt_text


def _lacks_captions(media: Media) -> bool:
    return media.kind != "image" and not media.captions


def _has_media(reading: Reading) -> bool:
    return bool(reading.draft.media)


class MissingDetector(Model):
    """A picture without a text for those who do not see it, or a film or sound without one for those who do not hear it."""

    missing: Literal["alt_text", "captions"]

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - no words to look for
        """See `Probe`."""
        lacks = _lacks_alt_text if self.missing == "alt_text" else _lacks_captions
        return Probe(
            frozenset([plan.when(_has_media)]),
            lambda reading: WHOLE if any(map(lacks, reading.draft.media)) else None,
        )


class Spoken(Model):
    """The languages in which a text may be written."""

    only: Annotated[tuple[Language, ...], Field(min_length=1, max_length=100)]


class LanguageDetector(Model):
    """A text in another language than those listed; one whose language cannot be told is let pass."""

    language: Spoken

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - no words to look for
        """See `Probe`."""
        languages.model()
        allowed = frozenset(map(languages.primary, self.language.only))

        def find(reading: Reading) -> Span | None:
            return WHOLE if languages.surely_another(reading.languages, allowed) else None

        return Probe(None, find)
