"""Counts by hour, network, department, kind, section and rule, kept as posts come in and never found by scanning."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, select
from sqlmodel import col, func

from services.monitoring.schemas.summary import By, CountOut, SummaryOut
from services.monitoring.settings import terms
from services.monitoring.tables import Person, Tally
from shared.context import Principal
from shared.db import Session, insert
from shared.small_groups import Shown, shown

MOST = 1000
OTHER = "other"
Key = tuple[datetime, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post counts."""

    posted_at: datetime
    network: str
    department: str | None
    kind: str

    def key(self, policy: str = "", section: str = "", rule: str = "") -> Key:
        """Return the tally's key; without section and rule it counts all posts, without rule those of a section."""
        hour = self.posted_at.replace(minute=0, second=0, microsecond=0)
        return (hour, self.network, self.department or "", self.kind, policy, section, rule)


class Counts:
    """What one unit of work adds to the tallies."""

    def __init__(self) -> None:
        self._added: dict[Key, list[int]] = {}

    def add(self, key: Key, *, posts: int = 0, findings: int = 0) -> None:
        """Add to one tally."""
        tally = self._added.setdefault(key, [0, 0])
        tally[0] += posts
        tally[1] += findings

    def keep(self, session: Session) -> None:
        """Add it all, in the order of the keys, so that two units never wait for each other."""
        if not self._added:
            return
        names = ("hour", "network", "department", "kind", "policy", "section", "rule")
        rows = [
            {**dict(zip(names, key, strict=True)), "posts": self._added[key][0], "findings": self._added[key][1]}
            for key in sorted(self._added)
        ]
        statement = insert(session, Tally.__table__)  # type: ignore[attr-defined]
        added = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=names,
                set_={"posts": Tally.posts + added.posts, "findings": Tally.findings + added.findings},
            ),
            rows,
        )


def count(session: Session, by: By, since: datetime | None, until: datetime | None, caller: Principal) -> SummaryOut:
    """Count posts and findings by group, between two instants (whole hours, the end not included).

    A key that is limited to departments gets counts of those that are shown to it, whatever it asks by: by section as
    well, what a few people posted would be theirs.
    """
    groups = departments_shown(session, caller) if by == "department" or caller.departments is not None else None
    where = between(since, until)
    if groups is not None and caller.departments is not None:
        where.append(col(Tally.department).in_(groups.groups))
    if by == "rule":
        return SummaryOut(items=by_rule(session, where), by=by)
    if by == "section":
        return SummaryOut(items=by_section(session, where), by=by)
    items = by_column(session, by, where)
    if by == "department" and groups is not None:
        items = merge_small(items, groups)
    if by == "hour":
        return SummaryOut(items=sorted(items, key=lambda item: item.key or "")[-MOST:], by=by)
    return SummaryOut(items=sorted(items, key=most_first)[:MOST], by=by)


def between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the condition that a count is of a period of whole hours."""
    where: list[ColumnElement[bool]] = []
    if since is not None:
        where.append(col(Tally.hour) >= since.replace(minute=0, second=0, microsecond=0))
    if until is not None:
        where.append(col(Tally.hour) < until)
    return where


def most_first(item: CountOut) -> tuple[int, int, str]:
    """Sort groups by what was found in them."""
    return (-item.findings, -item.posts, item.key or "")


def by_column(session: Session, by: By, where: list[ColumnElement[bool]]) -> list[CountOut]:
    """Count by one column of the tallies."""
    column = col(getattr(Tally, by))
    posts = func.sum(case((col(Tally.section) == "", col(Tally.posts)), else_=0))
    statement = select(column, posts, func.sum(col(Tally.findings))).where(*where).group_by(column)
    return [CountOut(key=text_of(key), posts=seen, findings=found) for key, seen, found in session.execute(statement)]


def by_section(session: Session, where: list[ColumnElement[bool]]) -> list[CountOut]:
    """Count by section: the posts that broke a rule of it, and how often."""
    posts = func.sum(case((col(Tally.rule) == "", col(Tally.posts)), else_=0))
    statement = (
        select(col(Tally.policy), col(Tally.section), posts, func.sum(col(Tally.findings)))
        .where(*where, col(Tally.section) != "")
        .group_by(col(Tally.policy), col(Tally.section))
    )
    counted = [
        CountOut(key=section, policy=policy, section=section, posts=seen, findings=found)
        for policy, section, seen, found in session.execute(statement)
    ]
    return sorted(counted, key=most_first)[:MOST]


def by_rule(session: Session, where: list[ColumnElement[bool]]) -> list[CountOut]:
    """Count by rule; one that moved to another section is counted in both places."""
    statement = (
        select(
            col(Tally.policy),
            col(Tally.section),
            col(Tally.rule),
            func.sum(col(Tally.posts)),
            func.sum(col(Tally.findings)),
        )
        .where(*where, col(Tally.rule) != "")
        .group_by(col(Tally.policy), col(Tally.section), col(Tally.rule))
    )
    counted = [
        CountOut(key=rule, policy=policy, section=section, posts=seen, findings=found)
        for policy, section, rule, seen, found in session.execute(statement)
    ]
    return sorted(counted, key=most_first)[:MOST]


def text_of(key: datetime | str) -> str | None:
    """Return a group's key as text; no department is None."""
    return key.isoformat().replace("+00:00", "Z") if isinstance(key, datetime) else key or None


def departments_shown(session: Session, caller: Principal) -> Shown:
    """Return of which departments a caller gets figures, by the people who are in them now.

    One that something was counted for and that nobody is in any more is the smallest of all.
    """
    counted = select(col(Tally.department)).where(col(Tally.department) != "").distinct()
    active = select(col(Person.department), func.count()).where(col(Person.active)).group_by(col(Person.department))
    sizes = dict.fromkeys(session.execute(counted).scalars(), 0)
    sizes.update((department, people) for department, people in session.execute(active))
    return shown(sizes, terms().min_group_size, caller.departments)


def merge_small(items: list[CountOut], groups: Shown) -> list[CountOut]:
    """Show departments by themselves as far as they are large enough, and the small ones as one."""
    kept = [item for item in items if item.key is None or item.key in groups.alone]
    merged = [item for item in items if item.key in groups.together]
    if merged:
        posts, findings = sum(item.posts for item in merged), sum(item.findings for item in merged)
        kept.append(CountOut(key=OTHER, posts=posts, findings=findings, merged=len(merged)))
    return kept
