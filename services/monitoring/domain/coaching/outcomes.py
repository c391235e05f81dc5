"""How coaching comes out: how much of it praises, which sections cause findings, what rules on trial would find."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import col

from services.monitoring.domain import rules
from services.monitoring.domain.figures.summary import OTHER, departments_shown
from services.monitoring.schemas.guidance import (
    GuidanceFigureOut,
    GuidanceFiguresOut,
    SectionFindingsOut,
    SectionsFindingsOut,
    ShadowRuleOut,
    ShadowRulesOut,
)
from services.monitoring.tables import Finding, Guidance, PolicyInForce, PolicyRule, ShadowMatch
from shared.context import Principal
from shared.db import Session
from shared.rules import Mode

COLUMNS = ("given", "praise", "read", "acknowledged", "appealed")
By = Literal["department", "all"]


def figures(
    session: Session, by: By, since: datetime | None, until: datetime | None, caller: Principal
) -> GuidanceFiguresOut:
    """Count guidance by the department that its person was in; departments of few people are merged.

    Where the departments that the caller may see have too few people, nothing is shown.
    """
    groups = departments_shown(session, caller)
    if not groups.groups:
        return GuidanceFiguresOut(items=[], by=by)
    counted = counts(session, since, until, groups.groups)
    if by == "all":
        total = [sum(column) for column in zip(*counted.values(), strict=True)] or [0] * len(COLUMNS)
        return GuidanceFiguresOut(items=[figure(None, total)], by=by)
    merged = [counted[name] for name in sorted(groups.together) if name in counted]
    shown = [figure(name, each) for name, each in sorted(counted.items()) if name in groups.alone]
    if merged:
        together = [sum(column) for column in zip(*merged, strict=True)]
        shown.append(figure(OTHER, together, merged=len(groups.together)))
    return GuidanceFiguresOut(items=shown, by=by)


def counts(
    session: Session, since: datetime | None, until: datetime | None, departments: Collection[str]
) -> dict[str, Sequence[int]]:
    """Count guidance to people by their department, of some departments."""
    columns = (
        func.count(),
        func.sum(case((col(Guidance.kind) == "praise", 1), else_=0)),
        func.sum(case((col(Guidance.read_at).is_not(None), 1), else_=0)),
        func.sum(case((col(Guidance.state) == "acknowledged", 1), else_=0)),
        func.sum(case((col(Guidance.state) == "appealed", 1), else_=0)),
    )
    statement = select(col(Guidance.department), *columns).where(
        col(Guidance.department).in_(departments), *between(col(Guidance.given_at), since, until)
    )
    return {row[0]: [int(each) for each in row[1:]] for row in session.execute(statement.group_by(Guidance.department))}


def between(column: Any, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the condition that a time lies in a period, its end not included."""
    return [*([column >= since] if since is not None else []), *([column < until] if until is not None else [])]


def figure(key: str | None, counted: Sequence[int], *, merged: int | None = None) -> GuidanceFigureOut:
    """Show the figures of a group."""
    named = dict(zip(COLUMNS, counted, strict=True))
    share = round(named["praise"] / named["given"], 4) if named["given"] else None
    return GuidanceFigureOut(key=key, positive_share=share, merged=merged, **named)


def by_section(
    session: Session, policy: str | None, since: datetime | None, until: datetime | None, caller: Principal
) -> SectionsFindingsOut:
    """Count findings by section and what came of them: it is the section, not the people, that is looked at."""
    statement = select(col(Finding.policy), col(Finding.section), col(Finding.state), col(Finding.mended), func.count())
    statement = statement.where(*between(col(Finding.opened_at), since, until))
    if policy is not None:
        statement = statement.where(col(Finding.policy) == policy)
    if caller.departments is not None:
        statement = statement.where(col(Finding.department).in_(departments_shown(session, caller).groups))
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for key, section, state, mended, many in session.execute(
        statement.group_by(*map(col, (Finding.policy, Finding.section, Finding.state, Finding.mended)))
    ):
        found[key, section]["mended" if mended else state] += many
    appeals = appeals_of(session, since, until, caller)
    headings = {row.policy: row.headings for row in session.execute(select(PolicyInForce)).scalars()}
    shown = [
        section_figure(key, section, headings.get(key, {}).get(section), states, appeals[key, section])
        for (key, section), states in found.items()
    ]
    return SectionsFindingsOut(items=sorted(shown, key=lambda one: (-one.findings, one.policy, one.section)))


def appeals_of(
    session: Session, since: datetime | None, until: datetime | None, caller: Principal
) -> Counter[tuple[str, str]]:
    """Count the findings of which guidance was appealed, by section."""
    appealed = select(col(Guidance.finding)).where(col(Guidance.state) == "appealed")
    statement = select(col(Finding.policy), col(Finding.section), func.count()).where(
        col(Finding.id).in_(appealed), *between(col(Finding.opened_at), since, until)
    )
    if caller.departments is not None:
        statement = statement.where(col(Finding.department).in_(departments_shown(session, caller).groups))
    rows = session.execute(statement.group_by(Finding.policy, Finding.section))
    return Counter({(policy, section): many for policy, section, many in rows})


def section_figure(
    policy: str, section: str, heading: str | None, states: Counter[str], appealed: int
) -> SectionFindingsOut:
    """Show what a section caused; a dismissed finding that was appealed counts as unclear once."""
    waiting = states["open"] + states["claimed"] + states["appealed"]
    guided = states["guided"] + states["closed"]
    decided = guided + states["dismissed"] + states["appealed"]
    unclear = min(states["dismissed"] + appealed, decided)
    return SectionFindingsOut(
        policy=policy,
        section=section,
        heading=heading,
        findings=states.total(),
        waiting=waiting,
        guided=guided,
        dismissed=states["dismissed"],
        mended=states["mended"],
        appealed=appealed,
        unclear_share=round(unclear / decided, 4) if decided else None,
    )


def on_trial(session: Session, policy: str | None) -> ShadowRulesOut:
    """Count what rules on trial would have found, those of now and those that were on trial once."""
    statement = select(
        col(ShadowMatch.policy),
        col(ShadowMatch.rule),
        func.max(ShadowMatch.version),
        func.max(ShadowMatch.section),
        func.count(),
        func.min(ShadowMatch.at),
        func.max(ShadowMatch.at),
    ).group_by(ShadowMatch.policy, ShadowMatch.rule)
    written = select(PolicyRule)
    if policy is not None:
        statement = statement.where(col(ShadowMatch.policy) == policy)
        written = written.where(col(PolicyRule.policy) == policy)
    names = tuple(ShadowRuleOut.model_fields)
    shown = {
        (row[0], row[1]): ShadowRuleOut(**dict(zip(names, row, strict=True))) for row in session.execute(statement)
    }
    for rule in session.execute(written).scalars():
        if (rule.policy, rule.rule) not in shown and rules.read_rule(rule.yaml).mode is Mode.SHADOW:
            shown[rule.policy, rule.rule] = ShadowRuleOut(
                **rule.model_dump(exclude={"yaml"}), posts=0, first_at=None, last_at=None
            )
    return ShadowRulesOut(items=sorted(shown.values(), key=lambda one: (-one.posts, one.policy, one.rule)))
