"""Questions and answers beside the sections of a policy, many of them once asked of the task team."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from services.policy.domain import people, policies, search
from services.policy.schemas.questions import FaqChange, FaqIn, FaqOut, QuestionFaqIn
from services.policy.tables import FaqEntry, Policy, Question, State, Version
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import FaqChangedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound


class NoSuchSection(Invalid):
    """The policy in force has no such section."""


class InFaqAlready(Conflict):
    """The question has become an entry already."""


def sections_of(session: Session, policy: Policy) -> Mapping[str, dict[str, Any]]:
    """Return the sections of the version in force by their ids; none when no version is."""
    versions = select(Version).where(Version.policy_id == policy.id, Version.state == State.PUBLISHED)
    version = session.exec(versions).first()
    return {section["id"]: section for section in version.content["sections"]} if version else {}


def check_place(session: Session, key: str | None, section: str | None) -> None:
    """Refuse a policy or section that is not in force; raises NoSuchSection."""
    policy = session.exec(select(Policy).where(Policy.key == key)).first() if key else None
    if policy is None:
        raise NoSuchSection(
            "A question is about a policy that is there.",
            errors=[FieldError(pointer="/policy", detail="not a policy of ours")],
        )
    if section is not None:
        hash_of(session, policy, section)


def hash_of(session: Session, policy: Policy, section: str) -> str:
    """Return the hash of a section in force; raises NoSuchSection."""
    found = sections_of(session, policy).get(section)
    if found is None:
        raise NoSuchSection(
            f"No section {section} of {policy.key} is in force.",
            errors=[FieldError(pointer="/section", detail="not a section in force")],
        )
    return str(found["hash"])


def add(session: Session, key: str, body: FaqIn) -> FaqOut:
    """Write an entry; raises NotFound or NoSuchSection."""
    policy = policies.get(session, key)
    entry = FaqEntry(
        policy_id=policy.id,
        section_hash=hash_of(session, policy, body.section),
        written_by=people.actor(session, None),
        created_at=session.now,
        updated_at=session.now,
        **body.model_dump(),
    )
    session.add(entry)
    session.flush()
    search.keep_entry(session, policy.key, entry)
    return noted(session, policy, entry, "added")


def add_from_question(session: Session, question: Question, body: QuestionFaqIn) -> FaqOut:
    """Turn an answered question, which is locked, into an entry; raises NoSuchSection or InFaqAlready."""
    if question.faq is not None:
        raise InFaqAlready(f"It is the entry {question.faq}.")
    key, section = body.policy or question.policy, body.section or question.section
    check_place(session, key, section)
    if key is None or section is None:
        raise NoSuchSection("An entry needs a section.", errors=[FieldError(pointer="/section", detail="needed here")])
    text = FaqIn(section=section, question=body.question or question.text, answer=body.answer or question.answer or "")
    entry = add(session, key, text)
    question.faq = entry.id
    question.revision += 1
    return entry


def change(session: Session, key: str, entry_id: str, body: FaqChange, if_match: int | None) -> FaqOut:
    """Change what the body names; raises NotFound, Stale or NoSuchSection."""
    policy, entry = get(session, key, entry_id)
    expect(entry.revision, if_match)
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(entry, name, value)
    entry.section_hash = hash_of(session, policy, entry.section)
    entry.updated_at = session.now
    entry.revision += 1
    session.flush()
    search.keep_entry(session, policy.key, entry)
    return noted(session, policy, entry, "changed")


def remove(session: Session, key: str, entry_id: str, if_match: int | None) -> None:
    """Remove an entry; raises NotFound or Stale."""
    policy, entry = get(session, key, entry_id)
    expect(entry.revision, if_match)
    noted(session, policy, entry, "removed")
    search.forget_entry(session, entry.id)
    session.delete(entry)


def show(session: Session, key: str, entry_id: str) -> FaqOut:
    """Return an entry; raises NotFound."""
    policy, entry = get(session, key, entry_id, lock=False)
    return shown(policy, entry, sections_of(session, policy))


def get(session: Session, key: str, entry_id: str, *, lock: bool = True) -> tuple[Policy, FaqEntry]:
    """Return an entry with its policy, for a change unless `lock` is false; raises NotFound."""
    policy = policies.get(session, key)
    rows = select(FaqEntry).where(FaqEntry.id == entry_id, FaqEntry.policy_id == policy.id)
    locked = rows.with_for_update().execution_options(populate_existing=True)
    entry = session.exec(locked if lock else rows).first()
    if entry is None:
        raise NotFound(f"{key} has no such entry.")
    return policy, entry


def noted(session: Session, policy: Policy, entry: FaqEntry, what: str) -> FaqOut:
    """Enter a change of an entry into evidence and tell it; whoever reads the policy sees that it is another now."""
    session.execute(update(Policy).where(col(Policy.id) == policy.id).values(revision=Policy.revision + 1))
    digest = digest_of(f"{entry.question}\n{entry.answer}")
    record(session, f"policy.faq.{what}", f"policies/{policy.key}/faq/{entry.id}", content_hash=digest)
    tell(session, FaqChangedV1(id=entry.id, policy=policy.key, section=entry.section, change=what))
    return shown(policy, entry, sections_of(session, policy))


def list_of(session: Session, key: str, section: str | None, paging: PageQuery) -> Page[FaqOut]:
    """Return the entries of a policy, of one section if it is named; raises NotFound."""
    policy = policies.get(session, key)
    entries = select(FaqEntry).where(FaqEntry.policy_id == policy.id)
    if section is not None:
        entries = entries.where(FaqEntry.section == section)
    sections = sections_of(session, policy)
    return pages.page(session, entries, paging, key=col(FaqEntry.id), to=lambda row: shown(policy, row, sections))


def shown(policy: Policy, entry: FaqEntry, sections: Mapping[str, dict[str, Any]]) -> FaqOut:
    """Show an entry, and whether its section is still the one that it was written for."""
    section = sections.get(entry.section)
    outdated = section is None or section["hash"] != entry.section_hash
    return FaqOut(policy=policy.key, outdated=outdated, **entry.model_dump(exclude={"policy_id"}))
