"""Search over the sections in force and the FAQ, by SQLite's FTS5 or PostgreSQL's full text; both find the same.

The words are folded here (`words.py`), so that neither database's own idea of a word, an accent or a query operator
matters: what is asked becomes a list of words and nothing else. All are looked for; where no text has all of them,
any. What is found is kept in step within the transaction that changes what is in force.
"""

import html
from collections.abc import Collection, Sequence

import nh3
from sqlalchemy import ColumnElement, bindparam, cast, column, delete, func, literal_column, or_, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import col, select

from services.policy.domain import locales
from services.policy.domain.languages import primary
from services.policy.domain.words import PREFIX, fold, snippet
from services.policy.schemas.policies import Content, SectionOut
from services.policy.schemas.search import HitOut, Kind
from services.policy.schemas.translations import TranslatedSection
from services.policy.tables import FaqEntry, Policy, SearchDocument, State, Version
from shared.db import Session
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import FieldError, Invalid
from shared.set_aside import at_hand, do_each

WORDS = 16
"""More words than this of a query are not looked for."""
SWEEP = "search"
DEEPEST = 1000
HIGHEST_POSITION = 16383
"""The last position of a word that PostgreSQL tells from others."""
fts = table("fts_search", column("place"), column("words"), column("title"), column("body"))


def is_sqlite(session: Session) -> bool:
    """Tell which of the two full-text indexes there is."""
    return session.get_bind().dialect.name == "sqlite"


def keep_version(session: Session, policy: Policy, version: Version) -> None:
    """Let the sections of a version in force be found, also in other languages, and nothing else of its policy."""
    old = select(SearchDocument.place).where(SearchDocument.policy == policy.key, SearchDocument.kind == "policy")
    forget(session, session.exec(old).all())
    content = Content.model_validate(version.content)
    written: list[tuple[str, SectionOut | TranslatedSection]] = [(content.locale, each) for each in content.sections]
    for locale in locales.available(session, version, session.now):
        words = locales.words_in(session, version, content, locale, session.now)
        written += [(locale, each.section) for each in words.current.values()]
    documents = [
        SearchDocument(
            kind="policy",
            policy=policy.key,
            version=version.number,
            locale=locale,
            section=section.id,
            title=section.heading,
            text=plain(section.html),
        )
        for locale, section in written
    ]
    keep(session, documents)


def keep_entry(session: Session, policy: str, entry: FaqEntry) -> None:
    """Let an FAQ entry be found as it is now."""
    forget_entry(session, entry.id)
    document = SearchDocument(
        kind="faq", policy=policy, section=entry.section, entry=entry.id, title=entry.question, text=entry.answer
    )
    keep(session, [document])


def forget_entry(session: Session, entry: str) -> None:
    """Let an FAQ entry be found no more."""
    forget(session, session.exec(select(SearchDocument.place).where(SearchDocument.entry == entry)).all())


def keep_missing(session: Session) -> None:
    """Let versions be found that came into force before there was a search."""
    known = select(SearchDocument.policy).where(SearchDocument.kind == "policy")
    rows = select(Policy, Version).join(Version, col(Version.policy_id) == col(Policy.id))
    missing = rows.where(Version.state == State.PUBLISHED, col(Policy.key).not_in(known)).order_by(Policy.key)

    def keep_some(keys: Collection[str]) -> None:
        for policy, version in session.exec(missing.where(col(Policy.key).in_(keys))).all():
            keep_version(session, policy, version)

    next_up = missing.with_only_columns(col(Policy.key)).where(at_hand(session, SWEEP, col(Policy.key))).limit(20)
    do_each(session, SWEEP, list(session.execute(next_up).scalars()), keep_some)


def plain(markup: str) -> str:
    """Return the text of HTML as people read it."""
    return " ".join(html.unescape(nh3.clean(markup.replace("<", " <"), tags=set())).split())


def keep(session: Session, documents: Sequence[SearchDocument]) -> None:
    """Write documents and their words."""
    session.add_all(documents)
    session.flush()
    if not documents:
        return
    if is_sqlite(session):
        statement = "INSERT INTO fts_search (rowid, title, body) VALUES (:place, :title, :body)"
        rows = [
            {"place": each.place, "title": " ".join(fold(each.title)), "body": " ".join(fold(each.text))}
            for each in documents
        ]
    else:
        statement = "INSERT INTO fts_search (place, words) VALUES (:place, CAST(:words AS tsvector))"
        rows = [{"place": each.place, "words": vector(each)} for each in documents]
    session.execute(text(statement), rows)


