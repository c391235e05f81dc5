"""A person is erased: what says who they were and what they wrote goes, here at once and everywhere by an event.

Their id stays and stands for nobody. Certificates, completions and what was decided stay under it and are counted;
proofs stay, without the salt that ties them to anyone; a badge stays as a place in a status list that says revoked.
"""

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, Text, cast, delete, or_, update
from sqlalchemy import select as plain_select
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.access import NAMELESS
from services.training.domain.certification import decisions
from services.training.domain.provisioning import directory, hierarchy, import_guard
from services.training.schemas.privacy import ErasureIn, ErasureOut
from services.training.tables import (
    Accommodation,
    Answer,
    Attempt,
    Badge,
    Certificate,
    CertificateChange,
    CertificateOperation,
    CertificateOperationItem,
    Completion,
    Enrolment,
    Erasure,
    FormerNumber,
    GradedAnswer,
    GroupMember,
    ImportState,
    Look,
    PeopleImport,
    PeopleImportRow,
    Person,
    PersonSource,
    RefresherProposal,
    ScimEmail,
    ScimUser,
    Sharing,
    StatusList,
    SuspensionProposal,
    TaskSubmission,
)
from shared import erasure, works_council
from shared.db import Session, insert
from shared.erasure import GONE
from shared.events.erasures import ErasureFinished
from shared.events.training import MembershipChangedV1, PersonErasedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.problems import Conflict, FieldError, Invalid, NotFound

SERVICES = frozenset({"training", "policy", "monitoring", "gateway"})


class StillHere(Conflict):
    """Only whoever has left can be erased: their work, sessions and certificates end first, in order."""


class NotConfirmed(Invalid):
    """The employee number in the body is not that of the person: nothing was erased."""


def erase(session: Session, employee_number: str, body: ErasureIn) -> ErasureOut:
    """Erase a person, with the entries that were merged into theirs; there is no way back.

    Raises NotFound, OwnMatter, NotConfirmed, StillHere or ImportUnderWay.
    """
    import_guard.refuse(session)
    person = access.get_person(session, employee_number, "people:write")
    access.refuse_own(session, person.id)
    if body.employee_number != person.employee_number:
        wrong = FieldError(pointer="/employee_number", detail="is not the number of this person")
        raise NotConfirmed(errors=[wrong])
    hierarchy.lock(session)
    decisions.lock(session, [person.id])
    session.refresh(person, with_for_update=True)
    directory.refuse_erased(person)
    if person.active:
        raise StillHere(f"{person.employee_number} is active; let them leave first.")
    merged = session.exec(select(Person).where(Person.merged_into == person.id)).all()
    for one in (*merged, person):
        forget(session, one)
        tell(session, PersonErasedV1(id=one.id, erased_at=session.now))
        record(session, "person.erased", f"person/{one.id}", digest_of(body), one.id)
    caller = session.context.caller
    row = Erasure(id=person.id, erased_at=session.now, requested_by=caller.id if caller else None, finished={})
    session.add(row)
    session.flush()
    return ErasureOut.model_validate(row)


def forget(session: Session, person: Person) -> None:
    """Take one entry's data out of this service."""
    former = select(FormerNumber.employee_number).where(FormerNumber.person == person.id)
    external = select(PersonSource.external_id).where(PersonSource.person == person.id)
    words = [person.employee_number, person.user_name, person.email, *session.exec(former), *session.exec(external)]
    proposals = session.exec(select(SuspensionProposal.id).where(about(person.id))).all()
    certificates = session.exec(select(Certificate.id).where(Certificate.person == person.id)).all()
    told = [*(f"suspension/{one}" for one in proposals), *(f"certificate/{one}" for one in certificates)]
    erasure.begin(session, person.id, told, words)
    forget_rows_of_files(session, person, words)
    forget_learning(session, person.id)
    forget_certificates(session, person.id)
    forget_badges(session, person.id)
    if session.exec(select(GroupMember).where(GroupMember.person == person.id).limit(1)).first() is not None:
        tell(session, MembershipChangedV1(person=person.id, groups=[]))
    forget_belongings(session, person.id)
    unseen = {"person": person.id, "resource": {}, "record": {}, "deleted_at": session.now}
    hidden = insert(session, ScimUser.__table__).values(unseen)  # type: ignore[attr-defined]
    session.execute(hidden.on_conflict_do_update(index_elements=["person"], set_=unseen))
    session.execute(update(Person).where(col(Person.manager) == person.id).values(manager=None))
    blank: dict[str, object] = {
        "name": NAMELESS,
        "email": "",
        "department": "",
        "region": "",
        "manager": None,
        "languages": [],
    }
    gone = dict.fromkeys(("cost_centre", "legal_entity", "title", "locale")) | {"changed_at": session.now}
    names = {"employee_number": f"erased-{person.id}", "user_name": f"erased:{person.id}"}
    person.sqlmodel_update({**blank, **gone, **names, "revision": person.revision + 1})
    session.add(person)
    session.flush()


def forget_belongings(session: Session, person: str) -> None:
    """Delete where a person came from and belonged."""
    for table in (PersonSource, FormerNumber, GroupMember, ScimEmail, Accommodation, Look):
        session.execute(delete(table).where(col(table.person) == person))
    works_council.DROP_ENTITY.run(session, {"person": person})


