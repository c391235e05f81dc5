"""Emergency rules: two people put a rule under a section of the version in force, for 14 days at most.

The section's text stays as people accepted it, so nobody has to accept anything anew.
"""

from collections.abc import Collection
from datetime import timedelta
from functools import partial

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import approvers, people, policies
from services.policy.schemas.emergency import EmergencyRuleIn, EmergencyRuleOut
from services.policy.schemas.policies import Content
from services.policy.tables import EmergencyRule, Policy, State, Version
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import EmergencyRuleEndedV1, EmergencyRuleStartedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.rules import InvalidRule, Rule, failing_examples
from shared.set_aside import at_hand, do_each

SWEEP = "emergency rules"

LONGEST = timedelta(days=14)


class NotALead(Forbidden):
    """Emergency rules are proposed by the task team's leads."""


class NotAConfirmer(Forbidden):
    """Emergency rules are confirmed and ended by the task team's leads and reviewers."""


class InvalidEmergencyRule(Invalid):
    """The rule cannot be used, or does not do what its examples say."""


class RuleIdTaken(Conflict):
    """A rule of this policy has that id already."""


class OwnProposal(Conflict):
    """An emergency rule needs a second person."""


class NotProposed(Conflict):
    """Only a proposed emergency rule can be confirmed."""


class EndedAlready(Conflict):
    """The emergency rule has ended."""


def propose(session: Session, body: EmergencyRuleIn) -> EmergencyRuleOut:
    """Propose a rule under a section that is there; raises NotALead, InvalidEmergencyRule, RuleIdTaken or NotFound."""
    lead = authorised(session, body.employee_number, {"lead"}, NotALead)
    policy = policies.get(session, body.policy, lock=True)
    version = session.exec(select(Version).where(Version.policy_id == policy.id, Version.state == State.PUBLISHED))
    current = version.first()
    if current is None:
        raise NotFound(f"Nothing of the policy {body.policy} is in force.")
    rule = readable(body.rule)
    refuse_misplaced(session, policy, Content.model_validate(current.content), body.section, rule.id)
    ends_at = body.ends_at or session.now + LONGEST
    if not session.now < ends_at <= session.now + LONGEST:
        raise Invalid(
            "An emergency lasts 14 days at most.",
            errors=[FieldError(pointer="/ends_at", detail="must lie within the next 14 days")],
        )
    row = EmergencyRule(
        policy=policy.key,
        version=current.number,
        section=body.section,
        rule=rule.id,
        yaml=body.rule,
        reason=body.reason,
        state="proposed",
        proposed_by=lead,
        proposed_at=session.now,
        ends_at=ends_at,
    )
    session.add(row)
    return noted(session, row, "proposed", lead)


def authorised(session: Session, employee_number: str | None, roles: set[str], refusal: type[Forbidden]) -> str:
    """Return the actor, who must hold a seat of one of these roles, or have signed in with `policies:write`.

    A key names a person, as an emergency takes two of them.
    """
    person = people.needed(session, employee_number)
    caller = session.context.caller
    trusted = caller is None or (caller.signed_in and caller.has("policies:write"))
    if not trusted and approvers.roles_of(session, person.id).isdisjoint(roles):
        raise refusal
    return f"person:{person.id}"


def readable(yaml: str) -> Rule:
    """Read the rule and try it on its examples; raises InvalidEmergencyRule with all that is wrong."""
    try:
        rule = Rule.from_yaml(yaml)
    except InvalidRule as error:
        errors = [
            FieldError(pointer="/rule", detail=f"Line {fault.line or 1}: {fault.pointer} {fault.message}")
            for fault in error.faults
        ]
        raise InvalidEmergencyRule(error.message, errors=errors) from None
    failing = [
        f'{each.expected} example "{each.example}": {each.why}' for each in failing_examples(rule)
    ] or missing_examples(rule)
    if failing:
        raise InvalidEmergencyRule(failing[0], errors=[FieldError(pointer="/rule", detail=each) for each in failing])
    return rule


def missing_examples(rule: Rule) -> list[str]:
    """Say which kind of example is not there."""
    kinds = {"match": rule.examples.match, "pass": rule.examples.pass_}
    return [f"examples: at least one under `{kind}` is needed" for kind, given in kinds.items() if not given]


