"""When a module may be begun: pure functions over what is done, no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.training.schemas.courses import AnyModule
from services.training.schemas.enrolments import Lock
from services.training.schemas.modules import PolicyReading


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands in a course: since when, what is done and when, which courses are still missing."""

    since: datetime
    now: datetime
    done: Mapping[str, datetime] = field(default_factory=dict)
    missing_courses: Sequence[str] = ()
    policies: frozenset[str] = frozenset()
    """Those that have a version in force."""


def locks(modules: Sequence[AnyModule], standing: Standing) -> dict[str, list[Lock]]:
    """Return for each module why it cannot be begun yet; what was done once stays open."""
    before: AnyModule | None = None
    found: dict[str, list[Lock]] = {}
    for module in modules:
        found[module.key] = [] if module.key in standing.done else list(reasons(module, before, standing))
        before = module
    return found


def reasons(module: AnyModule, before: AnyModule | None, standing: Standing) -> Iterator[Lock]:
    """Yield why a module cannot be begun yet."""
    for course in standing.missing_courses:
        yield Lock(reason="course", detail=f"The course {course} comes first.", course=course)
    after = [key for key in module.requires if key not in standing.done]
    days = module.opens.after_previous_days if module.opens else None
    if days is not None and before is not None and before.key not in standing.done and before.key not in after:
        after.append(before.key)
    for key in after:
        yield Lock(reason="module", detail=f"The module {key} comes first.", module=key)
    for at in times(module, before, standing):
        if at > standing.now:
            yield Lock(reason="date", detail=f"It opens at {at.isoformat()}.", opens_at=at)
    if isinstance(module, PolicyReading) and module.policy not in standing.policies:
        yield Lock(reason="policy", detail=f"The policy {module.policy} has no version in force.")


def times(module: AnyModule, before: AnyModule | None, standing: Standing) -> Iterator[datetime]:
    """Yield the times before which a module does not open, as far as they are known."""
    if module.opens is None:
        return
    if module.opens.at is not None:
        yield module.opens.at
    if module.opens.after_days is not None:
        yield standing.since + timedelta(days=module.opens.after_days)
    if module.opens.after_previous_days and before is not None and before.key in standing.done:
        yield standing.done[before.key] + timedelta(days=module.opens.after_previous_days)


def opens_at(found: Sequence[Lock]) -> datetime | None:
    """Return when a module opens by itself; None where something else has to come first."""
    moments = [lock.opens_at for lock in found if lock.opens_at is not None]
    return max(moments) if moments and len(moments) == len(found) else None
