"""Detectors that look for what an author lists: words, patterns, missing disclosures, pitches, things not yet public."""

import re
from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.rules.detectors.model import Keyword, Keywords, Language, Model, earliest
from shared.rules.detectors.moments import Moment, moment_of
from shared.rules.draft import Span
from shared.rules.literals import required, requires_digit
from shared.rules.patterns import MAX_LENGTH, InvalidPattern, Pattern
from shared.rules.plan import Plan, Probe
from shared.rules.reading import Reading

_digit = re.compile("[0-9]")


class WordsDetector(Model):
    """Whole words or phrases, however they are cased; anywhere in a word with `substring`.

    Lists under `languages` count for texts in that language, and for texts whose language is not known.
    """

    words: Annotated[tuple[Keyword, ...], Field(max_length=2000)] = ()
    substring: bool = False
    languages: Annotated[dict[Language, Keywords], Field(max_length=50)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_words(self) -> "WordsDetector":
        if not self.words and not self.languages:
            raise PydanticCustomError("no_words", "Name at least one word, in `words` or under a language.")
        return self

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        in_any = plan.words(self.words, substring=self.substring, strict=strict)
        by_language = {
            language.partition("-")[0]: plan.words(words, substring=self.substring, strict=strict)
            for language, words in self.languages.items()
        }

        def find(reading: Reading) -> Span | None:
            spoken = reading.draft.language
            spoken = spoken and spoken.partition("-")[0].casefold()
            signs = [sign for language, sign in by_language.items() if not spoken or spoken == language]
            return earliest([reading.first(sign) for sign in (in_any, *signs)])

        if not by_language:
            return Probe.of(in_any)
        return Probe(frozenset([in_any, *by_language.values()]), find)


class PatternDetector(Model):
    """An RE2 pattern, case-sensitive unless it says `(?i)`, over the text as sent and its clean form."""

    pattern: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]

    @field_validator("pattern")
    @classmethod
    def _is_usable(cls, pattern: str) -> str:
        try:
            Pattern(pattern)
        except InvalidPattern as error:
            raise PydanticCustomError("pattern", "{reason}", {"reason": str(error)}) from None
        return pattern

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - a pattern says itself how strict it is
        """See `Probe`."""
        compiled = Pattern(self.pattern)
        literals = required(self.pattern)
        signs = None if literals is None else frozenset([plan.words(literals, substring=True)])
        if requires_digit(self.pattern):
            return Probe(signs, lambda reading: reading.search(compiled) if _digit.search(reading.folded) else None)
        return Probe(signs, lambda reading: reading.search(compiled))


class Mentions(Model):
    """What must not be mentioned by staff without one of the tags in the first `within` code points."""

    of: Keywords
    tags: Keywords
    within: Annotated[int, Field(ge=1, le=100_000)] | None = None


class DisclosureDetector(Model):
    """A text by staff (or by nobody known) that mentions something of ours without saying that they work here."""

    disclosure: Mentions

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        mention = plan.words(self.disclosure.of, strict=strict)
        tag = plan.words(self.disclosure.tags)
        within = self.disclosure.within

        def find(reading: Reading) -> Span | None:
            if reading.draft.staff is False:
                return None
            tags = reading.every(tag)
            disclosed = any(within is None or span.end <= within for span in tags)
            return None if disclosed else reading.first(mention)

        return Probe(frozenset([mention]), find)


class Pitch(Model):
    """Words that sell something."""

    words: Keywords


class FirstContactPitchDetector(Model):
    """A sales pitch to somebody whom the author has only just met."""

    first_contact_pitch: Pitch

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        pitch = plan.words(self.first_contact_pitch.words, strict=strict)
        return Probe(frozenset([pitch]), lambda reading: reading.first(pitch) if reading.draft.first_contact else None)


class Secret(Model):
    """Words that are not to be public before a moment."""

    words: Keywords
    until: Moment


class EmbargoDetector(Model):
    """Something that is not to be spoken of before a moment; a plain date means its beginning, in UTC."""

    embargo: Secret

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        secret = plan.words(self.embargo.words, strict=strict)
        until = moment_of(self.embargo.until)

        def find(reading: Reading) -> Span | None:
            now = reading.draft.now
            return reading.first(secret) if now is None or now < until else None

        return Probe(frozenset([secret]), find)
