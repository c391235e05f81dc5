"""How the load is shared."""

from shared.schemas import Resource


class ShareOut(Resource):
    """What one person was given in these days; `share` is their part of all that was handled."""

    employee_number: str
    department: str
    open: int
    handled: int
    online_hours: float
    share: float


class DepartmentShareOut(Resource):
    """What a department was given; those with few people are one, named `other`.

    `works_council` says that it is people in works-council mode, who are counted apart from others. Jain and Gini are
    over what each of them handled per online hour.
    """

    department: str
    works_council: bool
    people: int
    open: int
    handled: int
    share: float
    jain: float | None
    gini: float | None


class WaitsOut(Resource):
    """Seconds that half and most of the customers waited at most."""

    p50: float | None
    p95: float | None


class PoolOut(Resource):
    """One language and topic: who writes, and how those who can take it share it.

    `people` are certified for some conversations, speak the language and take the topic. What they did (`handled`,
    `first_answers`, `promises_kept`, Jain and Gini over all that each handles per online hour) is null where they are few.
    """

    language: str | None
    topic: str | None
    people: int
    conversations: int
    queue: int
    waits: WaitsOut
    handled: int | None
    share: float | None
    first_answers: WaitsOut | None
    promises_kept: float | None
    jain: float | None
    gini: float | None


class DependencyOut(Resource):
    """A language or topic that only one certified person covers; who it is stays unsaid in works-council mode."""

    skill: str
    employee_number: str | None


class LoadOut(Resource):
    """How the load is shared: Jain's index (1 is even) and Gini (0 is even) over what was handled per online hour.

    `waits` run from opening to the first assignment, `first_answers` from opening to the first answer; `promises_kept`
    is the share of promised answers that came in time; `handed_off` and `returned_for_silence` count assignments.
    """

    days: int
    people: list[ShareOut]
    departments: list[DepartmentShareOut]
    pools: list[PoolOut]
    handled: int
    jain: float | None
    gini: float | None
    waits: WaitsOut
    first_answers: WaitsOut
    promises_kept: float | None
    handed_off: int
    returned_for_silence: int
    queue: int
    single_person: list[DependencyOut]