def refuse_misplaced(session: Session, policy: Policy, content: Content, section: str, rule: str) -> None:
    """Refuse a section that is not there, and an id that another rule has."""
    if section not in {each.id for each in content.sections}:
        raise Invalid(
            "The version in force has no such section.", errors=[FieldError(pointer="/section", detail="not there")]
        )
    same = select(EmergencyRule.id).where(
        EmergencyRule.policy == policy.key, EmergencyRule.rule == rule, EmergencyRule.state != "ended"
    )
    if rule in {each.id for each in content.rules} or session.exec(same).first():
        raise RuleIdTaken(f'The policy {policy.key} has a rule "{rule}".')


def confirm(session: Session, rule_id: str, employee_number: str | None, stated: int | None) -> EmergencyRuleOut:
    """Put a proposed rule in force at once; raises NotAConfirmer, OwnProposal or NotProposed."""
    reviewer = authorised(session, employee_number, {"lead", "reviewer"}, NotAConfirmer)
    row = get(session, rule_id)
    expect(row.revision, stated)
    if row.state != "proposed" or row.ends_at <= session.now:
        raise NotProposed(f"The emergency rule is {row.state}.")
    if row.proposed_by == reviewer:
        raise OwnProposal
    row.state, row.confirmed_by, row.started_at = "in_force", reviewer, session.now
    touch_policy(session, row)
    tell(session, told(row, session))
    return noted(session, row, "confirmed", reviewer)


def end(session: Session, rule_id: str, employee_number: str | None, stated: int | None) -> EmergencyRuleOut:
    """End a rule before its time, or take a proposal back; raises NotAConfirmer or EndedAlready."""
    actor = authorised(session, employee_number, {"lead", "reviewer"}, NotAConfirmer)
    row = get(session, rule_id)
    expect(row.revision, stated)
    if row.state == "ended":
        raise EndedAlready
    row.ended_by = actor
    close(session, row, "ended")
    return noted(session, row, "ended", actor)


def end_due(session: Session) -> None:
    """End the rules whose time is up."""
    due = select(EmergencyRule.id).where(EmergencyRule.state != "ended", col(EmergencyRule.ends_at) <= session.now)
    due = due.where(at_hand(session, SWEEP, col(EmergencyRule.id))).order_by(EmergencyRule.id)
    do_each(session, SWEEP, list(session.exec(due)), partial(expire, session))


def expire(session: Session, rules: Collection[str]) -> None:
    """End rules whose time is up."""
    for rule_id in rules:
        row = get(session, rule_id)
        if row.state != "ended":
            close(session, row, "expired")
            noted(session, row, "expired", None)


def give_way(session: Session, policy: Policy, rules: Collection[str]) -> None:
    """End the emergency rules that a version coming into force has among its own: they are the policy's now."""
    same = select(EmergencyRule.id).where(
        EmergencyRule.policy == policy.key, col(EmergencyRule.rule).in_(rules), EmergencyRule.state != "ended"
    )
    for rule_id in session.exec(same.order_by(EmergencyRule.id)).all():
        row = get(session, rule_id)
        if row.state != "ended":
            close(session, row, "replaced")
            noted(session, row, "replaced", None)


def close(session: Session, row: EmergencyRule, why: str) -> None:
    """Mark a rule as ended, and tell of it if it was in force."""
    was_in_force = row.state == "in_force"
    row.state, row.ended_at = "ended", session.now
    if was_in_force:
        touch_policy(session, row)
        tell(session, EmergencyRuleEndedV1(id=row.id, policy=row.policy, rule=row.rule, why=why))


def touch_policy(session: Session, row: EmergencyRule) -> None:
    """What is in force of the policy has changed, so its ETag does."""
    policies.get(session, row.policy, lock=True).revision += 1


def told(row: EmergencyRule, session: Session) -> EmergencyRuleStartedV1:
    """Return the event by which others keep their copy of a rule in force."""
    return EmergencyRuleStartedV1(
        **row.model_dump(include={"id", "policy", "version", "section", "rule", "yaml", "ends_at"}),
        started_at=row.started_at or session.now,
    )


