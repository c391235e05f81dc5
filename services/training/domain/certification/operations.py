"""One thing done to many certificates: shown first, then done piece by piece to just those that were shown."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy import insert as plain_insert
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import certificates, changes
from services.training.domain.certification.history import names_of
from services.training.domain.certification.standing import STILL_CERTIFIED, status_at
from services.training.schemas.certificates import Status
from services.training.schemas.operations import (
    Chosen,
    Concerned,
    Excluded,
    ItemOutcome,
    Operation,
    OperationAnswer,
    OperationIn,
    OperationItemOut,
    OperationOut,
    PreviewOut,
)
from services.training.tables import (
    Certificate,
    CertificateOperation,
    CertificateOperationItem,
    OperationState,
    Person,
    State,
)
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, encode_cursor, page
from shared.problems import Conflict, NotFound

SAMPLE = 20
AT_ONCE = 500
ABANDONED = timedelta(minutes=10)
MOST = 20_000
SCOPE = "certificates:write"


class SetChanged(Conflict):
    """Other certificates fit by now than in the preview; `preview` in the problem shows them: look at it and send its token."""


class NothingToDo(Conflict):
    """No certificate fits for which this can be done."""


class TooManyAtOnce(Conflict):
    """More certificates fit than one operation may change."""


@dataclass(frozen=True, slots=True)
class Concerns:
    """Whom an operation concerns: its preview, and the certificates with their holders."""

    preview: PreviewOut
    items: list[tuple[str, str]]

    def pieces(self) -> Iterator[list[tuple[str, str]]]:
        """Yield the certificates in pieces that are kept one after the other, so that nobody's write waits for all."""
        for start in range(0, len(self.items), AT_ONCE):
            yield self.items[start : start + AT_ONCE]


def look(session: Session, body: OperationIn) -> Concerns:
    """Return whom an operation would concern; raises TooManyAtOnce and, where it is to be done, SetChanged or NothingToDo."""
    chosen, excluded = find_concerned(session, body)
    preview = show(body, chosen, excluded)
    if not body.dry_run and body.preview != preview.preview:
        raise SetChanged(extra={"preview": preview.model_dump(mode="json")})
    if not body.dry_run and not chosen:
        raise NothingToDo
    return Concerns(preview, [(certificate.id, person.id) for certificate, person, _ in chosen])


def begin(session: Session, body: OperationIn, total: int) -> str:
    """Write an operation down, whose certificates follow; return its id. Until it starts, nothing is done."""
    caller = session.context.caller or Principal(id="service")
    row = CertificateOperation(
        operation=body.operation,
        chosen=body.filter.model_dump(mode="json"),
        days=body.days,
        reason=body.reason,
        caller=kept(caller),
        state=OperationState.PREPARING,
        total=total,
        requested_at=session.now,
        changed_at=session.now,
    )
    session.add(row)
    return row.id


def add(session: Session, operation: str, piece: Sequence[tuple[str, str]]) -> None:
    """Write down the next certificates of an operation."""
    items = [
        {
            "operation": operation,
            "certificate": certificate,
            "person": person,
            "outcome": ItemOutcome.WAITING,
            "detail": None,
        }
        for certificate, person in piece
    ]
    session.execute(plain_insert(CertificateOperationItem.__table__), items)  # type: ignore[attr-defined]


def start(session: Session, operation: str, body: OperationIn, preview: PreviewOut) -> OperationAnswer:
    """Let an operation be done, all of whose certificates are written down."""
    row = session.get_one(CertificateOperation, operation)
    row.state, row.changed_at = OperationState.RUNNING, session.now
    session.add(row)
    session.flush()
    record(session, "operation.requested", f"operation/{row.id}", content_hash=digest_of(body))
    return OperationAnswer(preview=preview, operation=outs(session, [row])[0])


def end_abandoned(session: Session) -> None:
    """End operations whose certificates were never all written down, because the process that did so is gone."""
    left = select(CertificateOperation).where(
        CertificateOperation.state == OperationState.PREPARING,
        col(CertificateOperation.requested_at) < session.now - ABANDONED,
    )
    for row in session.exec(left.with_for_update()).all():
        row.state, row.finished_at = OperationState.FAILED, session.now
        session.add(row)
        record(session, "operation.failed", f"operation/{row.id}")


def find_concerned(session: Session, body: OperationIn) -> tuple[list[tuple[Certificate, Person, Status]], Excluded]:
    """Return the certificates that an operation would change, in the order of their ids, and how many it leaves out.

    Raises TooManyAtOnce.
    """
    caller = session.context.caller
    own = caller.person if caller is not None else None
    query = select(Certificate, Person).join(Person, col(Person.id) == col(Certificate.person))
    fitting = query.where(*access.limits(session, SCOPE), *conditions(session, body.filter))
    rows = session.exec(fitting.order_by(Certificate.id).limit(MOST + 1)).all()
    if len(rows) > MOST:
        raise TooManyAtOnce(f"More than {MOST} certificates fit; narrow the filter.")
    theirs = [(row, person) for row, person in rows if own is None or person.id != own]
    standing = [(row, person, status_at(row, session.now, person.left_at)) for row, person in theirs]
    found = [one for one in standing if possible(body.operation, one[0], one[2])]
    return found, Excluded(own_matter=len(rows) - len(theirs), not_possible=len(standing) - len(found))


