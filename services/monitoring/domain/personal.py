"""What monitoring keeps of a person: all of it for themself to read, and none of it once they are erased.

A post, a reply or a guidance stays as something that happened, without its words and without whose it was: counts and
decisions rest on it.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlmodel import col

from services.monitoring.domain import accounts
from services.monitoring.domain.figures import rebuilding
from services.monitoring.domain.keeping import retention
from services.monitoring.tables import (
    Account,
    ApprovalDecision,
    Assignment,
    Autonomy,
    AutonomyChange,
    Availability,
    Certificate,
    Contact,
    DepartmentHeld,
    Digest,
    Finding,
    Guidance,
    GuidanceMessage,
    Note,
    Opening,
    Person,
    Post,
    PostText,
    RefresherProposal,
    Reply,
    ReplyReview,
    ReplySample,
    SavedAnswer,
    Simulation,
    StaticVersion,
    metadata,
)
from shared import erasure
from shared.db import Session
from shared.erasure import GONE
from shared.events.monitoring import MonitoringErasureFinishedV1
from shared.evidence import record
from shared.personal import PersonalData

NOBODY = {
    "judgements_due": "names a post that is to be judged",
    "tallies": "counts, without persons",
    "legal_holds": "why something is not forgotten yet; who placed and lifted it is in the evidence log",
    "supervision_exports": "a file for a supervisor; who asked for it is in the evidence log",
    "supervision_parts": "lines of such a file, which name who answered a customer, as the law asks",
    "hour_counts": "counts, without persons",
    "triage_cues": "words by which customers' posts are sorted",
    "guidance_templates": "words for anybody",
    "shadow_matches": "names a post that a rule on trial matched",
    "certificates_withdrawn": "names a certificate, which is kept with its person",
    "conversations": "a customer's; who answered is in assignments and replies",
    "messages": "a customer's words",
    "promised_answers": "an answer that a customer waited for; who gave it is in replies",
    "service_promises": "within which time customers are answered",
    "static_contents": "where words stand; who wrote and approved them is in their versions",
    "sources": "a place that posts come from",
    "source_runs": "how often a place was read",
    "dropped_posts": "counts, without persons",
    "brand_terms": "the brand's names",
    "routers": "a lock",
    "routing_requirements": "certifications",
    "refreshers": "courses by section",
    "pauses": "names nobody",
    "policy_rules": "a policy's rules",
    "policies_in_force": "a policy's versions",
    "emergency_rules": "a policy's rules",
}


def kept(person: str) -> dict[str, Select[Any]]:
    """Return the queries for all that is kept of a person."""
    posts = select(col(Post.id)).where(col(Post.person) == person)
    return {
        "person": select(*columns("people")).where(col(Person.id) == person),
        "certificates": select(*columns("certificates")).where(col(Certificate.person) == person),
        "accounts": select(*columns("accounts")).where(col(Account.person) == person),
        "posts": select(*columns("posts")).where(col(Post.person) == person).order_by(col(Post.id)),
        "earlier_texts": select(*columns("post_texts")).where(col(PostText.post).in_(posts)),
        "contacts": select(*columns("contacts")).where(col(Contact.post).in_(posts)),
        "findings": select(*columns("findings")).where(col(Finding.person) == person).order_by(col(Finding.id)),
        "guidance": select(*columns("guidance")).where(col(Guidance.person) == person).order_by(col(Guidance.id)),
        "guidance_given": select(*columns("guidance")).where(col(Guidance.coach) == person),
        "guidance_messages": select(*columns("guidance_messages")).where(about(person)),
        "posts_opened": select(*columns("openings")).where(col(Opening.coach) == person),
        "departments": select(*columns("departments_held")).where(col(DepartmentHeld.person) == person),
        "replies": select(*columns("replies")).where(col(Reply.person) == person).order_by(col(Reply.id)),
        "reply_reviews": select(*columns("reply_reviews")).where(
            or_(col(ReplyReview.author) == person, col(ReplyReview.reviewer) == person)
        ),
        "notes": select(*columns("notes")).where(col(Note.person) == person).order_by(col(Note.id)),
        "saved_answers": select(*columns("saved_answers")).where(col(SavedAnswer.person) == person),
        "static_content": select(*columns("static_versions")).where(
            or_(col(StaticVersion.author) == person, col(StaticVersion.approver) == person)
        ),
        "autonomy": select(*columns("autonomies")).where(col(Autonomy.person) == person),
        "autonomy_changes": select(*columns("autonomy_changes")).where(
            or_(col(AutonomyChange.person) == person, col(AutonomyChange.coach) == person)
        ),
        "replies_drawn": select(*columns("reply_samples")).where(col(ReplySample.author) == person),
        "refresher_proposals": select(*columns("refresher_proposals")).where(col(RefresherProposal.person) == person),
        "digests": select(*columns("digests")).where(col(Digest.person) == person),
        "simulations": select(*columns("simulations")).where(col(Simulation.person) == person),
        "assignments": select(*columns("assignments")).where(col(Assignment.person) == person),
        "availability": select(*columns("availabilities")).where(col(Availability.person) == person),
        "approval_decisions": select(*columns("approval_decisions")).where(col(ApprovalDecision.person) == person),
    }


def about(person: str) -> ColumnElement[bool]:
    """Return the condition that a message was written by a person, or in a talk about guidance that they had."""
    theirs = select(col(Guidance.id)).where(col(Guidance.person) == person)
    return or_(col(GuidanceMessage.author) == person, col(GuidanceMessage.guidance).in_(theirs))


def columns(table: str) -> list[Any]:
    """Return the columns of a table."""
    return list(metadata.tables[table].c)


def forget(session: Session, person: str) -> None:
    """Take a person out of this service; doing it again changes nothing."""
    known = session.get(Person, person)
    told = [f"{kind}/{one}" for kind, ids in told_of(session, person).items() for one in ids]
    erasure.begin(session, person, told, [known.employee_number] if known else [])
    accounts.forget_leaver(session, person)
    rebuilding.let_go(session, person)
    forget_posts(session, person)
    forget_guidance(session, person)
    forget_replies(session, person)
    forget_autonomy(session, person)
    forget_wordings(session, person)
    session.execute(delete(Availability).where(col(Availability.person) == person))
    session.execute(delete(Simulation).where(col(Simulation.person) == person))
    blank = {"employee_number": f"erased-{person}", "department": "", "languages": [], "active": False, "manager": None}
    session.execute(update(Person).where(col(Person.id) == person).values(**blank))
    record(session, "monitoring.person_erased", f"person/{person}", person=person)


def told_of(session: Session, person: str) -> dict[str, list[str]]:
    """Return what events with somebody's words, or with a person's choices, were told about."""
    queries = {
        "post": select(col(Post.id)).where(col(Post.person) == person),
        "guidance": select(col(Guidance.id)).where(or_(col(Guidance.person) == person, col(Guidance.coach) == person)),
        "suspension": select(col(Finding.id)).where(col(Finding.person) == person),
        "reply": select(col(Reply.id)).where(col(Reply.person) == person),
        "autonomy": select(col(Autonomy.id)).where(col(Autonomy.person) == person),
        "refresher": select(col(RefresherProposal.id)).where(col(RefresherProposal.person) == person),
        "digest": select(col(Digest.id)).where(col(Digest.person) == person),
        "conversation": select(col(Assignment.conversation)).where(col(Assignment.person) == person).distinct(),
    }
    return {kind: list(session.execute(query).scalars()) for kind, query in queries.items()}


def forget_posts(session: Session, person: str) -> None:
    """Take words, author and address out of a person's posts, and their name from what was found in them."""
    posts = select(col(Post.id)).where(col(Post.person) == person)
    session.execute(delete(PostText).where(col(PostText.post).in_(posts)))
    session.execute(delete(Contact).where(col(Contact.post).in_(posts)))
    blank = {"author": GONE, "text": GONE, "in_reply_to": None, "url": None, "media": None, "department": None}
    gone = "erased:" + col(Post.id)
    change = update(Post).where(col(Post.person) == person).execution_options(synchronize_session=False)
    session.execute(change.values(network_id=gone, person=None, revision=Post.revision + 1, **blank))
    found = update(Finding).where(col(Finding.person) == person)
    session.execute(found.values(person=None, department=None, reason=None, revision=Finding.revision + 1))


