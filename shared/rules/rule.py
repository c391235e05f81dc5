"""A rule as its author writes it, and where it stands in a policy."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationError

from shared.rules.detectors import Detector, Model
from shared.rules.detectors.model import Language
from shared.rules.detectors.moments import Moment, moment_of
from shared.rules.draft import Draft, Kind, Media
from shared.rules.source import Data, Fault, InvalidRule, Path, parse, pointer

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
ExampleText = Annotated[str, Field(min_length=1, max_length=10_000)]


def _list_of_one(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=200), BeforeValidator(_list_of_one)]


class Severity(StrEnum):
    """What happens to a text that a rule matches: the author is advised, it waits for approval, or it must not go."""

    ADVISE = "advise"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """How serious, for comparing: 0 advise, 1 hold, 2 block."""
        return list(Severity).index(self)


class Evasion(StrEnum):
    """How hard to look for words that somebody tries to hide."""

    NORMAL = "normal"
    STRICT = "strict"


class Mode(StrEnum):
    """Whether a rule does something, or is on trial: then what it would find is counted, and nobody hears of it."""

    LIVE = "live"
    SHADOW = "shadow"


class AppliesTo(Model):
    """Which texts a rule is about. What is not known of a text does not exempt it."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] | None = None
    networks: Names | None = None
    departments: Names | None = None
    without_certification: Names | None = None

    def covers(self, draft: Draft) -> bool:
        """Tell whether the rule is to be asked about this draft."""
        if self.kinds is not None and draft.kind not in self.kinds:
            return False
        if self.without_certification is not None and not draft.certifications.isdisjoint(self.without_certification):
            return False
        if self.departments is not None and draft.staff is False:
            return False
        return _among(draft.network, self.networks) and _among(draft.department, self.departments)


def _among(name: str | None, names: tuple[str, ...] | None) -> bool:
    return names is None or not name or name.casefold() in {one.casefold() for one in names}


class ExampleMedia(Model):
    """A picture, film or sound beside an example."""

    kind: Literal["image", "video", "audio"] = "image"
    alt_text: bool = False
    captions: bool = False


class ExampleDraft(Model):
    """A text with what else matters of it; what is left out is as the rule needs it to apply."""

    text: ExampleText
    kind: Kind | None = None
    network: Name | None = None
    department: Name | None = None
    certifications: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    staff: bool = True
    language: Language | None = None
    links: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    first_contact: bool = True
    media: Annotated[tuple[ExampleMedia, ...], Field(max_length=20)] = ()
    now: Moment | None = None

    def as_draft(self, kind: Kind) -> Draft:
        """The draft that the rule is tried on."""
        return Draft(
            self.text,
            network=self.network or "",
            kind=self.kind or kind,
            staff=self.staff,
            department=self.department,
            certifications=frozenset(self.certifications),
            language=self.language,
            links=self.links,
            first_contact=self.first_contact,
            media=tuple(Media(one.kind, one.alt_text, one.captions) for one in self.media),
            now=moment_of(self.now) if self.now else None,
        )


def _form(value: object) -> str:
    return "text" if isinstance(value, str) else "draft"


Example = Annotated[
    Annotated[ExampleText, Tag("text")] | Annotated[ExampleDraft, Tag("draft")],
    Discriminator(_form),
]


class Examples(Model):
    """Texts that the rule must match and texts that it must let pass, plain or with what else matters of them."""

    match: Annotated[tuple[Example, ...], Field(max_length=100)] = ()
    pass_: Annotated[tuple[Example, ...], Field(alias="pass", max_length=100)] = ()


class Rule(Model):
    """One rule block of a policy's source; `disturbing` says that what it finds is hard to read."""

    id: Slug
    detect: Detector
    severity: Severity
    message: Text
    suggestion: Text | None = None
    applies_to: AppliesTo = AppliesTo()
    examples: Examples = Examples()
    evasion: Evasion = Evasion.NORMAL
    mode: Mode = Mode.LIVE
    disturbing: bool = False

    @staticmethod
    def from_yaml(text: str) -> "Rule":
        """Read a rule block; raises InvalidRule with every fault and its place."""
        return _read(text)


@lru_cache(maxsize=10_000)
def _read(text: str) -> Rule:
    """Rules do not change, so when a policy comes into force only the blocks that are new are read."""
    data, lines = parse(text)
    if not isinstance(data, dict):
        raise InvalidRule(Fault("A rule block is a mapping that begins with `id:`."))
    try:
        return Rule.model_validate(data)
    except ValidationError as error:
        raise InvalidRule(*(_fault(one["loc"], one["msg"], data, lines) for one in error.errors())) from None


def _fault(loc: Path, message: str, data: Data, lines: dict[Path, int]) -> Fault:
    """Place a complaint of Pydantic's, whose location also names the kinds of detectors it passed through."""
    path: Path = ()
    here: Any = data
    for number, step in enumerate(loc):
        inside = (isinstance(here, dict) and step in here) or (isinstance(here, list) and isinstance(step, int))
        if inside:
            path, here = (*path, step), here[step]
        elif number == len(loc) - 1 and isinstance(here, dict) and message == "Field required":
            return Fault(f"`{step}` is missing", pointer((*path, step)), lines.get(path))
    said = "There is no such field here" if message == "Extra inputs are not permitted" else message
    return Fault(said.removesuffix("."), pointer(path), lines.get(path))


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule and the section of the policy version in which it stands."""

    rule: Rule
    policy: str
    version: int
    section: str

    @property
    def on_trial(self) -> bool:
        """Tell whether what it finds is only counted."""
        return self.rule.mode is Mode.SHADOW
