"""What the policy service does when others tell it something, and when a time has come."""

from collections.abc import Sequence

from sqlmodel import col, select

from services.policy.domain import (
    acknowledgements,
    approvals,
    asked_anew,
    campaigns,
    certificates,
    emergency,
    force,
    membership,
    people,
    personal,
    privacy,
    question_routing,
    reach,
    reminders,
    search,
    seats,
    waiting,
)
from services.policy.tables import Acknowledgement, Policy, Seat, Version
from shared import erasure, works_council
from shared.db import Session
from shared.events.monitoring import AccountRegisteredV1, AccountRemovedV1, ConversationOpenedV1
from shared.events.policy import (
    AcknowledgementRecordedV1,
    AcknowledgementRemindedV1,
    AcknowledgementRequestedV1,
    ApprovalDecidedV1,
    CampaignChangedV1,
    EmergencyRuleEndedV1,
    EmergencyRuleStartedV1,
    PolicyErasureFinishedV1,
    TaskTeamChangedV1,
    VersionInForceV1,
)
from shared.events.training import (
    CertificateChangedV1,
    CertificateExpiredV1,
    CertificateExpiringV1,
    CertificateIssuedV1,
    CertificateReinstatedV1,
    CertificateRenewedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
    PersonChangedV1,
    PersonErasedV1,
    PersonLeftV1,
    PersonMergedV1,
)
from shared.inbox import Handlers
from shared.snapshots import Snapshots
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
snapshots = Snapshots()
works_council.follow(handlers)


@handlers.on(PersonChangedV1)
def keep_person(event: PersonChangedV1, session: Session) -> None:
    """Keep the copy of people by which acknowledgements and seats name them."""
    people.keep(session, event)
    campaigns.follow(session, event.id)
    if not event.active:
        seats.vacate_all(session, event.id)


@handlers.on(PersonLeftV1)
def free_seats(event: PersonLeftV1, session: Session) -> None:
    """Who has left holds no seat and is not asked to acknowledge."""
    people.leave(session, event.id)
    campaigns.follow(session, event.id)
    seats.vacate_all(session, event.id)


@handlers.on(PersonErasedV1)
def forget_person(event: PersonErasedV1, session: Session) -> None:
    """Who was erased is nobody here, and said nothing."""
    personal.forget(session, event.id)


@handlers.on(PersonMergedV1)
def make_one_of_two(event: PersonMergedV1, session: Session) -> None:
    """Acceptances, seats and all else of an entry go over to the entry that goes on for the same person."""
    seats.hand_over(session, event.id, event.into)
    people.merge(session, event)
    campaigns.follow(session, event.into)
    membership.follow_certificates(session, event.into)


@handlers.on(
    CertificateChangedV1,
    CertificateIssuedV1,
    CertificateRenewedV1,
    CertificateExpiringV1,
    CertificateExpiredV1,
    CertificateSuspendedV1,
    CertificateReinstatedV1,
    CertificateRevokedV1,
)
def keep_certificate(event: CertificateTold, session: Session) -> None:
    """Keep the copy of certificates by which rules, audiences and seats ask what a person holds."""
    certificates.keep(session, event)
    membership.follow_certificates(session, event.person)
    campaigns.follow(session, event.person)


@handlers.on(AccountRegisteredV1)
def keep_account(event: AccountRegisteredV1, session: Session) -> None:
    """Coverage asks on which networks colleagues and the brand are."""
    reach.keep_account(session, event)


@handlers.on(AccountRemovedV1)
def forget_account(event: AccountRemovedV1, session: Session) -> None:
    """An account that is registered no more needs nobody."""
    reach.forget_account(session, event.id)


@handlers.on(ConversationOpenedV1)
def count_conversation(event: ConversationOpenedV1, session: Session) -> None:
    """Coverage asks where customers talk with us, and in which language."""
    reach.count_conversation(session, event)


@timers.every(seconds=1)
def bring_into_force(session: Session) -> None:
    """Put scheduled versions in force at their time."""
    force.enter_due(session)


@timers.every(seconds=1)
def end_emergencies(session: Session) -> None:
    """End emergency rules at their time."""
    emergency.end_due(session)


@timers.every(seconds=1)
def remind(session: Session) -> None:
    """Campaigns ask, remind and tell managers at their times."""
    reminders.tell_due(session)


