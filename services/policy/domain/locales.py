"""In which language a reader gets each section: the one asked for where it is there and current, else the source."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from services.policy.schemas.policies import Content, ReadSection, SectionOut
from services.policy.schemas.translations import Translated, TranslatedSection
from services.policy.tables import SEEN_BY_ALL, Translation, Version
from shared.db import Session
from shared.locales import best_first, serves


@dataclass(frozen=True)
class Candidate:
    """A translation of a section, and the version for which it was written."""

    section: TranslatedSection
    version: int
    locale: str


@dataclass(frozen=True)
class Words:
    """What there is of a version in one language: the translations that are current, and those that are not."""

    current: dict[str, Candidate]
    outdated: dict[str, Candidate]
    title: str | None


@dataclass(frozen=True)
class Read:
    """A version in the language asked for, as far as it goes."""

    title: str | None
    locale: str
    sections: list[ReadSection]


def available(session: Session, version: Version, at: datetime) -> list[str]:
    """Return the locales into which a version, or one before it, was translated."""
    found = select(Translation.locale).join(Version, col(Version.id) == col(Translation.version_id))
    return sorted(session.exec(found.where(*applies(version, at)).distinct()))


def applies(version: Version, at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a translation is of this version, or of one before it that was published."""
    return (
        col(Version.policy_id) == version.policy_id,
        or_(
            col(Version.id) == version.id,
            (col(Version.number) < version.number) & col(Version.state).in_(SEEN_BY_ALL),
        ),
        col(Translation.created_at) <= at,
    )


def translations(session: Session, version: Version, locale: str, at: datetime) -> Iterator[tuple[int, Translated]]:
    """Pass the translations that a version can use, each with the number of its version, the newest first."""
    rows = (
        select(Translation.id, Version.number)
        .join(Version, col(Version.id) == col(Translation.version_id))
        .where(*applies(version, at), Translation.locale == locale)
        .order_by(col(Version.number).desc(), col(Translation.number).desc())
    )
    seen = set()
    for row, number in session.exec(rows).all():
        if number not in seen:
            seen.add(number)
            yield number, Translated.model_validate(session.get_one(Translation, row).content)


def words_in(session: Session, version: Version, content: Content, locale: str, at: datetime) -> Words:
    """Find the newest translation of each section, by whether its source is still the same."""
    wanted = {section.id: section.hash for section in content.sections}
    current: dict[str, Candidate] = {}
    outdated: dict[str, Candidate] = {}
    title = None
    for number, translated in translations(session, version, locale, at):
        if title is None and translated.source_title == content.title:
            title = translated.title
        for section in translated.sections:
            kept = current if wanted.get(section.id) == section.source_hash else outdated
            if section.id in wanted:
                kept.setdefault(section.id, Candidate(section, number, locale))
        if len(current) == len(wanted):
            break
    return Words(current, {each: outdated[each] for each in outdated if each not in current}, title)


def read(session: Session, version: Version, content: Content, asked: str | None, at: datetime) -> Read:
    """Return a version's sections, each in the language asked for where that is there and current."""
    if asked is None or content.locale == asked:
        return Read(content.title, content.locale, [source_section(each, content, asked) for each in content.sections])
    locales = best_first([*available(session, version, at), content.locale], asked)
    before = locales[: locales.index(content.locale)] if content.locale in locales else locales
    words = [words_in(session, version, content, locale, at) for locale in before]
    sections = [read_section(section, content, words, asked) for section in content.sections]
    title = next((each.title for each in words if each.title), content.title)
    locale = next((each.locale for each in sections if serves(each.locale, asked)), content.locale)
    return Read(title, locale, sections)


def read_section(section: SectionOut, content: Content, words: list[Words], asked: str) -> ReadSection:
    """Return a section in the best language there is."""
    for each in words:
        if found := each.current.get(section.id):
            said = found.section.model_dump(include={"heading", "html", "markdown", "text"})
            return ReadSection(**{**section.model_dump(), **said}, locale=found.locale)
    outdated = any(section.id in each.outdated for each in words)
    return source_section(section, content, asked).model_copy(update={"out_of_date": outdated})


def source_section(section: SectionOut, content: Content, asked: str | None) -> ReadSection:
    """Return a section as it was written."""
    fallback = asked is not None and not serves(content.locale, asked)
    return ReadSection(**section.model_dump(), locale=content.locale, fallback=fallback)
