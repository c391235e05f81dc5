"""What all detectors are made of."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.rules.draft import Span
from shared.rules.folding import fold
from shared.rules.reading import by_place


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


def earliest(spans: Sequence[Span | None]) -> Span | None:
    """The first of the places at which something was found; a place in the text goes before the text as a whole."""
    return min((span for span in spans if span is not None), key=by_place, default=None)
