"""What the training service does when it is told something, when time has come, and what it can tell anew."""

from sqlmodel import col, select

from services.training.domain.badges import status_lists
from services.training.domain.certification import decisions, expiry, export_schedules, facts, operations, proposals
from services.training.domain.learning import completions, enrolments, external_courses, readings, sittings
from services.training.domain.planning import assigning, campaigns, refreshers, reminders, team_seats
from services.training.domain.privacy import erasures, looks, retention, works_council
from services.training.domain.provisioning import groups, imports, merges, retelling
from services.training.domain.relearning import delta_decisions, delta_queue
from services.training.domain.teaching import rules
from services.training.tables import Enrolment, Person
from shared import erasure
from shared.db import Session
from shared.events.erasures import ErasureFinished
from shared.events.gateway import GatewayErasureFinishedV1, KeyCreatedV1, RecordsReadV1
from shared.events.monitoring import CertificateSuspensionProposedV1, MonitoringErasureFinishedV1, RefresherProposedV1
from shared.events.policy import (
    AcknowledgementRecordedV1,
    AcknowledgementRemindedV1,
    AcknowledgementRequestedV1,
    CampaignChangedV1,
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
    CourseCompletedV1,
    EnrolmentCreatedV1,
    GroupChangedV1,
    MembershipChangedV1,
    PersonChangedV1,
    PersonErasedV1,
    PersonLeftV1,
    PersonMergedV1,
    TrainingErasureFinishedV1,
    WorksCouncilModeChangedV1,
)
from shared.inbox import Handlers
from shared.snapshots import Snapshots, rows_after
from shared.timers import Timers

handlers = Handlers()
timers = Timers()
snapshots = Snapshots()


@handlers.on(AcknowledgementRecordedV1)
def keep_acknowledgement(event: AcknowledgementRecordedV1, session: Session) -> None:
    """An acknowledgement may be the last part that a certificate waits for."""
    facts.keep_acknowledgement(session, event)


@handlers.on(VersionInForceV1)
def keep_version(event: VersionInForceV1, session: Session) -> None:
    """A certificate remembers the sections of the version that its holder accepted."""
    facts.keep_version(session, event)


@handlers.on(VersionInForceV1)
def keep_sections(event: VersionInForceV1, session: Session) -> None:
    """Who reads a policy within a course reads it as it is in force."""
    readings.keep_sections(session, event)


@handlers.on(TaskTeamChangedV1)
def keep_seat(event: TaskTeamChangedV1, session: Session) -> None:
    """Rules may ask for roles in the task team."""
    team_seats.keep(session, event)


@handlers.on(AcknowledgementRequestedV1, AcknowledgementRemindedV1)
def keep_asked(event: AcknowledgementRequestedV1 | AcknowledgementRemindedV1, session: Session) -> None:
    """What somebody is asked to accept stands in their plan."""
    campaigns.keep_asked(session, event)


@handlers.on(CertificateSuspensionProposedV1)
def keep_proposal(event: CertificateSuspensionProposedV1, session: Session) -> None:
    """What a coach proposes over a finding is for somebody else to decide."""
    proposals.from_coach(session, event)


@handlers.on(RefresherProposedV1)
def keep_refresher(event: RefresherProposedV1, session: Session) -> None:
    """A course that would help somebody is for a person to decide on."""
    refreshers.keep(session, event)


@timers.every(seconds=1)
def put_departments_on_refreshers(session: Session) -> None:
    """A department is put on a course a few people at a time."""
    refreshers.work_off(session)


@handlers.on(CampaignChangedV1)
def keep_campaign(event: CampaignChangedV1, session: Session) -> None:
    """What a campaign asked is asked no more once it is closed."""
    campaigns.keep_campaign(session, event)


@timers.every(seconds=1)
def count_mapped_courses(session: Session) -> None:
    """What an external course stands for may be said after it was completed."""
    external_courses.work_off(session)


@timers.every(seconds=1)
def put_on_courses(session: Session) -> None:
    """Rules and paths put people on courses, soon after something changed."""
    assigning.work_off(session)


@timers.every(seconds=1)
def remind_of_courses(session: Session) -> None:
    """Courses become due, and overdue, by the clock."""
    reminders.sweep(session)


@timers.every(seconds=1)
def tell_what_expires(session: Session) -> None:
    """Certificates begin to expire, and expire, by the clock."""
    expiry.sweep(session)


@handlers.on(VersionInForceV1)
def keep_rules(event: VersionInForceV1, session: Session) -> None:
    """Questions that ask which rule a post breaks are answered by the rules in force when they are written."""
    rules.keep(session, event)


@handlers.on(VersionInForceV1)
def look_for_deltas(event: VersionInForceV1, session: Session) -> None:
    """A changed section is to be learnt anew by those whose certificates cover it."""
    delta_queue.policy_changed(session, event.policy)


@timers.every(seconds=0.25)
def ask_deltas(session: Session) -> None:
    """What changed under certificates is asked soon after, and told when its deadline has passed."""
    delta_decisions.work_off(session)


