"""A module with what it teaches, as its learner sees it."""

from collections.abc import Mapping

from services.training.domain.learning import enrolments, progress, readings
from services.training.domain.teaching import courses, pages, wording
from services.training.schemas.courses import AnyModule
from services.training.schemas.learning import CaptionsOut, ModuleView, ReadingShown, SectionShown, VideoOut
from services.training.schemas.modules import Lesson, PolicyReading, PracticalTask, Video
from shared.db import Session
from shared.problems import NotFound


def module(session: Session, enrolment: str, key: str, locale: str | None) -> ModuleView:
    """Return a module of an enrolment, with what it teaches unless it is locked; raises NotFound."""
    row, _ = enrolments.load(session, enrolment, "training:read")
    version = courses.version_of(session, row.course, row.version)
    shown = next((one for one in progress.of(session, row, version, locale) if one.key == key), None)
    if shown is None:
        raise NotFound(f"The course has no module {key}.")
    view = ModuleView.model_validate(shown.model_dump())
    if shown.state == "locked":
        return view
    written = next(one for one in version.modules if one.key == key)
    words = wording.worded(version, written, locale).module
    files = pages.files_of(row.course, version.assets)
    text = pages.markdown_of(words)
    view.html = pages.html(text, files) if text else None
    return fill(session, view, words, files)


def fill(session: Session, view: ModuleView, words: AnyModule, files: Mapping[str, str]) -> ModuleView:
    """Add what only modules of one kind have."""
    if isinstance(words, Lesson) and words.video:
        view.video = video(words.video, files)
    elif isinstance(words, PolicyReading):
        view.reading = reading(session, words)
    elif isinstance(words, PracticalTask):
        view.accepts = list(words.accepts)
        view.criteria = words.criteria
    return view


def video(shown: Video, files: Mapping[str, str]) -> VideoOut:
    """Return a video with the addresses of its captions."""
    captions = [CaptionsOut(locale=one.locale, url=one.url or files[f"assets/{one.file}"]) for one in shown.captions]
    return VideoOut(url=shown.url, title=shown.title, captions=captions, transcript=shown.transcript)


def reading(session: Session, bound: PolicyReading) -> ReadingShown | None:
    """Return the sections that a reading is bound to, as they are in force; None while nothing is."""
    number = readings.in_force(session, [bound.policy]).get(bound.policy)
    if number is None:
        return None
    found = readings.sections(session, bound.policy, number, bound.sections)
    sections = [
        SectionShown(id=row.section, heading=row.heading, html=pages.html(row.markdown, {}), hash=row.hash)
        for row in found
    ]
    there = {row.section for row in found}
    missing = [section for section in bound.sections if section not in there]
    return ReadingShown(policy=bound.policy, version=number, sections=sections, missing=missing)
