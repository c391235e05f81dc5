"""The cues of triage as people read, edit and try them."""

from collections.abc import Iterator

from services.monitoring.domain.triage import shipped, triage
from services.monitoring.domain.triage.sorting import Sorter, every, pattern
from services.monitoring.schemas.triage import TriageCuesIn, TriageCuesOut, TriageLanguage, TrialIn, TrialOut
from services.monitoring.tables import TriageCues
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.pages import Page
from shared.problems import FieldError, Invalid, NotFound
from shared.rules.languages import primary


class NoCues(NotFound):
    """There are no cues for this language."""


class EmptyCue(Invalid):
    """A cue has no word and no mark that could be found in a text."""


def listed(session: Session) -> Page[TriageLanguage]:
    """List the languages that posts can be sorted in."""
    in_use = triage.readers(session)
    return Page(
        items=[TriageLanguage(language=each, edited=in_use.is_edited(each)) for each in in_use.languages],
        next_cursor=None,
    )


def read(session: Session, language: str) -> TriageCuesOut:
    """Return the cues of a language that are in use."""
    row = session.get(TriageCues, language)
    if row is not None and row.cues is not None:
        return show(language, TriageCuesIn.model_validate(row.cues), row)
    if language in shipped.languages():
        return show(language, shipped.cues(language), row)
    raise NoCues(f"There are no cues for {language} yet; PUT some.")


def put(session: Session, language: str, body: TriageCuesIn, if_match: int | None) -> TriageCuesOut:
    """Replace the cues of a language; posts that come in from now on are sorted by them, others stay as they are."""
    check(body)
    row = session.get(TriageCues, language)
    expect(0 if row is None else row.revision, if_match)
    if row is None:
        row = TriageCues(language=language, cues=None, edition="", changed_at=session.now, revision=0)
    change(session, row, body)
    record(session, "triage_cues.change", f"triage_cues/{language}", digest_of(body))
    return show(language, body, row)


def reset(session: Session, language: str, if_match: int | None) -> None:
    """Go back to the cues that come with the service; a language that has none is no longer sorted."""
    row = session.get(TriageCues, language)
    if row is None or row.cues is None:
        raise NoCues(f"The cues for {language} were not edited.")
    expect(row.revision, if_match)
    change(session, row, None)
    record(session, "triage_cues.reset", f"triage_cues/{language}")


def change(session: Session, row: TriageCues, cues: TriageCuesIn | None) -> None:
    """Begin another edition."""
    row.cues = cues.model_dump() if cues is not None else None
    row.edition, row.changed_at = new_id(), session.now
    row.revision += 1
    session.add(row)
    session.flush()


def check(cues: TriageCuesIn) -> None:
    """Refuse cues that nothing could ever match."""
    empty = list(empty_ones(cues))
    if empty:
        raise EmptyCue("Some cues have no word and no mark; see errors.", errors=empty)


def empty_ones(cues: TriageCuesIn) -> Iterator[FieldError]:
    """Yield where such cues stand."""
    for speaks_for, cue, _ in every(cues):
        if not pattern(cue).strip():
            yield FieldError(pointer=f"/{speaks_for}", detail=f"{cue!r} is never found")


def attempt(session: Session, body: TrialIn) -> TrialOut:
    """Sort a text as a post would be, and say by which cues."""
    in_use = triage.readers(session)
    lang = body.lang or triage.detect(body.text)
    cues_of = primary(lang) if lang is not None else None
    if body.cues is not None:
        check(body.cues)
        sorter: Sorter | None = Sorter(body.cues)
    elif cues_of is not None:
        sorter = in_use.sorter(cues_of)
    else:
        cues_of, sorter = in_use.surest(body.text)
    said = sorter.sort(body.text) if sorter is not None else triage.UNSORTED
    return TrialOut(
        lang=lang,
        cues_of=cues_of if sorter is not None else None,
        kind=said.kind,
        urgency=said.urgency,
        topic=said.topic,
        scores={name: round(score, 3) for name, score in sorter.scores(body.text).items()} if sorter else {},
        found=sorter.found(body.text) if sorter is not None else [],
    )


def show(language: str, cues: TriageCuesIn, row: TriageCues | None) -> TriageCuesOut:
    """Show cues with their revision; those that come with the service have the revision 0."""
    edited = row is not None and row.cues is not None
    return TriageCuesOut(
        **cues.model_dump(),
        language=language,
        changed_at=row.changed_at if row is not None and edited else None,
        revision=row.revision if row is not None else 0,
    )
