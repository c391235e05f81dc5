"""What is said of customers' posts: their language where they name none, and what the cues in use make of them.

Only what customers write is sorted. Of what staff write nobody is told whether it sounds like a complaint.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Text, cast
from sqlmodel import col, select

from services.monitoring.domain.triage import shipped
from services.monitoring.domain.triage.sorting import AS_USUAL, Sorted, Sorter
from services.monitoring.schemas.posts import PostIn
from services.monitoring.schemas.triage import Kind, TriageCuesIn
from services.monitoring.tables import Availability, TriageCues
from shared.db import Session
from shared.rules import languages

SURE = 0.7
"""So likely a language must be before a post counts as written in it: a wrong one sends it to the wrong people."""
LONGEST = 2000
"""Characters by which a text's language is told."""
UNSORTED = Sorted("other", AS_USUAL, None)


class Reading(NamedTuple):
    """What is said of a post: its language, if that is clear, and of a customer's what it is, how urgent, and of what."""

    lang: str | None
    kind: Kind | None = None
    urgency: int | None = None
    topic: str | None = None


class Readers:
    """The cues in use at this moment."""

    def __init__(self, edited: dict[str, Sorter]) -> None:
        self._edited = edited
        self.languages = sorted({*edited, *shipped.languages()})

    def sorter(self, language: str) -> Sorter | None:
        """Return the cues of a language, if there are any."""
        if language in self._edited:
            return self._edited[language]
        return shipped_sorter(language) if language in shipped.languages() else None

    def read(self, text: str, lang: str | None) -> Reading:
        """Say what a customer's text is; where its language is not clear, by the cues that are surest of it."""
        lang = lang or detect(text)
        sorter = self.sorter(languages.primary(lang)) if lang is not None else self.surest(text)[1]
        said = sorter.sort(text) if sorter is not None else UNSORTED
        return Reading(lang, said.kind, said.urgency, said.topic)

    def surest(self, text: str) -> tuple[str | None, Sorter | None]:
        """Return the language whose cues are surest of a text, and those; none where no cue is found."""
        said = [(sorter.sort(text).certainty, each, sorter) for each in self.languages if (sorter := self.sorter(each))]
        certainty, language, sorter = max(said, key=lambda one: one[0])
        return (language, sorter) if certainty else (None, None)

    def is_edited(self, language: str) -> bool:
        """Say whether the cues of a language were edited here."""
        return language in self._edited


@lru_cache
def shipped_sorter(language: str) -> Sorter:
    """Return the cues that come for a language, made ready."""
    return Sorter(shipped.cues(language))


class Editions:
    """Cues that were edited here, made ready; an edition never changes, so that no replica has to be told."""

    KEPT = 64

    def __init__(self) -> None:
        self._sorters: dict[str, Sorter] = {}

    def get(self, session: Session, language: str, edition: str) -> Sorter:
        """Return an edition, made ready when it is first asked for; the oldest are forgotten."""
        sorter = self._sorters.get(edition)
        if sorter is None:
            row = session.get_one(TriageCues, language)
            sorter = Sorter(TriageCuesIn.model_validate(row.cues))
            self._sorters = dict([*self._sorters.items()][1 - self.KEPT :]) | {edition: sorter}
        return sorter


editions = Editions()


def readers(session: Session) -> Readers:
    """Return the cues in use."""
    known = select(TriageCues.language, TriageCues.edition).where(col(TriageCues.cues).is_not(None))
    return Readers({language: editions.get(session, language, edition) for language, edition in session.execute(known)})


def detect(text: str) -> str | None:
    """Return the language of a text, None if that is not clear."""
    found = languages.likely(text[:LONGEST])
    best = max(found, key=found.__getitem__, default=None)
    return best if best is not None and found[best] >= SURE else None


def read_all(session: Session, posts: Sequence[PostIn]) -> list[Reading]:
    """Say what each post is; of staff's nothing but the language."""
    in_use = readers(session) if any(post.kind == "mention" for post in posts) else Readers({})
    return [
        in_use.read(post.text, post.lang) if post.kind == "mention" else Reading(post.lang or detect(post.text))
        for post in posts
    ]


def read_message(session: Session, text: str, lang: str | None) -> Reading:
    """Say what a customer's message is, as routing takes it: with a topic only where somebody takes that."""
    read = readers(session).read(text, lang)
    return read._replace(topic=read.topic if read.topic in taken(session, [read.topic]) else None)


def taken(session: Session, topics: Iterable[str | None]) -> set[str]:
    """Return those of these topics that somebody says they take.

    A topic that was only guessed must not keep a conversation from colleagues who would have taken it without one.
    """
    guessed = {topic for topic in topics if topic is not None}
    if not guessed:
        return set()
    told = session.execute(select(cast(Availability.topics, Text)).distinct()).scalars()
    named = " ".join(told)
    return {topic for topic in guessed if f'"{topic}"' in named}
