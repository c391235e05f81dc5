"""Findings: rules in force that matched a post, and what coaches make of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.people import Actor
from services.monitoring.schemas.findings import ClaimIn, DismissalIn, FindingOut, FindingState, ReleaseIn
from services.monitoring.settings import terms
from services.monitoring.tables import Finding, Guidance
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import FindingClaimedV1, FindingClosedV1, FindingReleasedV1, FindingTold
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Forbidden, NotFound
from shared.set_aside import at_hand, do_each

OPEN = ("open", "appealed")
WAITING = (*OPEN, "claimed")
SWEEP = "stale findings"
AT_ONCE = 500


class OwnFinding(Forbidden):
    """Nobody handles a finding about themselves."""


class ManagersFinding(Forbidden):
    """Nobody handles a finding about their manager."""


class NotOpen(Conflict):
    """The finding is not waiting for anyone."""


class NotInHand(Conflict):
    """The finding is not in the hands of whoever gives it back."""


class ClaimedByAnother(Conflict):
    """Another coach has taken the finding on."""


def told(finding: Finding) -> dict[str, Any]:
    """Return what every event about a finding carries."""
    return {name: getattr(finding, name) for name in FindingTold.model_fields}


def claim(session: Session, finding_id: str, body: ClaimIn, caller: Principal, stated: int | None) -> FindingOut:
    """A coach takes a finding on; claiming one's own claim again changes nothing."""
    finding, actor = with_coach(session, finding_id, caller, body.employee_number, stated)
    if not (finding.state == "claimed" and finding.coach == actor.id):
        take(session, finding, actor)
    return shown(session, [finding])[0]


def take(session: Session, finding: Finding, actor: Actor) -> None:
    """Put a finding into a coach's hands; raises NotOpen or ClaimedByAnother, also for an appeal against oneself."""
    if finding.state == "claimed":
        raise ClaimedByAnother("Another coach has taken this finding on.")
    if finding.state not in OPEN:
        raise NotOpen(f"The finding is {finding.state}.")
    if finding.state == "appealed" and actor.id in appealed_coaches(session, finding):
        raise ClaimedByAnother("An appeal is for another coach than the one whose guidance it is about.")
    finding.state, finding.coach, finding.claimed_at = "claimed", actor.id, session.now
    changed(session, finding)
    tell(session, FindingClaimedV1(**told(finding)))
    record(session, "finding.claim", f"finding/{finding.id}", person=finding.person)


def appealed_coaches(session: Session, finding: Finding) -> set[str]:
    """Return the coaches whose guidance about a finding was appealed."""
    appealed = select(Guidance.coach).where(col(Guidance.finding) == finding.id, col(Guidance.state) == "appealed")
    return set(session.execute(appealed).scalars())


def release(session: Session, finding_id: str, body: ReleaseIn, caller: Principal, stated: int | None) -> FindingOut:
    """A coach gives a finding back, which waits for another one; raises NotInHand."""
    finding, actor = with_coach(session, finding_id, caller, body.employee_number, stated)
    if finding.state != "claimed" or finding.coach != actor.id:
        raise NotInHand(f"The finding is {finding.state}, and not with {actor.name}.")
    put_back(session, finding)
    return shown(session, [finding])[0]


def put_back(session: Session, finding: Finding) -> None:
    """Take a finding out of a coach's hands: it is open again, or an appeal as it was."""
    finding.state = "appealed" if appealed_coaches(session, finding) else "open"
    finding.coach, finding.claimed_at = None, None
    changed(session, finding)
    tell(session, FindingReleasedV1(**told(finding)))
    record(session, "finding.release", f"finding/{finding.id}", person=finding.person)


def return_stale(session: Session) -> None:
    """Put back what coaches have had for too long."""
    late = select(Finding.id).where(col(Finding.claimed_at) <= session.now - terms().claim_for)
    late = late.where(at_hand(session, SWEEP, col(Finding.id))).order_by(col(Finding.claimed_at)).limit(AT_ONCE)
    do_each(session, SWEEP, list(session.execute(late).scalars()), partial(put_back_stale, session))


def put_back_stale(session: Session, ids: Collection[str]) -> None:
    """Put findings back; one that its coach has settled meanwhile, or is at, stays as it is."""
    late = col(Finding.claimed_at) <= session.now - terms().claim_for
    rows = select(Finding).where(col(Finding.id).in_(ids), late).order_by(col(Finding.id))
    locked = rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    for finding in session.execute(locked).scalars().all():
        put_back(session, finding)


