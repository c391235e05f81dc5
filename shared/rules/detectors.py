"""The detectors: what a rule can look for.

To add one: write a class whose fields are what the author writes, give it `compile`, and name it in `Detector` and
`_CLASSES` below. `compile` registers keywords with the plan and returns a `Probe`: the signs without which the
detector cannot find anything, and a function that says where in a reading it found something. Examples, spans,
`all`/`any`/`not` and error messages follow of themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.rules.draft import Span
from shared.rules.folding import fold
from shared.rules.links import host_of
from shared.rules.literals import required
from shared.rules.patterns import MAX_LENGTH, InvalidPattern, Pattern
from shared.rules.plan import WHOLE, Plan, Probe
from shared.rules.reading import Reading, by_place

MAX_DEPTH = 6


def _visible(keyword: str) -> str:
    if not fold(keyword):
        raise PydanticCustomError("invisible", "A word needs at least one visible character.")
    return keyword


Keyword = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
Keywords = Annotated[tuple[Keyword, ...], Field(min_length=1, max_length=2000)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Model(BaseModel):
    """What all parts of a rule have in common: unchangeable, and no field that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


class WordsDetector(Model):
    """Whole words or phrases, however they are cased; anywhere in a word with `substring`.

    Lists under `languages` count for texts in that language, and for texts whose language is not known.
    """

    words: Annotated[tuple[Keyword, ...], Field(max_length=2000)] = ()
    substring: bool = False
    languages: Annotated[dict[Language, Keywords], Field(max_length=50)] = {}

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
            return _earliest([reading.first(sign) for sign in (in_any, *signs)])

        if not by_language:
            return Probe(frozenset([in_any]), lambda reading: reading.first(in_any))
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


def _domain(value: str) -> str:
    host = host_of(value)
    plain = value.strip(". ").casefold()
    if host is None or "." not in host or any(sign in plain for sign in "/:@*?# "):
        raise PydanticCustomError("domain", "Give a plain domain such as example.org; its subdomains are included.")
    return value


class Domains(Model):
    """Domains, each with its subdomains; `never` finds links to them, `only` finds links to any other."""

    domains: Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], Field(min_length=1, max_length=2000)]
    mode: Literal["only", "never"] = "never"


class LinksDetector(Model):
    """Links by where they lead, in the text or attached to it."""

    links: Domains

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - hosts are compared in one form anyway
        """See `Probe`."""
        domains = frozenset(map(host_of, self.links.domains))
        only = self.links.mode == "only"

        def matches(host: str, *, sure: bool) -> bool:
            labels = host.split(".")
            listed = any(".".join(labels[at:]) in domains for at in range(len(labels)))
            return sure and not listed if only else listed

        def find(reading: Reading) -> Span | None:
            return _earliest([span for span, host, sure in reading.links if matches(host, sure=sure)])

        return Probe(frozenset([plan.any_link()]), find)


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
            return _earliest(spans)

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
        return Probe(signs, lambda reading: _earliest([part.find(reading) for part in parts]))


class NotDetector(Model):
    """Matches, as a whole, a text in which its part finds nothing."""

    not_: "Annotated[Detector, Field(alias='not')]"

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - what excuses a text must be in plain sight
        """See `Probe`."""
        part = self.not_.compile(plan, strict=False)
        return Probe(None, lambda reading: WHOLE if part.find(reading) is None else None)


def _earliest(spans: Sequence[Span | None]) -> Span | None:
    return min((span for span in spans if span is not None), key=by_place, default=None)


_NAMES = ("words", "pattern", "disclosure", "links", "all", "any", "not")
_LATER = ("pii", "embargo", "quiet_period", "missing", "first_contact_pitch", "language")


def _known(value: object) -> object:
    """Say in plain words what is wrong with the choice of a detector before Pydantic says it in its own."""
    if isinstance(value, BaseModel):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("detector", "A detector is a mapping such as `words: [...]`.")
    names = [name for name in _NAMES if name in value]
    if len(names) > 1:
        found = " and ".join(names)
        raise PydanticCustomError(
            "detector", "{found} stand side by side: join them with all or any.", {"found": found}
        )
    if _depth(value) > MAX_DEPTH:
        raise PydanticCustomError("detector", "all, any and not are nested too deeply.")
    if not names and "languages" not in value:
        later = next((name for name in _LATER if name in value), None)
        reason = f"The detector `{later}` is not supported yet" if later else "There is no such detector"
        there = ", ".join(_NAMES)
        raise PydanticCustomError("detector", "{reason}; there are {there}.", {"reason": reason, "there": there})
    return value


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(value.get(name)) for name in ("all", "any", "not")), default=0)
    return max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        return next((name for name in _NAMES if name in value), "words")
    return next(iter(type(value).model_fields)).rstrip("_") if isinstance(value, BaseModel) else "words"


Detector = Annotated[
    Annotated[WordsDetector, Tag("words")]
    | Annotated[PatternDetector, Tag("pattern")]
    | Annotated[DisclosureDetector, Tag("disclosure")]
    | Annotated[LinksDetector, Tag("links")]
    | Annotated[AllDetector, Tag("all")]
    | Annotated[AnyDetector, Tag("any")]
    | Annotated[NotDetector, Tag("not")],
    Discriminator(_name),
    BeforeValidator(_known),
]
for _model in (AllDetector, AnyDetector, NotDetector):
    _model.model_rebuild()
