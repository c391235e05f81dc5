"""The question bank of a course: each edit makes a version, and a sitting keeps the one that it drew."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement
from sqlmodel import and_, col, delete, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from services.training.domain import access
from services.training.domain.learning.drawing import Candidate
from services.training.domain.teaching import courses, rules
from services.training.schemas.questions import BankQuestionOut, QuestionQuery
from services.training.schemas.quizzes import Difficulty, Draw, Question
from services.training.tables import BankQuestion, BankQuestionTag, BankQuestionVersion
from shared.conditions import expect
from shared.db import Session
from shared.evidence import Deed, digest_of, record, record_all
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid, NotFound

QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


class QuestionExists(Conflict):
    """The course has a question with this key already."""


class NotEnoughQuestions(Conflict):
    """The course's bank has not enough questions for the draws of a quiz."""


class OtherKey(Invalid):
    """The body names another question than the path."""


def create(session: Session, course: str, body: Question) -> BankQuestionOut:
    """Add a question to a course's bank; raises NotFound, QuestionExists or rules.NoSuchRule."""
    access.refuse_limited(session, "The question bank")
    courses.load(session, course)
    if session.exec(select(BankQuestion.id).where(*of(course, body.key))).first() is not None:
        raise QuestionExists(f"The course {course} has a question {body.key} already.")
    kept = rules.publish(session, body)
    row = BankQuestion(course=course, key=body.key, kind=body.kind, difficulty=body.difficulty, created_at=session.now)
    session.add(row)
    session.flush()
    return write(session, row, kept, "question.created")


def write_all(session: Session, course: str, contents: Sequence[Question]) -> None:
    """Add many questions at once, or their next versions; `contents` are as `rules.publish` gave them, and new."""
    known = select(BankQuestion).where(
        BankQuestion.course == course, col(BankQuestion.key).in_([one.key for one in contents])
    )
    rows = {row.key: row for row in session.exec(known.order_by(col(BankQuestion.id)).with_for_update())}
    ids = [row.id for row in rows.values()]
    session.execute(delete(BankQuestionTag).where(col(BankQuestionTag.question).in_(ids)))
    deeds = []
    for one in contents:
        row = rows.get(one.key)
        deeds.append("question.changed" if row else "question.created")
        if row is None:
            row = rows[one.key] = BankQuestion(
                course=course, key=one.key, kind=one.kind, difficulty=one.difficulty, created_at=session.now
            )
        else:
            row.version += 1
            row.revision += 1
            row.kind, row.difficulty = one.kind, one.difficulty
    session.add_all(rows.values())
    session.flush()
    session.add_all(
        BankQuestionVersion(
            question=rows[one.key].id,
            number=rows[one.key].version,
            content=one.model_dump(mode="json"),
            created_at=session.now,
        )
        for one in contents
    )
    session.add_all(BankQuestionTag(question=rows[one.key].id, tag=tag) for one in contents for tag in one.tags)
    session.flush()
    record_all(
        session,
        [Deed(deed, subject(rows[one.key]), digest_of(one)) for deed, one in zip(deeds, contents, strict=True)],
    )


def change(session: Session, course: str, key: str, body: Question, if_match: int | None) -> BankQuestionOut:
    """Write the next version of a question; the same again changes nothing. Raises NotFound, Stale, OtherKey, NoSuchRule."""
    access.refuse_limited(session, "The question bank")
    row = take(session, course, key, if_match)
    if body.key != key:
        raise OtherKey(errors=[FieldError(pointer="/key", detail=f"must be {key}")])
    kept = rules.publish(session, body)
    if content_of(session, row) == kept:
        return out(row, kept)
    row.version += 1
    row.revision += 1
    row.kind, row.difficulty = body.kind, body.difficulty
    return write(session, row, kept, "question.changed")


def write(session: Session, row: BankQuestion, content: Question, action: str) -> BankQuestionOut:
    """Write the newest version of a question, and the tags by which it is found."""
    session.add(row)
    version = BankQuestionVersion(
        question=row.id, number=row.version, content=content.model_dump(mode="json"), created_at=session.now
    )
    session.add(version)
    session.execute(delete(BankQuestionTag).where(BankQuestionTag.question == row.id))  # type: ignore[arg-type]
    session.add_all(BankQuestionTag(question=row.id, tag=tag) for tag in content.tags)
    session.flush()
    record(session, action, subject(row), content_hash=digest_of(content))
    return out(row, content)


def retire(session: Session, course: str, key: str, if_match: int | None) -> BankQuestionOut:
    """Draw a question no more; sittings that have it keep it. Raises NotFound or Stale."""
    access.refuse_limited(session, "The question bank")
    row = take(session, course, key, if_match)
    if row.retired_at is None:
        row.retired_at = session.now
        row.revision += 1
        record(session, "question.retired", subject(row))
    return out(row, content_of(session, row))


def reinstate(session: Session, course: str, key: str, if_match: int | None) -> BankQuestionOut:
    """Draw a retired question again; raises NotFound or Stale."""
    access.refuse_limited(session, "The question bank")
    row = take(session, course, key, if_match)
    if row.retired_at is not None:
        row.retired_at = None
        row.revision += 1
        record(session, "question.reinstated", subject(row))
    return out(row, content_of(session, row))


def get(session: Session, course: str, key: str) -> BankQuestionOut:
    """Return a question in its newest version; raises NotFound."""
    row = load(session, course, key)
    return out(row, content_of(session, row))