def conditions(session: Session, wanted: Chosen) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on certificates and their holders that a filter makes."""
    yield col(Certificate.archived_at).is_(None)
    if wanted.certification is not None:
        yield col(Certificate.certification) == wanted.certification
    if wanted.department is not None:
        yield col(Person.department) == wanted.department
    if wanted.region is not None:
        yield col(Person.region) == wanted.region
    if wanted.status is not None:
        yield certificates.has_status(wanted.status, session.now)
    if wanted.certificates is not None:
        yield col(Certificate.id).in_(wanted.certificates)


def possible(operation: Operation, row: Certificate, status: Status) -> bool:
    """Say whether something can be done to a certificate that is not archived."""
    match operation:
        case Operation.SUSPEND:
            return row.state == State.HELD and status is not Status.NONE
        case Operation.REINSTATE:
            return row.state == State.SUSPENDED and status is not Status.NONE
        case Operation.REVOKE:
            return row.state != State.REVOKED
        case Operation.EXTEND | Operation.RENEW:
            return status in STILL_CERTIFIED


def show(body: OperationIn, chosen: Sequence[tuple[Certificate, Person, Status]], excluded: Excluded) -> PreviewOut:
    """Return the preview of an operation: its token stands for what is done, and for the set."""
    what = [body.operation, str(body.days), *(row.id for row, _, _ in chosen)]
    return PreviewOut(
        preview=sha256("\n".join(what).encode()).hexdigest(),
        total=len(chosen),
        by_status=Counter(status for _, _, status in chosen),
        by_certification=Counter(row.certification for row, _, _ in chosen),
        excluded=excluded,
        sample=[
            Concerned(
                certificate=row.id,
                employee_number=person.employee_number,
                certification=row.certification,
                status=status,
                expires_at=row.expires_at,
            )
            for row, person, status in chosen[:SAMPLE]
        ],
    )


def kept(caller: Principal) -> dict[str, Any]:
    """Return who asks, as it is kept with the operation."""
    return {
        "id": caller.id,
        "person": caller.person,
        "employee_number": caller.employee_number,
        "scopes": sorted(caller.scopes),
        "departments": sorted(caller.departments) if caller.departments is not None else None,
    }


def principal_of(row: CertificateOperation) -> Principal:
    """Return who asked for an operation: it is done in their name, with the rights that they had."""
    departments = row.caller["departments"]
    return Principal(
        id=row.caller["id"],
        person=row.caller["person"],
        employee_number=row.caller["employee_number"],
        scopes=frozenset(row.caller["scopes"]),
        departments=frozenset(departments) if departments is not None else None,
    )


def get(session: Session, operation: str) -> OperationOut:
    """Return an operation with how far it is; raises NotFound."""
    return outs(session, [load(session, operation)])[0]


def find(session: Session, paging: PageQuery) -> Page[OperationOut]:
    """List operations, oldest first; a key that is limited to departments sees only its own."""
    query = select(CertificateOperation)
    found: Page[CertificateOperation] = page(session, query, paging, key=CertificateOperation.id, to=lambda row: row)
    mine = [row for row in found.items if visible(session, row)]
    return Page(items=outs(session, mine), next_cursor=found.next_cursor)


def find_items(
    session: Session, operation: str, paging: PageQuery, outcome: ItemOutcome | None
) -> Page[OperationItemOut]:
    """List the certificates of an operation and what became of each; raises NotFound."""
    load(session, operation)
    query = (
        select(CertificateOperationItem, Person.employee_number)
        .join(Person, col(Person.id) == col(CertificateOperationItem.person))
        .where(CertificateOperationItem.operation == operation, *access.limits(session, "certificates:read"))
    )
    if outcome is not None:
        query = query.where(CertificateOperationItem.outcome == outcome)
    if paging.after is not None:
        query = query.where(CertificateOperationItem.certificate > paging.after)
    rows = session.exec(query.order_by(CertificateOperationItem.certificate).limit(paging.limit + 1)).all()
    items = [
        OperationItemOut.model_validate({**item.model_dump(), "employee_number": number})
        for item, number in rows[: paging.limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(items[-1].certificate) if len(rows) > paging.limit else None)


def load(session: Session, operation: str) -> CertificateOperation:
    """Return an operation that the caller may see; raises NotFound."""
    row = session.get(CertificateOperation, operation)
    if row is None or not visible(session, row):
        raise NotFound("There is no such operation, or it is someone else's.")
    return row


def visible(session: Session, row: CertificateOperation) -> bool:
    """Say whether the caller may see an operation."""
    caller = session.context.caller
    return caller is None or caller.departments is None or row.caller["id"] == caller.id


def outs(session: Session, rows: Sequence[CertificateOperation]) -> list[OperationOut]:
    """Return operations as clients see them."""
    counted = (
        select(CertificateOperationItem.operation, CertificateOperationItem.outcome, func.count())
        .where(col(CertificateOperationItem.operation).in_([row.id for row in rows]))
        .group_by(CertificateOperationItem.operation, CertificateOperationItem.outcome)
    )
    counts = {(operation, outcome): count for operation, outcome, count in session.exec(counted)}
    actors = {row.id: actor(row) for row in rows}
    names = names_of(session, set(actors.values()))
    return [
        OperationOut.model_validate(
            {
                **row.model_dump(),
                "filter": Chosen.model_validate(row.chosen),
                **{outcome: counts.get((row.id, outcome), 0) for outcome in ItemOutcome},
                "requested_by": names[actors[row.id]],
            }
        )
        for row in rows
    ]


def actor(row: CertificateOperation) -> str:
    """Return how the feed names who asked for an operation."""
    person: str | None = row.caller["person"]
    return changes.person_actor(person) if person else str(row.caller["id"])[:100]
