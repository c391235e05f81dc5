"""Translations of a version: each section remembers the source that it was translated from."""

from dataclasses import dataclass

from sqlmodel import col, select

from services.policy.domain import locales, people, search, sources, versions
from services.policy.schemas.policies import Content, SectionOut, SourceWarning
from services.policy.schemas.translations import (
    Translated,
    TranslatedSection,
    TranslatedSectionOut,
    TranslationIn,
    TranslationLine,
    TranslationOut,
)
from services.policy.tables import SEEN_BY_ALL, Policy, State, Translation, Version
from shared.db import Session
from shared.events.policy import VersionTranslatedV1
from shared.evidence import record
from shared.markdown import hash_of
from shared.outbox import tell
from shared.pages import Page
from shared.problems import Conflict, NotFound


class NotTranslatable(Conflict):
    """A version that is no longer read is not translated."""


class NotTranslated(NotFound):
    """The version has no translation into this language."""


@dataclass(frozen=True)
class Draft:
    """A translation as it was read; `lines` says where each section stands in its source, counted from 1."""

    title: str | None
    locale: str | None
    sections: list[SectionOut]
    lines: dict[str, int]
    warnings: list[SourceWarning]


def parse(source: str) -> Draft:
    """Return what the source of a translation says; raises InvalidSource."""
    remarks = sources.Remarks()
    matter, blocks, lines, offset = sources.outline(source, remarks)
    for token in (token for block in blocks for token in block.rules):
        line = offset + sources.lines_of(token)[0] + 1
        remarks.fail(line, "rules stay in the version's own source; leave them out of a translation.")
    remarks.refuse()
    return Draft(
        title=matter.title,
        locale=matter.locale if "locale" in matter.model_fields_set else None,
        sections=sources.sections_of(blocks, lines),
        lines={block.id: block.line for block in blocks},
        warnings=remarks.warnings,
    )


def write(
    session: Session, key: str, number: int, locale: str, body: TranslationIn, draft: Draft, if_match: int | None
) -> TranslationOut:
    """Keep a translation of a version; what it said before stays on record.

    Raises NotTranslatable, Stale with both texts, or InvalidSource for a section that the version does not have.
    """
    policy, version = versions.get(session, key, number, lock=True)
    before = newest(session, version, locale)
    versions.expect_unchanged(before, body, if_match, revision=before.number if before else 0)
    if version.state in {State.SUPERSEDED, State.WITHDRAWN}:
        raise NotTranslatable(f"The version is {version.state}.")
    content = Content.model_validate(version.content)
    check(draft, content, locale)
    hashes = {section.id: section.hash for section in content.sections}
    translated = Translated(
        title=draft.title,
        source_title=content.title,
        sections=[
            TranslatedSection(
                **each.model_dump(include={"id", "heading", "html", "markdown", "text"}), source_hash=hashes[each.id]
            )
            for each in draft.sections
        ],
        warnings=draft.warnings,
    )
    author = people.actor(session, body.employee_number)
    row = Translation(
        version_id=version.id,
        locale=locale,
        number=(before.number if before else 0) + 1,
        source=body.source,
        content=translated.model_dump(mode="json"),
        author=author,
        created_at=session.now,
    )
    session.add(row)
    session.flush()
    note(session, policy, version, locale, draft, author)
    return shown(session, policy, version, locale)


def check(draft: Draft, content: Content, locale: str) -> None:
    """Refuse a translation that is not one of this version into this language; raises InvalidSource."""
    remarks = sources.Remarks()
    if draft.locale not in {None, locale}:
        remarks.fail(1, f'front matter: the locale is "{draft.locale}", the address says "{locale}".')
    if locale == content.locale:
        remarks.fail(1, f'the version itself is written in "{locale}".')
    known = {section.id for section in content.sections}
    for section in draft.sections:
        if section.id not in known:
            line = draft.lines[section.id]
            remarks.fail(line, f'the version has no section "{section.id}"; end the heading with the {{#id}} of one.')
    remarks.refuse()


def note(session: Session, policy: Policy, version: Version, locale: str, draft: Draft, author: str) -> None:
    """Put a translation into evidence; tell of it where it is read by everyone at once."""
    record(
        session,
        "policy.translation.written",
        f"policies/{policy.key}/versions/{version.number}/translations/{locale}",
        content_hash=hash_of(draft.title or "", *(each.hash for each in draft.sections)),
        person=people.person_in(author),
    )
    if version.state == State.PUBLISHED:
        search.keep_version(session, policy, version)
    if version.state in SEEN_BY_ALL:
        policy.revision += 1
        sections = [section.id for section in draft.sections]
        tell(session, VersionTranslatedV1(policy=policy.key, version=version.number, locale=locale, sections=sections))


def newest(session: Session, version: Version, locale: str) -> Translation | None:
    """Return what was written last for this very version."""
    rows = select(Translation).where(Translation.version_id == version.id, Translation.locale == locale)
    return session.exec(rows.order_by(col(Translation.number).desc()).limit(1)).first()


def show(session: Session, key: str, number: int, locale: str) -> TranslationOut:
    """Return a version in another language; raises NotTranslated."""
    policy, version = versions.get(session, key, number)
    if locale not in locales.available(session, version, session.now):
        raise NotTranslated(f"Version {number} of {key} is not translated into {locale}.")
    return shown(session, policy, version, locale)


def list_all(session: Session, key: str, number: int) -> Page[TranslationLine]:
    """Return the languages of a version; there are few, so one page holds them all."""
    policy, version = versions.get(session, key, number)
    found = [shown(session, policy, version, locale) for locale in locales.available(session, version, session.now)]
    return Page(items=[TranslationLine.model_validate(each) for each in found], next_cursor=None)


def shown(session: Session, policy: Policy, version: Version, locale: str) -> TranslationOut:
    """Show where the translation of each section stands."""
    content = Content.model_validate(version.content)
    words = locales.words_in(session, version, content, locale, session.now)
    sections = [shown_section(section, words) for section in content.sections]
    own = newest(session, version, locale)
    return TranslationOut(
        policy=policy.key,
        number=version.number,
        locale=locale,
        title=words.title,
        sections=sections,
        current=sum(each.status == "current" for each in sections),
        out_of_date=sum(each.out_of_date for each in sections),
        missing=sum(each.status == "missing" for each in sections),
        warnings=Translated.model_validate(own.content).warnings if own else [],
        author=own.author if own else None,
        updated_at=own.created_at if own else None,
        edition=own.number if own else 0,
    )


def shown_section(section: SectionOut, words: locales.Words) -> TranslatedSectionOut:
    """Show a section's translation, also one that is out of date, for the translator to go on from."""
    current, outdated = words.current.get(section.id), words.outdated.get(section.id)
    found = current or outdated
    return TranslatedSectionOut(
        id=section.id,
        status="current" if current else "out_of_date" if outdated else "missing",
        out_of_date=outdated is not None,
        source_heading=section.heading,
        source_hash=section.hash,
        translated_from=found.section.source_hash if found else None,
        version=found.version if found else None,
        heading=found.section.heading if found else None,
        html=found.section.html if found else None,
        markdown=found.section.markdown if found else None,
    )