def vector(document: SearchDocument) -> str:
    """Return a document's words as PostgreSQL reads them: each with its places, those of the title weighing most.

    Folded words hold neither quotes nor backslashes.
    """
    places: dict[str, list[str]] = {}
    for weight, words in (("A", fold(document.title)), ("D", fold(document.text))):
        for at, word in enumerate(words, 1):
            places.setdefault(word, []).append(f"{min(at, HIGHEST_POSITION)}{weight}")
    return " ".join(f"'{word}':{','.join(at[:255])}" for word, at in places.items())


def forget(session: Session, places: Collection[int | None]) -> None:
    """Remove documents and their words."""
    if places:
        place = "rowid" if is_sqlite(session) else "place"
        statement = text(f"DELETE FROM fts_search WHERE {place} IN :places")  # noqa: S608  one of two names of ours
        session.execute(statement.bindparams(bindparam("places", expanding=True)), {"places": list(places)})
        session.execute(delete(SearchDocument).where(col(SearchDocument.place).in_(places)))


def find(session: Session, asked: str, kinds: Collection[Kind], locale: str | None, paging: PageQuery) -> Page[HitOut]:
    """Return what has the words that are asked for, the best first; without a word, nothing is found.

    With a `locale`, only what is written in that language, and FAQ entries, of which it is not known.
    """
    wanted = list(dict.fromkeys(fold(asked)))[:WORDS]
    begin = offset_of(paging)
    if not wanted:
        return Page(items=[])
    among: list[ColumnElement[bool]] = [col(SearchDocument.kind).in_(kinds)]
    if locale is not None:
        written, spoken = col(SearchDocument.locale), primary(locale)
        among.append(or_(written.is_(None), written == spoken, written.startswith(f"{spoken}-", autoescape=True)))
    everything = places_of(session, wanted, " AND " if is_sqlite(session) else " & ", among, 0, 1)
    joined = (" AND " if everything else " OR ") if is_sqlite(session) else (" & " if everything else " | ")
    places = places_of(session, wanted, joined, among, begin, paging.limit + 1)
    rows = session.exec(select(SearchDocument).where(col(SearchDocument.place).in_(places[: paging.limit])))
    documents = {row.place: row for row in rows}
    items = [hit(documents[place], wanted) for place in places[: paging.limit]]
    more = len(places) > paging.limit and begin + paging.limit < DEEPEST
    return Page(items=items, next_cursor=encode_cursor(str(begin + paging.limit)) if more else None)


def offset_of(paging: PageQuery) -> int:
    """Return how many hits come before the page; raises Invalid for a cursor that no page of ours named."""
    after = paging.after or "0"
    if not after.isascii() or not after.isdigit() or len(after) > 4 or int(after) > DEEPEST:
        raise Invalid("The cursor is not one of ours.", errors=[FieldError(pointer="?cursor", detail="not ours")])
    return int(after)


def places_of(
    session: Session, wanted: Sequence[str], joined: str, among: list[ColumnElement[bool]], begin: int, limit: int
) -> list[int]:
    """Return the places of the documents that have the words, the best first."""
    place: ColumnElement[int]
    rank: ColumnElement[float]
    if is_sqlite(session):
        query = joined.join(f'"{word}"*' if len(word) >= PREFIX else f'"{word}"' for word in wanted)
        place, rank = literal_column("fts_search.rowid"), literal_column("bm25(fts_search, 8.0, 1.0)")
        matches = literal_column("fts_search").op("MATCH")(query)
    else:
        query = joined.join(f"'{word}':*" if len(word) >= PREFIX else f"'{word}'" for word in wanted)
        asked = cast(query, TSQUERY)
        place, rank = fts.c.place, -func.ts_rank(fts.c.words, asked, 1)
        matches = fts.c.words.op("@@")(asked)
    statement = select(place).select_from(fts).join(SearchDocument, col(SearchDocument.place) == place)
    statement = statement.where(matches, *among)
    return list(session.execute(statement.order_by(rank, place).offset(begin).limit(limit)).scalars())


def hit(document: SearchDocument, wanted: Collection[str]) -> HitOut:
    """Show a document with the part of it that has the words."""
    return HitOut(**document.model_dump(exclude={"place", "text"}), snippet=snippet(document.text, wanted))