def forget_rows_of_files(session: Session, person: Person, words: Sequence[str | None]) -> None:
    """Take a person out of the files of people that were sent of late."""
    known = [word for word in words if word]
    theirs = or_(col(PeopleImportRow.employee_number).in_(known), col(PeopleImportRow.user_name).in_(known))
    session.execute(
        update(PeopleImportRow)
        .where(theirs)
        .values(employee_number=None, user_name=None, manager=None, data=None, detail=GONE)
    )
    led = update(PeopleImportRow).where(col(PeopleImportRow.manager) == person.employee_number)
    session.execute(led.values(manager=None))
    done = col(PeopleImport.state).in_([ImportState.DONE, ImportState.REFUSED, ImportState.FAILED])
    own = col(PeopleImport.requested_by) == f"person:{person.id}"
    session.execute(update(PeopleImport).where(done, own).values(caller=None))


def forget_learning(session: Session, person: str) -> None:
    """Take out what a person answered and handed in, and what was said of it; that and how it went stays."""
    enrolments = plain_select(col(Enrolment.id)).where(col(Enrolment.person) == person)
    attempts = plain_select(col(Attempt.id)).where(col(Attempt.enrolment).in_(enrolments))
    session.execute(delete(Answer).where(col(Answer.attempt).in_(attempts)))
    session.execute(update(GradedAnswer).where(col(GradedAnswer.attempt).in_(attempts)).values(given=None))
    handed_in = update(TaskSubmission).where(col(TaskSubmission.person) == person)
    session.execute(handed_in.values(text=None, link=None, words=None, revision=TaskSubmission.revision + 1))
    reviewed = update(TaskSubmission).where(col(TaskSubmission.reviewer) == person)
    session.execute(reviewed.values(words=None, revision=TaskSubmission.revision + 1))
    session.execute(update(Completion).where(col(Completion.person) == person).values(evidence=None))
    refresher = or_(col(RefresherProposal.person) == person, col(RefresherProposal.decided_by) == person)
    session.execute(update(RefresherProposal).where(refresher).values(answer=None))


def forget_certificates(session: Session, person: str) -> None:
    """Take out why certificates were suspended or revoked; that they were stays."""
    held = update(Certificate).where(col(Certificate.person) == person)
    session.execute(held.values(reason=None, revision=Certificate.revision + 1))
    session.execute(update(CertificateChange).where(col(CertificateChange.person) == person).values(reason=None))
    of_many = update(CertificateOperationItem).where(col(CertificateOperationItem.person) == person)
    session.execute(of_many.values(detail=None))
    proposals = update(SuspensionProposal).where(about(person))
    session.execute(proposals.values(reason=GONE, answer=None, revision=SuspensionProposal.revision + 1))
    forget_operations(session, person)


def forget_operations(session: Session, person: str) -> None:
    """Take out by which number a person was known who did something to many certificates; what they did stays."""
    theirs = cast(col(CertificateOperation.caller), Text).contains(person, autoescape=True)
    for row in session.exec(select(CertificateOperation).where(theirs)).all():
        row.caller = {**row.caller, "employee_number": None}
        row.revision += 1
        session.add(row)


def about(person: str) -> ColumnElement[bool]:
    """Return the condition that a proposal is about a person, or by them."""
    return or_(
        col(SuspensionProposal.person) == person,
        col(SuspensionProposal.proposer) == person,
        col(SuspensionProposal.decided_by) == person,
    )


def forget_badges(session: Session, person: str) -> None:
    """Revoke a person's badges and take out the hash of their e-mail; the place in the status list says revoked for good."""
    session.execute(delete(Sharing).where(col(Sharing.person) == person))
    for badge in session.exec(select(Badge).where(Badge.person == person)).all():
        said = orjson.loads(badge.credential)
        achievement = said["credentialSubject"]["achievement"]
        badge.credential = orjson.dumps(
            {
                "name": said["name"],
                "credentialSubject": {"achievement": achievement},
            }
        ).decode()
        if badge.revoked_at is None:
            badge.revoked_at = session.now
            of_list = update(StatusList).where(col(StatusList.number) == badge.list_number)
            session.execute(of_list.values(revision=StatusList.revision + 1, changed_at=session.now))
            record(session, "badge.revoked", f"badge/{badge.id}", person=person)
        session.add(badge)
    session.flush()


def get(session: Session, erased: str) -> ErasureOut:
    """Return how far an erasure is, by the id that its answer had; raises NotFound."""
    row = session.get(Erasure, erased)
    if row is None:
        raise NotFound("There is no such erasure.")
    return ErasureOut.model_validate(row)


def note_finished(session: Session, event: ErasureFinished) -> None:
    """Note that a service is done; with the last one, the erasure is complete."""
    row = session.get(Erasure, event.person, with_for_update=True)
    if row is None:
        return
    row.finished = {**row.finished, event.teller(): event.finished_at.isoformat()}
    row.revision += 1
    if row.completed_at is None and row.finished.keys() >= SERVICES:
        row.completed_at = session.now
    session.add(row)
    session.flush()


def snapshot(session: Session, after: str | None, limit: int) -> list[PersonErasedV1]:
    """Return what is told of those who were erased, with ids after `after`."""
    query = select(Person).where(Person.name == NAMELESS, Person.id > (after or ""))
    rows = session.exec(query.order_by(Person.id).limit(limit)).all()
    return [PersonErasedV1(id=row.id, erased_at=row.changed_at or row.created_at) for row in rows]
