"""An operation on many certificates goes on: the next of its certificates, each once, in the name of who asked for it."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import select

from services.training.domain.certification import certificates, changes, decisions, measures, renewals
from services.training.domain.certification.standing import STILL_CERTIFIED, status_at
from services.training.domain.relearning import delta_terms
from services.training.schemas.operations import ItemOutcome, Operation
from services.training.tables import CertificateOperation, CertificateOperationItem, OperationState
from shared.db import Session
from shared.evidence import digest_of, record
from shared.problems import Conflict, Problem

CHUNK = 50


class CertificateNotCounting(Conflict):
    """The certificate has run out, or does not count."""


def waiting(session: Session) -> CertificateOperation | None:
    """Return the oldest operation that is not done, apart from the session."""
    query = select(CertificateOperation).where(CertificateOperation.state == OperationState.RUNNING)
    row = session.exec(query.order_by(CertificateOperation.id).limit(1)).first()
    if row is not None:
        session.expunge(row)
    return row


def step(session: Session, operation: str) -> bool:
    """Do the next piece of an operation; return whether there is more."""
    query = select(CertificateOperation).where(CertificateOperation.id == operation).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one()
    items = session.exec(
        select(CertificateOperationItem)
        .where(CertificateOperationItem.operation == operation)
        .where(CertificateOperationItem.outcome == ItemOutcome.WAITING)
        .order_by(CertificateOperationItem.certificate)
        .limit(CHUNK)
    ).all()
    if items:
        decisions.lock(session, [item.person for item in items])
    for item in items:
        try:
            DOES[Operation(row.operation)](session, item.certificate, row)
        except Problem as problem:
            item.outcome, item.detail = ItemOutcome.REFUSED, problem.detail
        else:
            item.outcome = ItemOutcome.DONE
        session.add(item)
    row.changed_at = session.now
    row.revision += 1
    session.add(row)
    if len(items) < CHUNK:
        row.state, row.finished_at = OperationState.DONE, session.now
        record(session, "operation.finished", f"operation/{row.id}")
        return False
    return True


def fail(session: Session, operation: str) -> None:
    """End an operation that cannot go on; what was done stays, and its items say what that is."""
    row = session.get_one(CertificateOperation, operation)
    row.state, row.finished_at = OperationState.FAILED, session.now
    session.add(row)
    record(session, "operation.failed", f"operation/{row.id}")


def extend(session: Session, certificate: str, row: CertificateOperation) -> None:
    """Let a certificate end later; raises NotFound, OwnMatter or CertificateNotCounting."""
    found = measures.take(session, certificate, None)
    _, person = certificates.load(session, certificate, "certificates:write")
    if found.archived_at is not None or status_at(found, session.now, person.left_at) not in STILL_CERTIFIED:
        raise CertificateNotCounting
    by = timedelta(days=row.days or 0)
    delta_terms.extend(session, found, person, by, row.reason, changes.actor_of(session))
    record(session, "certificate.extended", f"certificate/{certificate}", digest_of(row.reason), person.id)


def renew(session: Session, certificate: str, row: CertificateOperation) -> None:
    """Issue the next certificate; raises NotFound, OwnMatter, CertificateNotCounting or renewals.PolicyNotAccepted."""
    found = measures.take(session, certificate, None)
    _, person = certificates.load(session, certificate, "certificates:write")
    if found.archived_at is not None or status_at(found, session.now, person.left_at) not in STILL_CERTIFIED:
        raise CertificateNotCounting
    renewals.renew(session, found, row.reason)


def suspend(session: Session, certificate: str, row: CertificateOperation) -> None:
    """Suspend one certificate."""
    measures.suspend(session, certificate, row.reason, None)


def reinstate(session: Session, certificate: str, row: CertificateOperation) -> None:
    """Reinstate one certificate."""
    measures.reinstate(session, certificate, row.reason, None)


def revoke(session: Session, certificate: str, row: CertificateOperation) -> None:
    """Revoke one certificate."""
    measures.revoke(session, certificate, row.reason, None)


DOES: dict[Operation, Callable[[Session, str, CertificateOperation], None]] = {
    Operation.SUSPEND: suspend,
    Operation.REINSTATE: reinstate,
    Operation.REVOKE: revoke,
    Operation.EXTEND: extend,
    Operation.RENEW: renew,
}
