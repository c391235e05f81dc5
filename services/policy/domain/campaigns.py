"""Campaigns: who must accept what is in force of a policy, by when, and who need not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import campaign_figures, certificates, people, policies, reminders, standing
from services.policy.schemas.campaigns import (
    Audience,
    CampaignChange,
    CampaignIn,
    CampaignOut,
    ExemptionIn,
    PersonInCampaign,
)
from services.policy.tables import Acknowledgement, Asked, Campaign, Certificate, Person, Policy
from shared import pages
from shared.conditions import expect
from shared.db import Session, insert
from shared.events.policy import CampaignChangedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound


class NothingInForce(Conflict):
    """Nobody can accept a policy of which nothing is in force."""


class CampaignClosed(Conflict):
    """A closed campaign asks nobody any more."""


class NotAsked(NotFound):
    """The campaign does not ask this person."""


def create(session: Session, body: CampaignIn) -> CampaignOut:
    """Begin a campaign and ask its audience; raises NotFound, NothingInForce, or Invalid for a date in the past."""
    actor = people.actor(session, body.employee_number)
    policy = policies.get(session, body.policy, lock=True)
    if standing.asked_version(session, policy) is None:
        raise NothingInForce(f"Nothing of the policy {policy.key} is in force yet.")
    refuse_past(session, body.due_at)
    campaign = Campaign(
        policy_id=policy.id,
        state="open",
        created_by=actor,
        created_at=session.now,
        asked_since=session.now,
        **body.model_dump(exclude={"policy", "employee_number"}),
    )
    session.add(campaign)
    session.flush()
    ask(session, campaign, session.exec(audience_of(session, campaign)).all(), campaign.due_at)
    return noted(session, policy, campaign, "started", people.person_in(actor))


def refuse_past(session: Session, due_at: datetime | None) -> None:
    """Refuse a date that has been."""
    if due_at is not None and due_at <= session.now:
        raise Invalid(
            "Nobody can be asked to accept by a time that has been.",
            errors=[FieldError(pointer="/due_at", detail="lies in the past")],
        )


def audience_of(session: Session, campaign: Campaign) -> SelectOfScalar[str]:
    """Return the ids of the people whom a campaign is for, as SQL."""
    return select(Person.id).where(*is_of(session, Audience.model_validate(campaign.audience)))


def is_of(session: Session, audience: Audience) -> list[ColumnElement[bool]]:
    """Return the conditions under which a `Person` is of an audience."""
    conditions: list[ColumnElement[bool]] = [col(Person.active).is_(True)]
    if audience.departments:
        conditions.append(col(Person.department).in_(audience.departments))
    if audience.regions:
        conditions.append(col(Person.region).in_(audience.regions))
    if audience.certifications:
        holders = select(Certificate.person).where(
            col(Certificate.certification).in_(audience.certifications), *certificates.counting(session)
        )
        conditions.append(col(Person.id).in_(holders))
    return conditions


def ask(session: Session, campaign: Campaign, persons: Iterable[str], due_at: datetime) -> None:
    """Ask people from now on; who is asked already stays as they are."""
    rows = [
        {
            "campaign_id": campaign.id,
            "person": person,
            "asked_at": session.now,
            "due_at": due_at,
            "steps": 0,
            "next_at": session.now,
        }
        for person in persons
    ]
    if rows:
        statement = insert(session, Asked.__table__).on_conflict_do_nothing()  # type: ignore[attr-defined]
        session.execute(statement, rows)


def ask_anew(session: Session, policy: Policy) -> None:
    """Begin the next round of a policy's open campaigns: a material version came into force."""
    for campaign in session.exec(open_campaigns().where(Campaign.policy_id == policy.id)):
        campaign.asked_since = session.now
        campaign.due_at = session.now + timedelta(days=campaign.days)
        campaign.revision += 1
        exempt = dict(
            session.exec(
                select(Asked.person, Asked.exempt).where(
                    Asked.campaign_id == campaign.id, col(Asked.exempt).is_not(None)
                )
            ).all()
        )
        session.execute(delete(Asked).where(col(Asked.campaign_id) == campaign.id, col(Asked.exempt).is_(None)))
        audience = session.exec(audience_of(session, campaign)).all()
        ask(session, campaign, [person for person in audience if person not in exempt], campaign.due_at)
        noted(session, policy, campaign, "asked_anew", None)