def forget_guidance(session: Session, person: str) -> None:
    """Take out what was told to a person, what they answered, and what they told others as a coach."""
    talk = update(GuidanceMessage).where(about(person)).execution_options(synchronize_session=False)
    session.execute(talk.values(text=GONE))
    session.execute(delete(Opening).where(col(Opening.coach) == person))
    session.execute(delete(DepartmentHeld).where(col(DepartmentHeld.person) == person))
    blank = {"message": GONE, "better_wording": None, "appeal": None, "department": None}
    theirs = update(Guidance).where(col(Guidance.person) == person)
    session.execute(theirs.values(person=None, revision=Guidance.revision + 1, **blank))
    given = update(Guidance).where(col(Guidance.coach) == person)
    session.execute(given.values(revision=Guidance.revision + 1, message=GONE, better_wording=None))


def forget_replies(session: Session, person: str) -> None:
    """Take the words out of a person's replies; what was decided on a held one stays."""
    blank = {"text": GONE, "network_id": None, "error": None}
    session.execute(update(Reply).where(col(Reply.person) == person).values(revision=Reply.revision + 1, **blank))
    decided = update(ApprovalDecision).where(col(ApprovalDecision.person) == person)
    session.execute(decided.values(text_hash=None))


def forget_autonomy(session: Session, person: str) -> None:
    """Forget how far a person was trusted and what was proposed for them, and why they, as a coach, trusted others."""
    session.execute(delete(ReplySample).where(col(ReplySample.author) == person))
    session.execute(delete(RefresherProposal).where(col(RefresherProposal.person) == person))
    session.execute(delete(Digest).where(col(Digest.person) == person))
    session.execute(delete(AutonomyChange).where(col(AutonomyChange.person) == person))
    session.execute(delete(Autonomy).where(col(Autonomy.person) == person))
    said = update(AutonomyChange).where(col(AutonomyChange.coach) == person)
    session.execute(said.values(reason=GONE))


def forget_wordings(session: Session, person: str) -> None:
    """Take out a person's notes and reasons; words that the organisation uses stay, as does that somebody approved them."""
    session.execute(update(Note).where(col(Note.person) == person).values(text=GONE, person=None))
    mine = or_(col(ReplyReview.author) == person, col(ReplyReview.reviewer) == person)
    session.execute(update(ReplyReview).where(mine).values(reason=None))
    session.execute(update(SavedAnswer).where(col(SavedAnswer.person) == person).values(person=None))
    session.execute(update(StaticVersion).where(col(StaticVersion.approver) == person).values(reason=None))


personal = PersonalData(metadata, kept, NOBODY, MonitoringErasureFinishedV1, retention=retention.kept)
