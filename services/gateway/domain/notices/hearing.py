"""From what the services tell to what a person should know, in the transaction that notes the event; each fact once.

Only what is told on the stream is news: a state that is told anew (a snapshot) is not, so none is asked for, and neither
is what was told long ago. What has been dealt with is over: it leaves the bell, and is not sent any more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Table, bindparam, update
from sqlmodel import col

from services.gateway.domain.notices import addressees
from services.gateway.schemas.notices import Kind
from services.gateway.tables import Notice, metadata
from shared.db import Session
from shared.events.base import Envelope, Event
from shared.events.gateway import WebhookPausedV1, WebhookResumedV1
from shared.events.monitoring import (
    ConversationAcceptedV1,
    ConversationAnsweredV1,
    ConversationAssignedV1,
    ConversationRescheduledV1,
    ConversationResolvedV1,
    ConversationReturnedV1,
    DigestReadyV1,
    GuidanceGivenV1,
    GuidanceReadV1,
)
from shared.events.policy import (
    AcknowledgementRecordedV1,
    AcknowledgementRemindedV1,
    AcknowledgementRequestedV1,
    ApprovalDecidedV1,
    ApprovalRequestedV1,
)
from shared.events.training import (
    CertificateExpiredV1,
    CertificateExpiringV1,
    CertificateReminderV1,
    CertificateRenewedV1,
    CertificateRevokedV1,
    DeltaDoneV1,
    DeltaDueV1,
    DeltaWithdrawnV1,
)
from shared.ids import new_id
from shared.statements import DialectInsert, Prebuilt

NEWS_FOR = timedelta(days=7)
"""An event that was told longer ago is no news, as after an outage of weeks."""
SOON = timedelta(minutes=30)
"""How long before the customer should have an answer somebody is reminded of it."""

_notices = metadata.tables["notices"]
COLUMNS = ("id", "person", "kind", "fact", "subject", "name", "due_at", "at", "created_at", "planned")


def adding(insert_of: Callable[[Table], DialectInsert]) -> Executable:
    """Return what adds a notice, unless the person was told this fact before."""
    return insert_of(_notices).values({name: bindparam(name) for name in COLUMNS}).on_conflict_do_nothing()


ADD = Prebuilt(adding)
_open = (_notices.c.subject == bindparam("about"), _notices.c.over_at.is_(None))
END = Prebuilt(update(_notices).where(*_open).values(over_at=bindparam("now")))
END_KIND = Prebuilt(
    update(_notices).where(*_open, _notices.c.kind == bindparam("which")).values(over_at=bindparam("now"))
)
END_OTHERS = Prebuilt(
    update(_notices).where(*_open, _notices.c.fact != bindparam("which")).values(over_at=bindparam("now"))
)
_former = (*_open, _notices.c.kind == bindparam("what"), _notices.c.fact != bindparam("which"))
END_FORMER = Prebuilt(update(_notices).where(*_former).values(over_at=bindparam("now")))
END_OF = Prebuilt(
    update(_notices).where(*_open, _notices.c.person == bindparam("whom")).values(over_at=bindparam("now"))
)
MOVE = Prebuilt(update(_notices).where(*_open, _notices.c.fact == bindparam("which")).values(due_at=bindparam("until")))


def note(
    session: Session,
    kind: Kind,
    person: str | None,
    subject: str,
    fact: str,
    *,
    name: str | None = None,
    due_at: datetime | None = None,
    at: datetime | None = None,
) -> None:
    """Note that a person should know something, from `at` on; the same fact is noted once."""
    if person is None or not is_news(session):
        return
    row = {"id": new_id(), "person": person, "kind": kind, "fact": fact, "subject": subject, "name": name}
    ADD.run(session, row | {"due_at": due_at, "at": at or session.now, "created_at": session.now, "planned": False})


def is_news(session: Session) -> bool:
    """Tell whether the event that is handled says what happened lately."""
    told = session.context.event
    return told is None or session.now - told.time < NEWS_FOR


def hand_over(event: ConversationAssignedV1, session: Session) -> None:
    """A conversation is somebody's until they take it on or it goes to the next."""
    about = f"conversation/{event.id}"
    fact = event.assignment or event.id
    END_OTHERS.run(session, {"about": about, "which": fact, "now": session.now})
    note(session, "conversation_yours", event.assignee, about, fact, name=event.network, due_at=event.accept_by)