def follow(session: Session, person: str) -> None:
    """Ask somebody who has come to be of an audience, and leave alone who is of it no more."""
    for campaign in session.exec(open_campaigns()).all():
        belongs = session.exec(audience_of(session, campaign).where(Person.id == person)).first() is not None
        if belongs:
            ask(session, campaign, [person], max(campaign.due_at, session.now + timedelta(days=campaign.days)))
        else:
            drop(session, campaign, [person])


def follow_audience(session: Session, campaign: Campaign) -> None:
    """Ask who is of the audience now, and leave alone who is of it no more."""
    audience = set(session.exec(audience_of(session, campaign)).all())
    asked = set(session.exec(select(Asked.person).where(Asked.campaign_id == campaign.id)).all())
    drop(session, campaign, sorted(asked - audience))
    ask(session, campaign, sorted(audience - asked), max(campaign.due_at, session.now + timedelta(days=campaign.days)))


def drop(session: Session, campaign: Campaign, persons: list[str]) -> None:
    """Ask these people no more."""
    gone = delete(Asked).where(col(Asked.campaign_id) == campaign.id, col(Asked.person).in_(persons))
    session.execute(gone)


def open_campaigns() -> SelectOfScalar[Campaign]:
    """Return the campaigns that are going on."""
    return select(Campaign).where(Campaign.state == "open").order_by(Campaign.id)


def change(session: Session, campaign_id: str, body: CampaignChange, stated: int | None) -> CampaignOut:
    """Change a campaign that is going on; raises NotFound, Stale, CampaignClosed or Invalid."""
    policy, campaign = get_open(session, campaign_id, stated)
    refuse_past(session, body.due_at)
    if body.title is not None:
        campaign.title = body.title
    if body.due_at is not None:
        before, campaign.due_at = campaign.due_at, body.due_at
        reminders.move_due_date(session, campaign, before)
    if body.audience is not None:
        campaign.audience = body.audience.model_dump()
        follow_audience(session, campaign)
    return noted(session, policy, campaign, "changed", None)


def close(session: Session, campaign_id: str, stated: int | None) -> CampaignOut:
    """End a campaign; who has not accepted is missing, and no longer overdue. Raises NotFound, Stale, CampaignClosed."""
    policy, campaign = get_open(session, campaign_id, stated)
    campaign.state, campaign.closed_at = "closed", session.now
    return noted(session, policy, campaign, "closed", None)


def exempt(session: Session, campaign_id: str, body: ExemptionIn) -> PersonInCampaign:
    """Say that somebody need not accept, and why; raises NotFound, UnknownPerson, NotAsked or CampaignClosed."""
    _, campaign = get_open(session, campaign_id, None)
    person = people.find(session, body.employee_number)
    row = asked(session, campaign, person)
    row.exempt, row.exempted_by, row.exempted_at = body.reason, people.actor(session, None), session.now
    session.flush()
    where = f"acknowledgement-campaigns/{campaign.id}"
    record(session, "policy.campaign.exempted", where, digest_of(body.reason), person.id)
    return where_is(session, campaign, person)


def ask_after_all(session: Session, campaign_id: str, employee_number: str) -> PersonInCampaign:
    """Take an exemption back; raises NotFound, UnknownPerson, NotAsked or CampaignClosed."""
    _, campaign = get_open(session, campaign_id, None)
    person = people.find(session, employee_number)
    row = asked(session, campaign, person)
    if row.exempt is not None:
        row.exempt = row.exempted_by = row.exempted_at = None
        row.next_at = session.now
        session.flush()
        record(session, "policy.campaign.exemption_ended", f"acknowledgement-campaigns/{campaign.id}", None, person.id)
    return where_is(session, campaign, person)


def asked(session: Session, campaign: Campaign, person: Person) -> Asked:
    """Return what a campaign asks of a person; raises NotAsked."""
    row = session.get(Asked, (campaign.id, person.id))
    if row is None:
        raise NotAsked(f"The campaign does not ask {person.employee_number}.")
    return row


def get(session: Session, campaign_id: str) -> tuple[Policy, Campaign]:
    """Return a campaign with its policy; raises NotFound."""
    rows = select(Policy, Campaign).join(Campaign, col(Campaign.policy_id) == col(Policy.id))
    found = session.exec(rows.where(Campaign.id == campaign_id)).first()
    if found is None:
        raise NotFound(f"There is no campaign {campaign_id}.")
    return found