@timers.every(seconds=1)
def close_overdue_sittings(session: Session) -> None:
    """A sitting whose time has run out is graded by what was saved."""
    sittings.close_overdue(session)


@timers.every(seconds=1)
def end_badges(session: Session) -> None:
    """Badges end with their certificates, and are suspended with them."""
    status_lists.follow(session)


@timers.every(seconds=1)
def open_export_runs(session: Session) -> None:
    """Files are due by the clock."""
    export_schedules.open_runs(session)


@timers.every(seconds=1)
def decide_again(session: Session) -> None:
    """New definitions make certificates due to people who have all parts already."""
    decisions.work_off(session)


@timers.every(seconds=60)
def end_abandoned_operations(session: Session) -> None:
    """An operation of which only a part was written down never starts."""
    operations.end_abandoned(session)


@timers.every(seconds=60)
def forget_old_imports(session: Session) -> None:
    """The rows of a file of people are kept for a week after it was applied."""
    imports.forget_old(session)


@snapshots.of(PersonChangedV1)
def tell_people(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
    """Everyone, also those who left."""
    return retelling.people(session, after, limit)


@handlers.on(TrainingErasureFinishedV1, PolicyErasureFinishedV1, MonitoringErasureFinishedV1, GatewayErasureFinishedV1)
def note_finished_erasure(event: ErasureFinished, session: Session) -> None:
    """An erasure is complete when the last service is done."""
    erasures.note_finished(session, event)


@handlers.on(KeyCreatedV1)
def keep_key(event: KeyCreatedV1, session: Session) -> None:
    """Who looks at whose record is shown by the names of keys."""
    looks.keep_key(session, event)


@handlers.on(RecordsReadV1)
def count_reads(event: RecordsReadV1, session: Session) -> None:
    """What the gateway answers from memory is looked at, too."""
    looks.keep_reads(session, event)


@timers.every(seconds=600)
def forget_what_is_due(session: Session) -> None:
    """Answers, words and looks are kept for their time, and no longer."""
    retention.forget_old(session)


@snapshots.of(PersonErasedV1)
def tell_erased(session: Session, after: str | None, limit: int) -> list[PersonErasedV1]:
    """Who was erased: whoever missed it forgets them now."""
    return erasures.snapshot(session, after, limit)


@snapshots.of(TrainingErasureFinishedV1)
def tell_finished_erasures(session: Session, after: str | None, limit: int) -> list[TrainingErasureFinishedV1]:
    """Whose data is erased here, so that whoever keeps events clears theirs."""
    return erasure.retold(session, TrainingErasureFinishedV1, after, limit)


@snapshots.of(PersonMergedV1)
def tell_merged(session: Session, after: str | None, limit: int) -> list[PersonMergedV1]:
    """Which entries turned out to be the same person's."""
    return merges.snapshot(session, after, limit)


@snapshots.of(PersonLeftV1)
def tell_leavers(session: Session, after: str | None, limit: int) -> list[PersonLeftV1]:
    """Those who are gone: what must end for them, must end for whoever missed it."""
    query = select(Person.id, Person.left_at).where(col(Person.left_at).is_not(None), Person.id > (after or ""))
    rows = session.execute(query.order_by(Person.id).limit(limit)).all()
    return [PersonLeftV1(id=person, left_at=left_at) for person, left_at in rows]


@snapshots.of(WorksCouncilModeChangedV1)
def tell_works_council_modes(session: Session, after: str | None, limit: int) -> list[WorksCouncilModeChangedV1]:
    """Of which legal entities' people no figure is shown."""
    return works_council.snapshot(session, after, limit)


@snapshots.of(GroupChangedV1)
def tell_groups(session: Session, after: str | None, limit: int) -> list[GroupChangedV1]:
    """All groups, and which were removed."""
    return groups.snapshot(session, after, limit)


@snapshots.of(MembershipChangedV1, key=lambda event: event.person)
def tell_memberships(session: Session, after: str | None, limit: int) -> list[MembershipChangedV1]:
    """Who is in which groups."""
    return groups.snapshot_of_memberships(session, after, limit)


@snapshots.of(
    CertificateIssuedV1,
    stands_for=(
        CertificateChangedV1,
        CertificateRenewedV1,
        CertificateExpiringV1,
        CertificateExpiredV1,
        CertificateSuspendedV1,
        CertificateReinstatedV1,
        CertificateRevokedV1,
    ),
)
def tell_certificates(session: Session, after: str | None, limit: int) -> list[CertificateIssuedV1]:
    """All certificates with their status of this moment."""
    return retelling.certificates(session, after, limit)


@snapshots.of(EnrolmentCreatedV1)
def tell_enrolments(session: Session, after: str | None, limit: int) -> list[EnrolmentCreatedV1]:
    """Who was put on which course."""
    return [enrolments.told(row) for row in rows_after(session, Enrolment, after, limit)]


@snapshots.of(CourseCompletedV1)
def tell_completions(session: Session, after: str | None, limit: int) -> list[CourseCompletedV1]:
    """Who completed which course."""
    return completions.snapshot(session, after, limit)
