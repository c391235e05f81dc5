"""Bodies of item analysis: how well questions tell apart who knows and who does not."""

from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Resource

Weakness = Literal[
    "too_easy", "too_hard", "negative_discrimination", "weak_discrimination", "unused_options", "misleading_option"
]


class OptionCount(Resource):
    """How many chose an option."""

    text: str
    correct: bool
    chosen: int


class Flag(Resource):
    """What may be wrong with a question, and by which figures."""

    flag: Weakness
    why: Annotated[str, Field(examples=["98 % of the points were earned in 140 sittings."])]


class ItemAnalysisOut(Resource):
    """One version of a question in people's first sittings; no figure where fewer than the minimum of people answered.

    `module` is the quiz that a question belongs to, none for one of the bank; `version` is then that of the course.
    `facility` is the share of its points that was earned, `discrimination` how that goes with the rest of the sitting
    (from -1 to 1), each over its number of sittings. `unanswered` and `options` are counts of the same sittings.
    """

    question: str
    version: int
    module: str | None
    kind: str
    text: str
    enough: Annotated[bool, Field(description="Whether enough people answered for any figure to be shown.")]
    facility: Annotated[float | None, Field(examples=[0.74])]
    facility_sittings: int | None
    discrimination: Annotated[float | None, Field(examples=[0.31])]
    discrimination_sittings: int | None
    unanswered: int | None
    options: list[OptionCount]
    flags: list[Flag]