def watch_promise(event: ConversationAcceptedV1, session: Session) -> None:
    """Who took a conversation on is reminded of it shortly before the customer should have an answer, or it is passed on."""
    about = f"conversation/{event.id}"
    END_KIND.run(session, {"about": about, "which": "conversation_yours", "now": session.now})
    remind(event, session)


def remind(event: ConversationAcceptedV1 | ConversationRescheduledV1, session: Session) -> None:
    """Note that somebody is to be reminded, unless it is too soon for that; each deadline is a fact of its own."""
    first = min((at for at in (event.due_at, event.theirs_until) if at is not None), default=None)
    about, fact = f"conversation/{event.id}", f"{event.assignment or event.id}/{first.isoformat() if first else ''}"
    kind: Kind = "conversation_due_soon"
    END_FORMER.run(session, {"about": about, "what": kind, "which": fact, "now": session.now})
    if first is not None and first - SOON > session.now:
        note(session, kind, event.assignee, about, fact, name=event.network, due_at=first, at=first - SOON)


def follow_deadline(event: ConversationRescheduledV1, session: Session) -> None:
    """The deadline moved: what is told from now on names the one that holds, and a reminder comes before that one."""
    about = f"conversation/{event.id}"
    if event.state == "assigned":
        MOVE.run(session, {"about": about, "which": event.assignment or event.id, "until": event.accept_by})
    elif event.state == "accepted":
        remind(event, session)


def end_conversation(
    event: ConversationAnsweredV1 | ConversationReturnedV1 | ConversationResolvedV1, session: Session
) -> None:
    """Nobody has to be reminded of what is answered, or is not theirs any more."""
    END.run(session, {"about": f"conversation/{event.id}", "now": session.now})


def pass_on(event: ConversationReturnedV1, session: Session) -> None:
    """Who accepted a conversation and was silent since should know that it is theirs no more; coaches, that it happened.

    Coaches are not told who it was. It is over once it is read, whatever becomes of the conversation.
    """
    end_conversation(event, session)
    told = session.context.event
    if event.person is None:
        return
    about = f"lapse/{event.id}"
    fact = told.id if told is not None else event.id
    note(session, "conversation_passed_on", event.person, about, fact, name=event.network)
    for coach in addressees.seated_as(session, addressees.COACHING):
        if coach != event.person:
            note(session, "conversation_came_back", coach, about, fact, name=event.network)


def give_guidance(event: GuidanceGivenV1, session: Session) -> None:
    """A coach wrote to somebody."""
    note(session, "guidance_given", event.person, f"guidance/{event.id}", event.id)


def end_guidance(event: GuidanceReadV1, session: Session) -> None:
    """Who has opened guidance knows of it."""
    END.run(session, {"about": f"guidance/{event.id}", "now": session.now})


def offer_digest(event: DigestReadyV1, session: Session) -> None:
    """Somebody can look back on their week."""
    note(session, "digest_ready", event.person, f"digest/{event.id}", event.week.isoformat())


def remind_of_certificate(event: CertificateReminderV1 | CertificateExpiringV1, session: Session) -> None:
    """A certificate ends soon; the reminder of the day on which that begins is the same fact."""
    if isinstance(event, CertificateReminderV1):
        days = event.days_before
    else:
        days = (event.expires_at - event.expiring_from).days
    about = f"certificate/{event.id}"
    fact = f"{event.id}/{days}"
    note(session, "certificate_expiring", event.person, about, fact, name=event.certification, due_at=event.expires_at)


def note_expiry(event: CertificateExpiredV1, session: Session) -> None:
    """A certificate ended, which its reminders need not say any more."""
    about = f"certificate/{event.id}"
    END.run(session, {"about": about, "now": session.now})
    note(session, "certificate_expired", event.person, about, event.id, name=event.certification)


def end_certificate(event: CertificateRenewedV1 | CertificateRevokedV1, session: Session) -> None:
    """Nobody has to renew what is renewed, or was taken back."""
    former = event.replaces if isinstance(event, CertificateRenewedV1) else event.id
    END.run(session, {"about": f"certificate/{former}", "now": session.now})


def ask_to_learn(event: DeltaDueV1, session: Session) -> None:
    """Something changed under a certificate; when it changes again, it is a new fact."""
    fact = f"{event.id}/{event.version}"
    note(session, "delta_due", event.person, f"delta/{event.id}", fact, name=event.certification, due_at=event.due_at)


