"""What people wrote here is forgotten: on their erasure all of it, and kept drafts when their time is over.

What is proved stays proved: entries of the evidence log hold hashes and salted persons, decisions keep their outcome
and the random ids of those they concern. Words go, and so does what says who an id is.
"""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import col, or_, select

from services.policy.settings import terms
from services.policy.tables import (
    Approval,
    ApprovalRequest,
    Asked,
    Endorsement,
    Handover,
    KeptCheck,
    Nomination,
    Person,
    Question,
)
from shared.db import Session
from shared.evidence import record

GONE = "[erased]"
AT_ONCE = 500


def forget_person(session: Session, person: str) -> None:
    """Take what a person wrote and what others wrote of them out of this service; doing it again changes nothing.

    What they answered as a member of the team stays, as advice that the team gave, and so does a policy's text.
    """
    forget_questions(session, person)
    forget_checks(session, session.exec(select(KeptCheck).where(KeptCheck.author == person)).all())
    forget_decisions(session, person)
    forget_candidacies(session, person)
    forget_handovers(session, person)
    forget_exemptions(session, person)
    forget_copy(session, person)
    record(session, "policy.person.forgotten", f"people/{person}")


def forget_questions(session: Session, person: str) -> None:
    """Take out what a person asked, and what they said of the answer; the answer stays."""
    asked = update(Question).where(col(Question.asker) == person)
    session.execute(asked.values(text=GONE, rating_comment=None, revision=Question.revision + 1))


def forget_checks(session: Session, checks: Sequence[KeptCheck]) -> None:
    """Take drafts, their receipts and what was said about them out of kept checks; verdict and rules stay.

    Whoever saved a receipt can still verify it: it carries its own signature, and the evidence log its hash.
    """
    for kept in checks:
        kept.draft = {**kept.draft, "text": GONE, "links": [], "media": [], "language": None}
        kept.answer = {**kept.answer, "protected": None}
        kept.receipt = {**kept.receipt, "body": "", "signature": ""}
        kept.forgotten_at = session.now
        kept.revision += 1
    session.flush()
    ids = [kept.id for kept in checks]
    said = update(ApprovalRequest).where(col(ApprovalRequest.check_id).in_(ids))
    session.execute(said.values(note=None, comment=None, revision=ApprovalRequest.revision + 1))


def forget_decisions(session: Session, person: str) -> None:
    """Take out what a person said when they decided on a draft or a version; what they decided stays."""
    drafts = update(ApprovalRequest).where(
        col(ApprovalRequest.decided_by) == person, col(ApprovalRequest.comment).is_not(None)
    )
    session.execute(drafts.values(comment=None, revision=ApprovalRequest.revision + 1))
    session.execute(update(Approval).where(col(Approval.reviewer) == f"person:{person}").values(comment=None))


def forget_candidacies(session: Session, person: str) -> None:
    """Take out what was said for a person who was nominated, and what they said for others."""
    theirs = select(Nomination.id).where(Nomination.person == person)
    words = update(Endorsement).where(
        or_(col(Endorsement.person) == person, col(Endorsement.nomination_id).in_(theirs))
    )
    session.execute(words.values(words=GONE))
    named = update(Nomination).where(col(Nomination.person) == person)
    blank: dict[str, object] = {"experience": GONE, "why": GONE, "reason": None, "networks": [], "languages": []}
    session.execute(named.values(revision=Nomination.revision + 1, **blank))
    by_them = update(Nomination).where(col(Nomination.nominated_by) == f"person:{person}")
    session.execute(by_them.values(why=GONE, revision=Nomination.revision + 1))


def forget_handovers(session: Session, person: str) -> None:
    """Take out the notes that a person left to the next holder of their seat."""
    session.execute(update(Handover).where(col(Handover.giver) == person).values(notes=GONE))


def forget_exemptions(session: Session, person: str) -> None:
    """Take out why a person need not accept a policy, which may be about their health."""
    exempt = update(Asked).where(col(Asked.person) == person, col(Asked.exempt).is_not(None))
    session.execute(exempt.values(exempt=GONE))


def forget_copy(session: Session, person: str) -> None:
    """Take a person's name and number out of the copy of people; their id stays, so that what refers to it holds."""
    blank: dict[str, object] = {
        "employee_number": f"erased-{person}",
        "name": GONE,
        "region": "",
        "manager": None,
        "languages": [],
    }
    session.execute(update(Person).where(col(Person.id) == person).values(department="", active=False, **blank))


def forget_old_checks(session: Session) -> None:
    """Forget kept drafts whose time is over, but for those that wait for an approval."""
    waiting = select(ApprovalRequest.check_id).where(ApprovalRequest.state == "open")
    old = select(KeptCheck).where(
        col(KeptCheck.forgotten_at).is_(None),
        col(KeptCheck.checked_at) < session.now - terms().checks_kept,
        col(KeptCheck.id).not_in(waiting),
    )
    checks = session.exec(old.order_by(col(KeptCheck.id)).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    if checks:
        forget_checks(session, checks)
        record(session, "policy.checks.forgotten", f"checks/{checks[0].id}")