def return_of(session: Session, coach: str) -> None:
    """Put back what a coach has in hand who is no longer there."""
    held = select(Finding).where(col(Finding.claimed_at).is_not(None), col(Finding.coach) == coach)
    for finding in session.execute(held.order_by(col(Finding.id)).with_for_update()).scalars().all():
        put_back(session, finding)


def dismiss(session: Session, finding_id: str, body: DismissalIn, caller: Principal, stated: int | None) -> FindingOut:
    """A coach decides that a finding needs nothing."""
    finding, actor = with_coach(session, finding_id, caller, body.employee_number, stated)
    hold(session, finding, actor)
    finding.state, finding.reason, finding.claimed_at = "dismissed", body.reason, None
    changed(session, finding)
    tell(session, FindingClosedV1(**told(finding)))
    record(session, "finding.dismiss", f"finding/{finding.id}", person=finding.person)
    return shown(session, [finding])[0]


def hold(session: Session, finding: Finding, actor: Actor) -> None:
    """Make sure that a coach has a finding in hand, taking it on by the way if it is open."""
    if not (finding.state == "claimed" and finding.coach == actor.id):
        take(session, finding, actor)


def close(session: Session, finding: Finding) -> None:
    """Bring a finding to its end."""
    finding.state, finding.claimed_at = "closed", None
    changed(session, finding)
    tell(session, FindingClosedV1(**told(finding)))


def changed(session: Session, finding: Finding) -> None:
    """Note that a finding changed."""
    finding.changed_at = session.now
    finding.revision += 1
    session.flush()


def with_coach(
    session: Session, finding_id: str, caller: Principal, employee_number: str | None, stated: int | None
) -> tuple[Finding, Actor]:
    """Return a finding, locked for change, and the coach who acts.

    Raises OwnFinding, ManagersFinding, UnknownPerson, NotFound or Stale.
    """
    finding = get(session, finding_id, caller)
    actor = people.acting(session, caller, employee_number)
    if actor.person is not None and actor.person == finding.person:
        raise OwnFinding
    if finding.person is not None and finding.person == people.manager_of(session, actor.person):
        raise ManagersFinding
    expect(finding.revision, stated)
    return finding, actor


def get(session: Session, finding_id: str, caller: Principal) -> Finding:
    """Return a finding, locked for change; one of a department that the caller may not see is not found."""
    finding: Finding | None = session.execute(
        select(Finding).where(col(Finding.id) == finding_id).with_for_update()
    ).scalar()
    if finding is None or (caller.departments is not None and finding.department not in caller.departments):
        raise NotFound(f"There is no finding {finding_id}.")
    return finding


def read(session: Session, finding_id: str, caller: Principal) -> FindingOut:
    """Return one finding; a person sees those about themselves."""
    finding = session.get(Finding, finding_id)
    if finding is None or not visible(finding, caller):
        raise NotFound(f"There is no finding {finding_id}.")
    return shown(session, [finding])[0]


def visible(finding: Finding, caller: Principal) -> bool:
    """Tell whether a caller may see a finding."""
    if not caller.has("monitoring:read"):
        return caller.person is not None and caller.person == finding.person
    return caller.departments is None or finding.department in caller.departments


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings a list shows."""

    state: FindingState | None = None
    rule: str | None = None
    post: str | None = None
    employee_number: str | None = None
    in_hand: bool = False


def listed(session: Session, paging: PageQuery, caller: Principal, only: Filter) -> Page[FindingOut]:
    """List findings, the newest first; without the right to read all, only those about oneself."""
    statement = select(Finding)
    for column, value in (
        (Finding.state, only.state),
        (Finding.rule, only.rule),
        (Finding.post, only.post),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if only.employee_number is not None:
        statement = statement.where(col(Finding.person) == people.asked_for(session, only.employee_number))
    if only.in_hand:
        statement = statement.where(col(Finding.state) == "claimed", col(Finding.coach) == (caller.person or ""))
    if not caller.has("monitoring:read"):
        statement = statement.where(col(Finding.person) == (caller.person or ""))
    elif caller.departments is not None:
        statement = statement.where(col(Finding.department).in_(caller.departments))
    rows: Page[Finding] = page(session, statement, paging, key=Finding.id, to=lambda row: row, newest_first=True)
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def shown(session: Session, findings: Sequence[Finding]) -> list[FindingOut]:
    """Show findings with employee numbers in place of ids."""
    numbers = people.numbers(session, {one.person for one in findings} | {one.coach for one in findings})
    found = [
        FindingOut.of(
            one,
            numbers.get(one.person, one.person) if one.person else None,
            numbers.get(one.coach, one.coach) if one.coach else None,
        )
        for one in findings
    ]
    # Without a name there may be few whose department it is.
    return [one.model_copy(update={"department": None}) if one.person == people.WITHHELD else one for one in found]
