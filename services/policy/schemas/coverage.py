"""Answers on how far the task team reaches."""

from typing import Annotated

from pydantic import Field

from services.policy.schemas.task_team import SeatOut
from shared.schemas import Resource

Figure = Annotated[int | None, Field(description="null: some, but fewer than a group must have to be counted.")]


class Gap(Resource):
    """Where nobody stands; a null dimension means: all of it.

    `people`, `accounts` and `conversations` are those in it whom no seat reaches at all: people in none of their
    languages, accounts not on their network either, conversations (of the last 90 days) not by network and language.
    """

    departments: list[str] | None
    regions: list[str] | None
    networks: list[str] | None
    languages: list[str] | None
    combinations: int
    people: Figure
    accounts: Figure
    conversations: int


class Dependency(Resource):
    """A member without whom nobody would reach all this."""

    employee_number: str
    seats: list[str]
    combinations: int
    people: Figure
    accounts: Figure
    conversations: int


class DimensionsOut(Resource):
    """What the team has to cover: all that people, accounts, conversations and seats name.

    Languages count by their first part: `pt` is also `pt-BR`.
    """

    departments: list[str]
    regions: list[str]
    networks: list[str]
    languages: list[str]


class CoverageOut(Resource):
    """How far the filled seats reach: combinations covered out of all, and the gaps, merged where they can be.

    The gaps that leave the most conversations, accounts and people without anybody come first; at most 200 are shown,
    `gaps_total` says how many there are. `vacant` seats have nobody, `lapsing` ones soon may.
    """

    dimensions: DimensionsOut
    covered: int
    combinations: int
    gaps: list[Gap]
    gaps_total: int
    dependencies: list[Dependency]
    vacant: list[SeatOut]
    lapsing: list[SeatOut]