def find(session: Session, course: str, paging: PageQuery, asked: QuestionQuery) -> Page[BankQuestionOut]:
    """List a course's questions, oldest first; raises NotFound."""
    courses.load(session, course)
    query = select(BankQuestion).where(BankQuestion.course == course)
    if asked.tag is not None:
        query = query.where(col(BankQuestion.id).in_(tagged(asked.tag)))
    if asked.difficulty is not None:
        query = query.where(BankQuestion.difficulty == asked.difficulty)
    if asked.kind is not None:
        query = query.where(BankQuestion.kind == asked.kind)
    if asked.retired is not None:
        retired = col(BankQuestion.retired_at)
        query = query.where(retired.is_not(None) if asked.retired else retired.is_(None))
    found: Page[BankQuestion] = page(session, query, paging, key=BankQuestion.id, to=lambda row: row)
    contents = contents_of(session, found.items)
    return Page(items=[out(row, contents[row.id]) for row in found.items], next_cursor=found.next_cursor)


def find_versions(session: Session, course: str, key: str, paging: PageQuery) -> Page[BankQuestionOut]:
    """List the versions of a question, oldest first; raises NotFound."""
    row = load(session, course, key)
    versions = select(BankQuestionVersion).where(BankQuestionVersion.question == row.id)
    return page(
        session,
        versions,
        paging,
        key=BankQuestionVersion.id,
        to=lambda found: out(row, QUESTION.validate_python(found.content), found.number),
    )


def candidates(session: Session, course: str, draws: Sequence[Draw]) -> list[Candidate]:
    """Return the questions of a bank that some draws may choose from, with as many of their tags as those ask for."""
    wanted = sorted({draw.tag for draw in draws if draw.tag is not None})
    tag = and_(col(BankQuestionTag.question) == col(BankQuestion.id), col(BankQuestionTag.tag).in_(wanted))
    rows = session.execute(
        select(BankQuestion.key, BankQuestion.version, BankQuestion.difficulty, BankQuestionTag.tag)
        .join(BankQuestionTag, tag, isouter=True)
        .where(BankQuestion.course == course, col(BankQuestion.retired_at).is_(None))
        .where(or_(*(fits(draw) for draw in draws)))
    ).all()
    tags: dict[tuple[str, int, str], set[str]] = {}
    for key, version, difficulty, one in rows:
        tags.setdefault((key, version, difficulty), set()).update([one] if one is not None else [])
    return [Candidate(key, version, frozenset(found), level) for (key, version, level), found in tags.items()]


def read(session: Session, course: str, drawn: Sequence[Candidate]) -> dict[str, Question]:
    """Return the newest versions of some questions of a bank, by key."""
    rows = session.exec(
        select(BankQuestion).where(BankQuestion.course == course, col(BankQuestion.key).in_([one.key for one in drawn]))
    ).all()
    found = contents_of(session, rows)
    return {row.key: found[row.id] for row in rows}


def fits(draw: Draw) -> ColumnElement[bool]:
    """Return the condition on questions that a draw makes."""
    conditions: list[ColumnElement[bool]] = [] if draw.tag is None else [col(BankQuestion.id).in_(tagged(draw.tag))]
    if draw.difficulty is not None:
        conditions.append(col(BankQuestion.difficulty) == Difficulty(draw.difficulty))
    return and_(True, *conditions)


def tagged(tag: str) -> SelectOfScalar[str]:
    """Return the query of the ids of questions that have a tag."""
    return select(BankQuestionTag.question).where(BankQuestionTag.tag == tag)


def take(session: Session, course: str, key: str, if_match: int | None) -> BankQuestion:
    """Return the row of a question for a change; raises NotFound or Stale."""
    row = load(session, course, key)
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    return row


def load(session: Session, course: str, key: str) -> BankQuestion:
    """Return the row of a question; raises NotFound."""
    row = session.exec(select(BankQuestion).where(*of(course, key))).first()
    if row is None:
        raise NotFound(f"The course {course} has no question {key}.")
    return row


def of(course: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the condition by which a question is found."""
    return col(BankQuestion.course) == course, col(BankQuestion.key) == key


def newest() -> ColumnElement[bool]:
    """Return the condition by which a question is joined with its newest version."""
    return and_(
        col(BankQuestionVersion.question) == col(BankQuestion.id),
        col(BankQuestionVersion.number) == col(BankQuestion.version),
    )


def content_of(session: Session, row: BankQuestion) -> Question:
    """Return what the newest version of a question says."""
    return contents_of(session, [row])[row.id]


def contents_of(session: Session, rows: Sequence[BankQuestion]) -> dict[str, Question]:
    """Return what the newest versions of questions say, by their ids."""
    found = session.exec(
        select(BankQuestionVersion)
        .join(BankQuestion, newest())
        .where(col(BankQuestionVersion.question).in_([row.id for row in rows]))
    )
    return {version.question: QUESTION.validate_python(version.content) for version in found}


def subject(row: BankQuestion) -> str:
    """Name a question in evidence."""
    return f"question/{row.course}/{row.key}/{row.version}"


def out(row: BankQuestion, content: Question, version: int | None = None) -> BankQuestionOut:
    """Return a question as its authors see it."""
    return BankQuestionOut(
        id=row.id,
        course=row.course,
        version=version or row.version,
        retired_at=row.retired_at,
        revision=row.revision,
        question=content,
    )
