"""Policies, and which version of each is in force."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from services.policy.domain import locales, rulebook
from services.policy.domain.rows import add_once
from services.policy.schemas.policies import Content, FaqLink, InForceOut, PolicyIn, PolicyOut, ReadSection
from services.policy.tables import FaqEntry, Policy, State, Version
from shared import pages
from shared.db import Session
from shared.evidence import record
from shared.pages import Page, PageQuery
from shared.problems import Conflict, NotFound

MAX_FAQ = 20
"""Questions that are named beside a section: the policy is read again and again."""


class PolicyExists(Conflict):
    """There is a policy with this key already."""


class NotInForce(NotFound):
    """No version of this policy is in force at that time."""


def create(session: Session, body: PolicyIn) -> PolicyOut:
    """Open a policy that has no version in force yet; raises PolicyExists."""
    policy = Policy(
        key=body.key,
        title=body.title,
        quorum=body.quorum.reviewers,
        quorum_departments=body.quorum.departments,
        created_at=session.now,
    )
    if not add_once(session, policy):
        raise PolicyExists(f"The key {body.key} is taken.")
    record(session, "policy.created", f"policies/{body.key}")
    return PolicyOut.of(policy, None)


def get(session: Session, key: str, *, lock: bool = False) -> Policy:
    """Return a policy by its key; `lock` lets one change of its versions happen at a time. Raises NotFound."""
    statement = select(Policy).where(Policy.key == key)
    policy = session.exec(statement.with_for_update() if lock else statement).first()
    if policy is None:
        raise NotFound(f"There is no policy {key}.")
    return policy


def list_all(session: Session, paging: PageQuery) -> Page[PolicyOut]:
    """Return the policies, by key."""
    page: Page[Policy] = pages.page(session, select(Policy), paging, key=Policy.key, to=lambda policy: policy)
    in_force = select(Version.policy_id, Version.number).where(
        Version.state == State.PUBLISHED, col(Version.policy_id).in_([policy.id for policy in page.items])
    )
    numbers = dict(session.exec(in_force).all())
    return Page(
        items=[PolicyOut.of(policy, numbers.get(policy.id)) for policy in page.items], next_cursor=page.next_cursor
    )


def in_force(session: Session, key: str, at: datetime | None, locale: str | None = None) -> InForceOut:
    """Return what is in force now, or was or will be `at` a time as far as it is decided today.

    `locale` is the language the reader would like. Raises NotInForce.
    """
    policy = get(session, key)
    versions = select(Version).where(Version.policy_id == policy.id)
    if at is None:
        versions = versions.where(Version.state == State.PUBLISHED)
    else:
        versions = versions.where(col(Version.effective_at) <= at, Version.state != State.WITHDRAWN)
        versions = versions.order_by(col(Version.effective_at).desc(), col(Version.number).desc()).limit(1)
    version = session.exec(versions).first()
    if version is None or version.effective_at is None:
        raise NotInForce(f"No version of {key} is in force{f' at {at.isoformat()}' if at else ''}.")
    content = Content.model_validate(version.content)
    moment = min(at or session.now, session.now)
    read = locales.read(session, version, content, locale, moment)
    return InForceOut(
        key=policy.key,
        title=read.title or policy.title,
        version=version.number,
        state=version.state,
        locale=read.locale,
        source_locale=content.locale,
        locales=[content.locale, *locales.available(session, version, moment)],
        fallback=any(section.fallback for section in read.sections),
        owner=content.owner,
        contact=content.contact,
        effective_at=version.effective_at,
        superseded_at=version.superseded_at,
        change_note=version.change_note,
        material=version.material,
        content_hash=version.content_hash,
        sections=with_faq(session, policy, read.sections, moment),
        rules=content.rules,
        emergency_rules=rulebook.emergencies_at(session, policy.key, at or session.now),
        revision=policy.revision,
    )


def with_faq(session: Session, policy: Policy, sections: Iterable[ReadSection], at: datetime) -> list[ReadSection]:
    """Name beside each section the first questions that people asked about it, as far as they were answered by then."""
    entries = select(FaqEntry.id, FaqEntry.section, FaqEntry.section_hash, FaqEntry.question)
    mine = entries.where(FaqEntry.policy_id == policy.id, col(FaqEntry.created_at) <= at).order_by(FaqEntry.id)
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for entry, section, written_for, question in session.exec(mine):
        found[section].append((entry, written_for, question))
    return [
        section.model_copy(
            update={
                "faq": [
                    FaqLink(
                        id=entry,
                        question=question,
                        outdated=written_for != section.hash,
                        url=f"/v1/policies/{policy.key}/faq/{entry}",
                    )
                    for entry, written_for, question in found[section.id][:MAX_FAQ]
                ]
            }
        )
        for section in sections
    ]
