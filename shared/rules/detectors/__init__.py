"""The detectors: what a rule can look for.

To add one: write a class whose fields are what the author writes, give it `compile`, and name it in `Detector` and
`_CLASSES` below. `compile` registers keywords with the plan and returns a `Probe`: the signs without which the
detector cannot find anything, and a function that says where in a reading it found something. Examples, spans,
`all`/`any`/`not` and error messages follow of themselves.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from shared.rules.detectors.combined import AllDetector, AnyDetector, NotDetector
from shared.rules.detectors.links import LinksDetector
from shared.rules.detectors.model import Model
from shared.rules.detectors.moments import QuietPeriodDetector
from shared.rules.detectors.personal import PersonalDetector
from shared.rules.detectors.surroundings import LanguageDetector, MissingDetector
from shared.rules.detectors.words import (
    DisclosureDetector,
    EmbargoDetector,
    FirstContactPitchDetector,
    PatternDetector,
    WordsDetector,
)

__all__ = [
    "AllDetector",
    "AnyDetector",
    "Detector",
    "DisclosureDetector",
    "EmbargoDetector",
    "FirstContactPitchDetector",
    "LanguageDetector",
    "LinksDetector",
    "MissingDetector",
    "Model",
    "NotDetector",
    "PatternDetector",
    "PersonalDetector",
    "QuietPeriodDetector",
    "WordsDetector",
]

MAX_DEPTH = 6
_CLASSES: dict[str, type[Model]] = {
    "words": WordsDetector,
    "pattern": PatternDetector,
    "disclosure": DisclosureDetector,
    "links": LinksDetector,
    "pii": PersonalDetector,
    "embargo": EmbargoDetector,
    "quiet_period": QuietPeriodDetector,
    "missing": MissingDetector,
    "first_contact_pitch": FirstContactPitchDetector,
    "language": LanguageDetector,
    "all": AllDetector,
    "any": AnyDetector,
    "not": NotDetector,
}
_NAMES = {made: name for name, made in _CLASSES.items()}


def _known(value: object) -> object:
    """Say in plain words what is wrong with the choice of a detector before Pydantic says it in its own."""
    if isinstance(value, BaseModel):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("detector", "A detector is a mapping such as `words: [...]`.")
    names = [name for name in _CLASSES if name in value]
    if len(names) > 1:
        found = " and ".join(names)
        raise PydanticCustomError(
            "detector", "{found} stand side by side: join them with all or any.", {"found": found}
        )
    if _depth(value) > MAX_DEPTH:
        raise PydanticCustomError("detector", "all, any and not are nested too deeply.")
    if not names and "languages" not in value:
        there = ", ".join(_CLASSES)
        raise PydanticCustomError("detector", "There is no such detector; there are {there}.", {"there": there})
    return value


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(value.get(name)) for name in ("all", "any", "not")), default=0)
    return max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def _tag(value: object) -> str:
    """Choose the class. Its tag is part of a fault's location, so it must not look like a key of the rule."""
    if isinstance(value, Mapping):
        name = next((name for name in _CLASSES if name in value), "words")
    else:
        name = _NAMES[type(value)] if isinstance(value, Model) else "words"
    return f"{name} detector"


Detector = Annotated[
    Annotated[WordsDetector, Tag("words detector")]
    | Annotated[PatternDetector, Tag("pattern detector")]
    | Annotated[DisclosureDetector, Tag("disclosure detector")]
    | Annotated[LinksDetector, Tag("links detector")]
    | Annotated[PersonalDetector, Tag("pii detector")]
    | Annotated[EmbargoDetector, Tag("embargo detector")]
    | Annotated[QuietPeriodDetector, Tag("quiet_period detector")]
    | Annotated[MissingDetector, Tag("missing detector")]
    | Annotated[FirstContactPitchDetector, Tag("first_contact_pitch detector")]
    | Annotated[LanguageDetector, Tag("language detector")]
    | Annotated[AllDetector, Tag("all detector")]
    | Annotated[AnyDetector, Tag("any detector")]
    | Annotated[NotDetector, Tag("not detector")],
    Discriminator(_tag),
    BeforeValidator(_known),
]
for _model in (AllDetector, AnyDetector, NotDetector):
    _model.model_rebuild()