@timers.every(seconds=300)
def follow_audiences(session: Session) -> None:
    """Campaigns ask who is of their audience, also where only the clock made it so."""
    campaigns.follow_all(session)


@timers.every(seconds=5)
def keep_the_team(session: Session) -> None:
    """Seats lapse and terms end by the clock, and what becomes free is offered to who waits."""
    membership.follow_clock(session)
    membership.end_what_is_due(session)
    waiting.move_on(session)


@timers.every(seconds=5)
def keep_questions_moving(session: Session) -> None:
    """No question stays with somebody who is silent or gone."""
    question_routing.keep_moving(session)


@timers.every(seconds=60)
def make_searchable(session: Session) -> None:
    """What came into force before there was a search can be found, too."""
    search.keep_missing(session)


@timers.every(seconds=600)
def forget_old_checks(session: Session) -> None:
    """Nobody's draft is kept for ever."""
    privacy.forget_old_checks(session)


@timers.every(seconds=3600)
def forget_old_counts(session: Session) -> None:
    """Conversations of long ago say nothing about whom the team has to reach."""
    reach.forget_old_counts(session)


@snapshots.of(VersionInForceV1, key=force.place_of)
def versions_in_force(session: Session, after: str | None, limit: int) -> Sequence[VersionInForceV1]:
    """Tell of each policy what was in force, and last what is."""
    return force.snapshot(session, after, limit)


@snapshots.of(AcknowledgementRecordedV1)
def recorded_acknowledgements(session: Session, after: str | None, limit: int) -> Sequence[AcknowledgementRecordedV1]:
    """Tell who accepted which version."""
    rows = (
        select(Acknowledgement, Policy.key, Version.number)
        .join(Version, col(Version.id) == col(Acknowledgement.version_id))
        .join(Policy, col(Policy.id) == col(Version.policy_id))
    )
    rows = rows.where(col(Acknowledgement.id) > (after or "")).order_by(col(Acknowledgement.id)).limit(limit)
    return [acknowledgements.told(row, key, number) for row, key, number in session.exec(rows)]


@snapshots.of(AcknowledgementRequestedV1, stands_for=[AcknowledgementRemindedV1], key=asked_anew.place_of)
def asked_acknowledgements(session: Session, after: str | None, limit: int) -> Sequence[AcknowledgementRequestedV1]:
    """Tell who is asked to accept what."""
    return asked_anew.asked(session, after, limit)


@snapshots.of(CampaignChangedV1)
def campaigns_as_they_are(session: Session, after: str | None, limit: int) -> Sequence[CampaignChangedV1]:
    """Tell all campaigns, so that what is closed is asked of nobody."""
    return asked_anew.campaigns(session, after, limit)


@snapshots.of(TaskTeamChangedV1)
def seats_held(session: Session, after: str | None, limit: int) -> Sequence[TaskTeamChangedV1]:
    """Tell the seats and who holds them."""
    rows = select(Seat).where(col(Seat.key) > (after or "")).order_by(col(Seat.key)).limit(limit)
    return [seats.told(seat, "told_again") for seat in session.exec(rows)]


@snapshots.of(TaskTeamChangedV1)
def seats_closed(session: Session, after: str | None, limit: int) -> Sequence[TaskTeamChangedV1]:
    """Tell the seats that the team no longer has, so that nobody is thought to sit there."""
    return seats.told_closed(session, after, limit)


@snapshots.of(EmergencyRuleStartedV1, EmergencyRuleEndedV1)
def emergency_rules(
    session: Session, after: str | None, limit: int
) -> Sequence[EmergencyRuleStartedV1 | EmergencyRuleEndedV1]:
    """Tell the rules of emergencies whose time is not up."""
    return emergency.page_of_told(session, after, limit)


@snapshots.of(ApprovalDecidedV1)
def decided_approvals(session: Session, after: str | None, limit: int) -> Sequence[ApprovalDecidedV1]:
    """Tell what was decided on held drafts."""
    return approvals.page_of_told(session, after, limit)


@snapshots.of(PolicyErasureFinishedV1)
def finished_erasures(session: Session, after: str | None, limit: int) -> Sequence[PolicyErasureFinishedV1]:
    """Tell whose data is erased, so that whoever keeps events clears theirs."""
    return erasure.retold(session, PolicyErasureFinishedV1, after, limit)