def get_open(session: Session, campaign_id: str, stated: int | None) -> tuple[Policy, Campaign]:
    """Return a campaign for a change; raises NotFound, Stale or CampaignClosed."""
    session.exec(select(Campaign.id).where(Campaign.id == campaign_id).with_for_update()).first()
    policy, campaign = get(session, campaign_id)
    expect(campaign.revision, stated)
    if campaign.state != "open":
        raise CampaignClosed
    return policy, campaign


def noted(session: Session, policy: Policy, campaign: Campaign, act: str, person: str | None) -> CampaignOut:
    """Count the change, put it into evidence, tell of it and answer with the campaign as it is now."""
    campaign.revision += act in {"changed", "closed"}
    session.flush()
    record(session, f"policy.campaign.{act}", f"acknowledgement-campaigns/{campaign.id}", person=person)
    base = standing.asked_version(session, policy)
    tell(
        session,
        CampaignChangedV1(
            id=campaign.id,
            policy=policy.key,
            version=base.number if base else 0,
            title=campaign.title,
            state=campaign.state,
            due_at=campaign.due_at,
            change=act,
        ),
    )
    return shown(session, policy, campaign)


def show(session: Session, campaign_id: str) -> CampaignOut:
    """Show a campaign and how far it is; raises NotFound."""
    return shown(session, *get(session, campaign_id))


def list_all(session: Session, paging: PageQuery, policy: str | None, state: str | None) -> Page[CampaignOut]:
    """Return campaigns, the newest first."""
    rows = select(Campaign)
    if policy is not None:
        rows = rows.where(Campaign.policy_id == policies.get(session, policy).id)
    if state is not None:
        rows = rows.where(Campaign.state == state)
    page: Page[Campaign] = pages.page(session, rows, paging, key=Campaign.id, to=lambda row: row, newest_first=True)
    by_id = {policy.id: policy for policy in session.exec(select(Policy))}
    return Page(items=[shown(session, by_id[row.policy_id], row) for row in page.items], next_cursor=page.next_cursor)


def shown(session: Session, policy: Policy, campaign: Campaign) -> CampaignOut:
    """Show a campaign with what it counts."""
    base = standing.asked_version(session, policy)
    return CampaignOut.model_validate(
        {
            **campaign.model_dump(),
            "policy": policy.key,
            "asked_version": base.number if base else 0,
            "counts": campaign_figures.total(session, policy, campaign),
        }
    )


def list_people(
    session: Session, campaign_id: str, status: str | None, department: str | None, paging: PageQuery
) -> Page[PersonInCampaign]:
    """Return whom a campaign asks, as far as the caller may see them; raises NotFound."""
    policy, campaign = get(session, campaign_id)
    versions = standing.counting_versions(session, policy)
    is_at = standing.status_in_campaign(session, versions)
    staff = select(Person).join(Asked, col(Asked.person) == col(Person.id))
    staff = staff.where(Asked.campaign_id == campaign.id, col(Person.active).is_(True))
    staff = staff.where(*people.visible(session))
    if status is not None:
        staff = staff.where(is_at == status)
    if department is not None:
        staff = staff.where(Person.department == department)
    page: Page[Person] = pages.page(session, staff, paging, key=Person.id, to=lambda person: person)
    return Page(items=places(session, campaign, versions, page.items), next_cursor=page.next_cursor)


def where_is(session: Session, campaign: Campaign, person: Person) -> PersonInCampaign:
    """Show where one person stands."""
    policy, _ = get(session, campaign.id)
    return places(session, campaign, standing.counting_versions(session, policy), [person])[0]


def places(session: Session, campaign: Campaign, versions: list[str], persons: list[Person]) -> list[PersonInCampaign]:
    """Show where people stand in a campaign."""
    ids = [person.id for person in persons]
    rows = select(Asked, standing.status_in_campaign(session, versions)).join(
        Person, col(Person.id) == col(Asked.person)
    )
    found = {
        row.person: (row, status)
        for row, status in session.exec(rows.where(Asked.campaign_id == campaign.id, col(Asked.person).in_(ids)))
    }
    accepted = select(Acknowledgement.person, Acknowledgement.acknowledged_at).where(
        col(Acknowledgement.version_id).in_(versions), col(Acknowledgement.person).in_(ids)
    )
    at = dict(session.exec(accepted.order_by(col(Acknowledgement.acknowledged_at).desc())).all())
    return [
        PersonInCampaign(
            **person.model_dump(include={"employee_number", "name", "department"}),
            status=found[person.id][1],
            **found[person.id][0].model_dump(include={"asked_at", "due_at", "exempt"}),
            acknowledged_at=at.get(person.id),
        )
        for person in persons
        if person.id in found
    ]
