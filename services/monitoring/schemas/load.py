"""How the load is shared."""

from shared.schemas import Resource


class ShareOut(Resource):
    """What one person carried in the last seven days; `share` is their part of all that was handled."""

    employee_number: str
    open: int
    handled: int
    online_hours: float
    share: float


class WaitsOut(Resource):
    """Seconds from opening to the first assignment, over the last seven days."""

    p50: float | None
    p95: float | None


class DependencyOut(Resource):
    """A language or topic that only one certified person covers."""

    skill: str
    employee_number: str


class LoadOut(Resource):
    """How the load is shared: Jain's index (1 is even) and Gini (0 is even) over what was handled per online hour."""

    people: list[ShareOut]
    jain: float | None
    gini: float | None
    waits: WaitsOut
    queue: int
    single_person: list[DependencyOut]
