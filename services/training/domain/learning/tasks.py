"""Practical tasks: a person hands something in, a coach accepts it or gives it back with words."""

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses
from services.training.schemas.learning import ReviewIn, SubmissionIn, SubmissionOut
from services.training.schemas.modules import PracticalTask
from services.training.tables import Enrolment, Person, TaskSubmission
from shared.conditions import expect
from shared.db import Session
from shared.events.training import TaskReviewedV1, TaskSubmittedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound

REVIEWERS = frozenset({"coach", "lead", "admin"})


class NotACoach(Forbidden):
    """Practical tasks are reviewed by coaches."""


class AwaitsReview(Conflict):
    """Something was handed in already and waits for a coach."""


class TaskAccepted(Conflict):
    """The task was accepted; there is nothing more to hand in."""


class AlreadyReviewed(Conflict):
    """A coach has decided on this already."""


class NotAccepted(Invalid):
    """The task does not accept this form."""


def submit(session: Session, enrolment: str, module: str, body: SubmissionIn) -> SubmissionOut:
    """Hand something in; raises NotFound, ModuleLocked, NotAccepted, TaskAccepted or AwaitsReview."""
    row, person = enrolments.take(session, enrolment)
    task = task_of(session, row, module)
    enrolments.refuse_locked(session, row, module)
    given = [name for name in ("text", "link") if getattr(body, name) is not None]
    wrong = [
        FieldError(pointer=f"/{name}", detail="is not what this task accepts")
        for name in given
        if name not in task.accepts
    ]
    if wrong:
        raise NotAccepted(errors=wrong)
    before = select(TaskSubmission.state).where(TaskSubmission.enrolment == row.id, TaskSubmission.module == module)
    last = session.exec(before.order_by(col(TaskSubmission.id).desc()).limit(1)).first()
    if last == "submitted":
        raise AwaitsReview
    if last == "accepted" and enrolments.is_done(session, row, module):
        raise TaskAccepted
    made = TaskSubmission(
        enrolment=row.id,
        person=person.id,
        course=row.course,
        module=module,
        submitted_at=session.now,
        **body.model_dump(),
    )
    session.add(made)
    session.flush()
    tell(session, TaskSubmittedV1(**made.model_dump(include=set(TaskSubmittedV1.model_fields))))
    record(session, "task.submitted", f"task-submission/{made.id}", content_hash=digest_of(body), person=person.id)
    return out(session, made, person)


def review(session: Session, submission: str, body: ReviewIn, revision: int | None) -> SubmissionOut:
    """Accept something handed in, which makes its module done, or give it back.

    Raises NotFound, NotACoach, OwnMatter, Stale or AlreadyReviewed.
    """
    refuse_unless_coach(session)
    row, person = load(session, submission)
    access.refuse_own(session, row.person)
    coach = access.deciding(session, body.employee_number, "training:write")
    if coach.id == row.person:  # a key may have named them
        raise access.OwnMatter
    enrolment = enrolments.lock(session, row.enrolment)
    session.refresh(row, with_for_update=True)
    if row.state != "submitted":
        raise AlreadyReviewed
    expect(row.revision, revision)
    row.state = "accepted" if body.decision == "accept" else "returned"
    row.words = body.words
    row.reviewer = coach.id
    row.reviewed_at = session.now
    row.revision += 1
    session.add(row)
    told = row.model_dump(include={"id", "person", "course", "module"})
    tell(session, TaskReviewedV1(**told, decision=row.state))
    record(session, f"task.{row.state}", f"task-submission/{row.id}", content_hash=digest_of(body), person=row.person)
    if row.state == "accepted":
        enrolments.module_done(session, enrolment, row.module, "task.done", {"submission": row.id})
    return out(session, row, person)


def find(session: Session, paging: PageQuery, state: str | None, course: str | None) -> Page[SubmissionOut]:
    """List what was handed in, the oldest first: one's own, or for a coach all that they may reach."""
    query = (
        select(TaskSubmission, Person)
        .join(Person, col(Person.id) == col(TaskSubmission.person))
        .where(*access.limits(session, "training:read"))
    )
    if state is not None:
        query = query.where(TaskSubmission.state == state)
    if course is not None:
        query = query.where(TaskSubmission.course == course)
    if paging.after is not None:
        query = query.where(TaskSubmission.id > paging.after)
    rows = session.exec(query.order_by(TaskSubmission.id).limit(paging.limit + 1)).all()
    coaches = numbers(session, {row.reviewer for row, _ in rows if row.reviewer})
    items = [shown(row, person, coaches) for row, person in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > paging.limit else None)


def get(session: Session, submission: str) -> SubmissionOut:
    """Return something handed in; raises NotFound."""
    row, person = load(session, submission)
    return out(session, row, person)


def load(session: Session, submission: str) -> tuple[TaskSubmission, Person]:
    """Return a submission that the caller may read, with its person; raises NotFound."""
    found = session.exec(
        select(TaskSubmission, Person)
        .join(Person, col(Person.id) == col(TaskSubmission.person))
        .where(TaskSubmission.id == submission, *access.limits(session, "training:read"))
    ).first()
    if found is None:
        raise NotFound("Nothing like that was handed in, or it is someone else's.")
    access.note_look(session, found[1].id)
    return found


def refuse_unless_coach(session: Session) -> None:
    """Raise NotACoach for people who neither coach nor run the training."""
    caller = session.context.caller
    if caller is not None and not caller.has("training:write") and not REVIEWERS & caller.roles:
        raise NotACoach


def task_of(session: Session, row: Enrolment, module: str) -> PracticalTask:
    """Return a practical task of an enrolment; raises NotFound."""
    for one in courses.modules_of(session, row.course, row.version):
        if isinstance(one, PracticalTask) and one.key == module:
            return one
    raise NotFound(f"The course has no practical task {module}.")


def numbers(session: Session, people: set[str]) -> dict[str, str]:
    """Return the employee numbers of people by their ids."""
    return dict(session.exec(select(Person.id, Person.employee_number).where(col(Person.id).in_(people))).all())


def out(session: Session, row: TaskSubmission, person: Person) -> SubmissionOut:
    """Return something handed in as its person and their coach see it."""
    return shown(row, person, numbers(session, {row.reviewer} if row.reviewer else set()))


def shown(row: TaskSubmission, person: Person, coaches: dict[str, str]) -> SubmissionOut:
    """Return something handed in, with the coach's number."""
    named = {"employee_number": person.employee_number, "reviewed_by": coaches.get(row.reviewer or "")}
    return SubmissionOut.model_validate({**row.model_dump(), **named})
