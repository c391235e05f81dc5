"""Campaigns: who must accept what is in force of a policy, by when, and who need not."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import campaign_figures, certificates, people, policies, reminders, standing
from services.policy.schemas.campaigns import (
    Audience,
    CampaignChange,
    CampaignIn,
    CampaignOut,
)
from services.policy.tables import Asked, Campaign, Certificate, Person, Policy, metadata
from shared import pages
from shared.conditions import expect
from shared.db import Session, insert
from shared.events.policy import CampaignChangedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.set_aside import at_hand, do_each
from shared.statements import Prebuilt

CAMPAIGNS = metadata.tables["campaigns"]
ANY_OPEN = Prebuilt(select(CAMPAIGNS.c.id).where(CAMPAIGNS.c.state == "open").limit(1))
"""Asked for each person of whom anything is told, hundreds of thousands when a directory is loaded."""
SWEEP = "audiences"


class NothingInForce(Conflict):
    """Nobody can accept a policy of which nothing is in force."""


class CampaignClosed(Conflict):
    """A closed campaign asks nobody any more."""


class BeyondDepartments(Forbidden):
    """A key that is limited to departments asks only these: the audience has to name them."""


def refuse_beyond(session: Session, *audiences: Audience) -> None:
    """Turn away a key that is limited to departments from an audience of others; raises BeyondDepartments."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return
    if any(not each.departments or not caller.departments.issuperset(each.departments) for each in audiences):
        raise BeyondDepartments


def create(session: Session, body: CampaignIn) -> CampaignOut:
    """Begin a campaign and ask its audience.

    Raises NotFound, NothingInForce, BeyondDepartments, or Invalid for a date in the past.
    """
    refuse_beyond(session, body.audience)
    actor = people.actor(session, body.employee_number)
    policy = policies.get(session, body.policy, lock=True)
    if not standing.counting_of(session, policy).versions:
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
    mine = open_campaigns().where(Campaign.policy_id == policy.id)
    for campaign in session.exec(mine.with_for_update()).all():
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
    if ANY_OPEN.first(session) is None:
        return
    for campaign in session.exec(open_campaigns()).all():
        belongs = session.exec(audience_of(session, campaign).where(Person.id == person)).first() is not None
        if belongs:
            ask(session, campaign, [person], max(campaign.due_at, session.now + timedelta(days=campaign.days)))
        else:
            drop(session, campaign, col(Asked.person) == person)


def follow_audience(session: Session, campaign: Campaign) -> None:
    """Ask who is of the audience now, and leave alone who is of it no more."""
    belong = audience_of(session, campaign)
    rows = select(Asked.person).where(Asked.campaign_id == campaign.id)
    drop(session, campaign, col(Asked.person).not_in(belong))
    joined = session.exec(belong.where(col(Person.id).not_in(rows)).order_by(Person.id)).all()
    ask(session, campaign, joined, max(campaign.due_at, session.now + timedelta(days=campaign.days)))


def follow_all(session: Session) -> None:
    """Ask and leave alone whom no event told of: a certificate whose time is up, or a joiner in the midst of a start."""
    campaigns = select(Campaign.id).where(Campaign.state == "open", at_hand(session, SWEEP, col(Campaign.id)))
    do_each(session, SWEEP, list(session.exec(campaigns.order_by(Campaign.id))), partial(follow_some, session))


def follow_some(session: Session, campaigns: Collection[str]) -> None:
    """Ask and leave alone whom campaigns that are going on have come to mean, and mean no more."""
    for campaign in session.exec(open_campaigns().where(col(Campaign.id).in_(campaigns))).all():
        follow_audience(session, campaign)


def drop(session: Session, campaign: Campaign, who: ColumnElement[bool]) -> None:
    """Ask these people no more."""
    session.execute(delete(Asked).where(col(Asked.campaign_id) == campaign.id, who))


def open_campaigns() -> SelectOfScalar[Campaign]:
    """Return the campaigns that are going on."""
    return select(Campaign).where(Campaign.state == "open").order_by(Campaign.id)


def change(session: Session, campaign_id: str, body: CampaignChange, stated: int | None) -> CampaignOut:
    """Change a campaign that is going on; raises NotFound, Stale, CampaignClosed, BeyondDepartments or Invalid."""
    policy, campaign = get_open(session, campaign_id, stated)
    refuse_beyond(
        session, Audience.model_validate(campaign.audience), body.audience or Audience.model_validate(campaign.audience)
    )
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
    """End a campaign: nobody is reminded any more.

    Raises NotFound, Stale, CampaignClosed or BeyondDepartments.
    """
    policy, campaign = get_open(session, campaign_id, stated)
    refuse_beyond(session, Audience.model_validate(campaign.audience))
    campaign.state, campaign.closed_at = "closed", session.now
    session.execute(update(Asked).where(col(Asked.campaign_id) == campaign.id).values(next_at=None))
    return noted(session, policy, campaign, "closed", None)


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
    tell(
        session,
        CampaignChangedV1(
            id=campaign.id,
            policy=policy.key,
            version=standing.counting_of(session, policy).latest,
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
    found = select(Policy).where(col(Policy.id).in_({row.policy_id for row in page.items}))
    return Page(items=all_shown(session, session.exec(found).all(), page.items), next_cursor=page.next_cursor)


def shown(session: Session, policy: Policy, campaign: Campaign) -> CampaignOut:
    """Show a campaign with what it counts."""
    return all_shown(session, [policy], [campaign])[0]


def all_shown(session: Session, policies: Sequence[Policy], campaigns: Sequence[Campaign]) -> list[CampaignOut]:
    """Show campaigns of these policies, each with what it counts."""
    keys = {policy.id: policy.key for policy in policies}
    counting = standing.counting_in(session, campaigns)
    counts = campaign_figures.totals(session, campaigns, counting)
    return [
        CampaignOut.model_validate(
            {
                **campaign.model_dump(),
                "policy": keys[campaign.policy_id],
                "edition": campaign.revision,
                "asked_version": counting[campaign.id].asked,
                "counts": counts[campaign.id],
            }
        )
        for campaign in campaigns
    ]