def end_delta(event: DeltaDoneV1 | DeltaWithdrawnV1, session: Session) -> None:
    """What is learnt, or asked no more, is over."""
    END.run(session, {"about": f"delta/{event.id}", "now": session.now})


def ask_to_accept(event: AcknowledgementRequestedV1 | AcknowledgementRemindedV1, session: Session) -> None:
    """Somebody is asked to accept a version; each reminder is told, too."""
    told = session.context.event
    again = isinstance(event, AcknowledgementRemindedV1) and told is not None
    fact = f"{event.id}/{told.id}" if again and told is not None else event.id
    about = f"acknowledgement/{event.policy}/{event.version}"
    note(session, "acknowledgement_due", event.person, about, fact, name=event.policy, due_at=event.due_at)


def end_acknowledgement(event: AcknowledgementRecordedV1, session: Session) -> None:
    """Who has accepted a version is not asked any more; their colleagues are."""
    about = f"acknowledgement/{event.policy}/{event.version}"
    END_OF.run(session, {"about": about, "whom": event.person, "now": session.now})


def ask_to_approve(event: ApprovalRequestedV1, session: Session) -> None:
    """Somebody's approval is asked for; where nobody was chosen, of all who may: by their seat, or by a certificate.

    Events from before they named them are heard by those with a seat. The first decision ends it for all. Nobody
    approves what they wrote.
    """
    asked = [event.approver] if event.approver else addressees.present(session, event.approvers)
    for person in asked or addressees.seated_as(session, addressees.APPROVING):
        if person != event.person:
            note(session, "approval_requested", person, f"approval/{event.id}", event.id)


def end_approval(event: ApprovalDecidedV1, session: Session) -> None:
    """Nobody has to decide what is decided."""
    END.run(session, {"about": f"approval/{event.id}", "now": session.now})


def warn_of_webhook(event: WebhookPausedV1, session: Session) -> None:
    """An endpoint was paused, and not by hand: who set it up should know, and administrators."""
    told = session.context.event
    if event.because == "by_hand":
        return
    for person in addressees.administrators(session, event.id):
        fact = told.id if told is not None else event.id
        note(session, "webhook_paused", person, f"webhook/{event.id}", fact, name=event.name)


def end_webhook(event: WebhookResumedV1, session: Session) -> None:
    """An endpoint is told again."""
    END.run(session, {"about": f"webhook/{event.id}", "now": session.now})


def forget_old(session: Session, before: datetime) -> None:
    """Drop notices from before a time."""
    session.execute(_notices.delete().where(col(Notice.created_at) < before))


def hear(envelope: Envelope, session: Session) -> None:
    """Make notices of an event, or end some, if it is one of those that people are told of."""
    known = HEARD.get(envelope.type)
    if known is not None:
        cls, heard = known
        heard(cls.model_validate(envelope.data), session)


HEARD: dict[str, tuple[type[Event], Callable[[Any, Session], None]]] = {
    cls.type: (cls, heard)
    for classes, heard in (
        ((ConversationAssignedV1,), hand_over),
        ((ConversationAcceptedV1,), watch_promise),
        ((ConversationRescheduledV1,), follow_deadline),
        ((ConversationAnsweredV1, ConversationResolvedV1), end_conversation),
        ((ConversationReturnedV1,), pass_on),
        ((GuidanceGivenV1,), give_guidance),
        ((GuidanceReadV1,), end_guidance),
        ((DigestReadyV1,), offer_digest),
        ((CertificateReminderV1, CertificateExpiringV1), remind_of_certificate),
        ((CertificateExpiredV1,), note_expiry),
        ((CertificateRenewedV1, CertificateRevokedV1), end_certificate),
        ((DeltaDueV1,), ask_to_learn),
        ((DeltaDoneV1, DeltaWithdrawnV1), end_delta),
        ((AcknowledgementRequestedV1, AcknowledgementRemindedV1), ask_to_accept),
        ((AcknowledgementRecordedV1,), end_acknowledgement),
        ((ApprovalRequestedV1,), ask_to_approve),
        ((ApprovalDecidedV1,), end_approval),
        ((WebhookPausedV1,), warn_of_webhook),
        ((WebhookResumedV1,), end_webhook),
    )
    for cls in classes
}
"""What each event means for people."""
