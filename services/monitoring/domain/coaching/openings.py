"""Coaches' own wellbeing: a disturbing text is shown only to who chooses to see it, and only so many a day."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import col, func, select

from services.monitoring.domain.coaching import findings
from services.monitoring.schemas.findings import OpeningIn, OpeningOut
from services.monitoring.settings import terms
from services.monitoring.tables import Finding, Opening, Post
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.problems import Conflict, NotFound


class EnoughForToday(Conflict):
    """The coach has seen as many disturbing posts today as anybody should; the rest is for colleagues, or tomorrow."""


def show_text(session: Session, finding_id: str, body: OpeningIn, caller: Principal) -> OpeningOut:
    """Show a coach the text that a finding is about; a disturbing one is counted and proven the first time.

    Raises NotFound, OwnFinding, ManagersFinding or EnoughForToday.
    """
    finding, actor = findings.with_coach(session, finding_id, caller, body.employee_number, None)
    post = session.get(Post, finding.post)
    if post is None:
        raise NotFound(f"The post of finding {finding_id} is not there any more.")
    at = session.now
    if finding.disturbing:
        known = session.get(Opening, (finding.id, actor.id))
        if known is None:
            if left_today(session, actor.id) <= 0:
                raise EnoughForToday
            session.add(Opening(finding=finding.id, coach=actor.id, at=at))
            session.flush()
            record(session, "finding.open_text", f"finding/{finding.id}", digest_of(post.text), finding.person)
        at = known.at if known is not None else at
    left = left_today(session, actor.id) if finding.disturbing else None
    return OpeningOut(finding=finding.id, post=post.id, text=post.text, opened_at=at, left_today=left)


def left_today(session: Session, coach: str) -> int:
    """Return how many disturbing posts a coach can still open on this day (UTC)."""
    seen = select(func.count()).select_from(Opening)
    today = seen.where(col(Opening.coach) == coach, col(Opening.at) >= day_of(session.now))
    return max(0, terms().disturbing_a_day - int(session.execute(today).scalar_one()))


def day_of(now: datetime) -> datetime:
    """Return when a day began (UTC)."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def withheld(session: Session, shown: Sequence[Finding], coach: str) -> set[str]:
    """Return which of these findings a coach sees without the text: disturbing ones that they have not opened."""
    disturbing = {finding.id for finding in shown if finding.disturbing}
    if not disturbing:
        return set()
    opened = select(Opening.finding).where(col(Opening.coach) == coach, col(Opening.finding).in_(disturbing))
    return disturbing - set(session.execute(opened).scalars())


def posts_withheld(session: Session, posts: Collection[str], caller: Principal) -> set[str]:
    """Return which of these posts somebody who signed in sees without the text; one's own is never among them.

    Programs are not disturbed; what they show, they blur themselves by the finding's `disturbing`.
    """
    if not caller.signed_in or not posts:
        return set()
    found = select(Finding).where(col(Finding.post).in_(posts), col(Finding.disturbing))
    others = [one for one in session.execute(found).scalars() if one.person is None or one.person != caller.person]
    blurred = withheld(session, others, caller.person or caller.id)
    seen = {one.post for one in others if one.id not in blurred}
    return {one.post for one in others if one.id in blurred} - seen