def get(session: Session, rule_id: str) -> EmergencyRule:
    """Return an emergency rule for a change, with its policy locked before it; raises NotFound."""
    policy = session.exec(select(EmergencyRule.policy).where(EmergencyRule.id == rule_id)).first()
    if policy is None:
        raise NotFound(f"There is no emergency rule {rule_id}.")
    policies.get(session, policy, lock=True)
    row = select(EmergencyRule).where(EmergencyRule.id == rule_id).with_for_update()
    return session.exec(row.execution_options(populate_existing=True)).one()


def noted(session: Session, row: EmergencyRule, act: str, by: str | None) -> EmergencyRuleOut:
    """Count the change, put it into evidence and answer with the rule as it is now."""
    row.revision += act != "proposed"
    session.flush()
    record(
        session, f"policy.emergency_rule.{act}", f"emergency-rules/{row.id}", digest_of(row.yaml), people.person_in(by)
    )
    return shown(session, [row])[0]


def seen(session: Session) -> SelectOfScalar[EmergencyRule]:
    """Return the query for the rules that the caller may see: all that counted, and to who sees drafts those proposed."""
    rows = select(EmergencyRule)
    return rows if people.sees_drafts(session) else rows.where(col(EmergencyRule.started_at).is_not(None))


def show(session: Session, rule_id: str) -> EmergencyRuleOut:
    """Show one emergency rule; raises NotFound."""
    row = session.exec(seen(session).where(EmergencyRule.id == rule_id)).first()
    if row is None:
        raise NotFound(f"There is no emergency rule {rule_id}.")
    return shown(session, [row])[0]


def list_all(session: Session, paging: PageQuery, policy: str | None, state: str | None) -> Page[EmergencyRuleOut]:
    """Return the emergency rules that the caller may see, the newest first."""
    rows = seen(session)
    if policy is not None:
        rows = rows.where(EmergencyRule.policy == policy)
    if state is not None:
        rows = rows.where(EmergencyRule.state == state)
    page: Page[EmergencyRule] = pages.page(
        session, rows, paging, key=EmergencyRule.id, to=lambda row: row, newest_first=True
    )
    return Page(items=shown(session, page.items), next_cursor=page.next_cursor)


def in_force(session: Session, policy: str) -> list[EmergencyRuleOut]:
    """Return the emergency rules of a policy that count now."""
    rows = select(EmergencyRule).where(
        EmergencyRule.policy == policy,
        EmergencyRule.state == "in_force",
        col(EmergencyRule.ends_at) > session.now,
    )
    return shown(session, list(session.exec(rows.order_by(EmergencyRule.id))))


def shown(session: Session, rows: list[EmergencyRule]) -> list[EmergencyRuleOut]:
    """Show emergency rules with the numbers of the people in them."""
    actors = {one for row in rows for one in (row.proposed_by, row.confirmed_by, row.ended_by)}
    known = people.by_id(session, {person for one in actors if (person := people.person_in(one))})
    return [show_one(row, {one: person.employee_number for one, person in known.items()}) for row in rows]


def show_one(row: EmergencyRule, numbers: dict[str, str]) -> EmergencyRuleOut:
    """Show one emergency rule."""
    rule = Rule.from_yaml(row.yaml)
    named = {
        name: numbers.get(people.person_in(getattr(row, name)) or "")
        for name in ("proposed_by", "confirmed_by", "ended_by")
    }
    return EmergencyRuleOut.model_validate(
        {**row.model_dump(), **named, "severity": rule.severity.value, "message": rule.message}
    )


def page_of_told(
    session: Session, after: str | None, limit: int
) -> list[EmergencyRuleStartedV1 | EmergencyRuleEndedV1]:
    """Tell again, by id, of every rule whose time is not up: in force, or ended before it."""
    rows = select(EmergencyRule).where(
        col(EmergencyRule.ends_at) > session.now, col(EmergencyRule.started_at).is_not(None)
    )
    rows = rows.where(col(EmergencyRule.id) > (after or "")).order_by(EmergencyRule.id).limit(limit)
    return [
        told(row, session)
        if row.state == "in_force"
        else EmergencyRuleEndedV1(id=row.id, policy=row.policy, rule=row.rule, why="ended")
        for row in session.exec(rows)
    ]
