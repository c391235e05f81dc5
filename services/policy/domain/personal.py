"""What the policy service keeps of a person, for themself to read; `privacy` forgets it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlmodel import col

from services.policy.domain import privacy
from services.policy.settings import terms
from services.policy.tables import (
    Account,
    Acknowledgement,
    Approval,
    ApprovalRequest,
    Asked,
    Certificate,
    Endorsement,
    Handover,
    KeptCheck,
    Nomination,
    Person,
    Question,
    Seat,
    Version,
    metadata,
)
from shared import erasure
from shared.db import Session
from shared.events.policy import PolicyErasureFinishedV1
from shared.personal import PersonalData

NOBODY = {
    "policies": "what a policy says",
    "translations": "what a policy says",
    "campaigns": "who is asked is in campaign_people",
    "team_terms": "what holds for the whole team",
    "backtests": "counts of posts",
    "emergency_rules": "a rule; who proposed it is kept as an id",
    "faq_entries": "what the team answers everyone; who wrote it is kept as an id",
    "search_documents": "what a policy and its answers say",
    "conversations": "customers' conversations, counted",
}


def kept(person: str) -> dict[str, Select[Any]]:
    """Return the queries for all that is kept of a person."""
    actor = f"person:{person}"
    own_checks = select(col(KeptCheck.id)).where(col(KeptCheck.author) == person)
    written = [column for column in columns("versions") if column.name not in {"source", "content"}]
    return {
        "person": select(*columns("people")).where(col(Person.id) == person),
        "certificates": select(*columns("certificates")).where(col(Certificate.person) == person),
        "accounts": select(*columns("accounts")).where(col(Account.person) == person),
        "acknowledgements": select(*columns("acknowledgements")).where(col(Acknowledgement.person) == person),
        "campaigns": select(*columns("campaign_people")).where(col(Asked.person) == person),
        "versions_written": select(*written).where(col(Version.author) == actor),
        "reviews": select(*columns("approvals")).where(col(Approval.reviewer) == actor),
        "checks": select(*columns("kept_checks")).where(col(KeptCheck.author) == person),
        "approval_requests": select(*columns("approval_requests")).where(
            or_(
                col(ApprovalRequest.author) == person,
                col(ApprovalRequest.decided_by) == person,
                col(ApprovalRequest.check_id).in_(own_checks),
            )
        ),
        "questions": select(*columns("questions")).where(
            or_(col(Question.asker) == person, col(Question.answered_by) == person)
        ),
        "nominations": select(*columns("nominations")).where(
            or_(col(Nomination.person) == person, col(Nomination.nominated_by) == actor)
        ),
        "endorsements": select(*columns("endorsements")).where(col(Endorsement.person) == person),
        "seats": select(*columns("seats")).where(or_(col(Seat.person) == person, col(Seat.last_holder) == person)),
        "handovers": select(*columns("handovers")).where(col(Handover.giver) == person),
    }


def columns(table: str) -> list[Any]:
    """Return the columns of a table."""
    return list(metadata.tables[table].c)


def forget(session: Session, person: str) -> None:
    """Take a person out of this service; doing it again changes nothing."""
    known = session.get(Person, person)
    told = {
        "approval": select(col(ApprovalRequest.id)).where(col(ApprovalRequest.author) == person),
        "nomination": select(col(Nomination.id)).where(col(Nomination.person) == person),
        "question": select(col(Question.id)).where(col(Question.asker) == person),
        "check": select(col(KeptCheck.id)).where(col(KeptCheck.author) == person),
    }
    aggregates = [f"{kind}/{one}" for kind, query in told.items() for one in session.execute(query).scalars()]
    erasure.begin(session, person, aggregates, [known.employee_number] if known else [])
    privacy.forget_person(session, person)


def retention() -> dict[str, timedelta | None]:
    """Return how long each kind of data is kept; None: until the person is erased."""
    return {"acknowledgements": None, "questions to the team": None, "kept checks": terms().checks_kept}


personal = PersonalData(metadata, kept, NOBODY, PolicyErasureFinishedV1, retention=retention)
