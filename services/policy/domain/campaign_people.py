"""Where each person stands in a campaign, and who need not accept."""

from sqlmodel import col, select

from services.policy.domain import campaigns, people, standing
from services.policy.domain.standing import Counting
from services.policy.schemas.campaigns import ExemptionIn, PersonInCampaign
from services.policy.tables import Acknowledgement, Asked, Campaign, Person
from shared import pages
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery
from shared.problems import NotFound


class NotAsked(NotFound):
    """The campaign does not ask this person."""


def exempt(session: Session, campaign_id: str, body: ExemptionIn) -> PersonInCampaign:
    """Say that somebody need not accept, and why; raises NotFound, UnknownPerson, NotAsked or CampaignClosed."""
    _, campaign = campaigns.get_open(session, campaign_id, None)
    person = people.find(session, body.employee_number)
    row = asked(session, campaign, person)
    row.exempt, row.exempted_by, row.exempted_at = body.reason, people.actor(session, None), session.now
    row.next_at = None
    session.flush()
    where = f"acknowledgement-campaigns/{campaign.id}"
    record(session, "policy.campaign.exempted", where, digest_of(body.reason), person.id)
    return where_is(session, campaign, person)


def ask_after_all(session: Session, campaign_id: str, employee_number: str) -> PersonInCampaign:
    """Take an exemption back; raises NotFound, UnknownPerson, NotAsked or CampaignClosed."""
    _, campaign = campaigns.get_open(session, campaign_id, None)
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


def list_people(
    session: Session, campaign_id: str, status: str | None, department: str | None, paging: PageQuery
) -> Page[PersonInCampaign]:
    """Return whom a campaign asks, as far as the caller may see them; raises NotFound."""
    _, campaign = campaigns.get(session, campaign_id)
    counting = standing.counting_in(session, [campaign])[campaign.id]
    is_at = standing.status_in_campaign(session, counting, campaign.closed_at)
    staff = select(Person).join(Asked, col(Asked.person) == col(Person.id))
    staff = staff.where(Asked.campaign_id == campaign.id, col(Person.active).is_(True))
    staff = staff.where(*people.visible(session))
    if status is not None:
        staff = staff.where(is_at == status)
    if department is not None:
        staff = staff.where(Person.department == department)
    page: Page[Person] = pages.page(session, staff, paging, key=Person.id, to=lambda person: person)
    return Page(items=places(session, campaign, counting, page.items), next_cursor=page.next_cursor)


def where_is(session: Session, campaign: Campaign, person: Person) -> PersonInCampaign:
    """Show where one person stands."""
    return places(session, campaign, standing.counting_in(session, [campaign])[campaign.id], [person])[0]


def places(session: Session, campaign: Campaign, counting: Counting, persons: list[Person]) -> list[PersonInCampaign]:
    """Show where people stand in a campaign."""
    ids = [person.id for person in persons]
    rows = select(Asked, standing.status_in_campaign(session, counting, campaign.closed_at)).join(
        Person, col(Person.id) == col(Asked.person)
    )
    found = {
        row.person: (row, status)
        for row, status in session.exec(rows.where(Asked.campaign_id == campaign.id, col(Asked.person).in_(ids)))
    }
    accepted = select(Acknowledgement.person, Acknowledgement.acknowledged_at).where(
        col(Acknowledgement.version_id).in_(counting.versions), col(Acknowledgement.person).in_(ids)
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
