"""A coach can propose that a certificate should not count for now; who decides is somebody else, in training."""

from sqlmodel import col, select

from services.monitoring.domain.coaching import findings
from services.monitoring.domain.people import WITHDRAWN
from services.monitoring.schemas.findings import SuspensionIn, SuspensionOut
from services.monitoring.tables import Certificate
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import CertificateSuspensionProposedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict


class NothingToSuspend(Conflict):
    """The author of the post holds no such certificate that counts."""


def propose(
    session: Session, finding_id: str, body: SuspensionIn, caller: Principal, stated: int | None
) -> SuspensionOut:
    """Propose to training that a certificate should not count; nothing changes here. Raises NothingToSuspend.

    No rule does this by itself, however grave: it takes a coach, and then another person who confirms it.
    """
    finding, actor = findings.with_coach(session, finding_id, caller, body.employee_number, stated)
    held = select(Certificate.id).where(
        col(Certificate.person) == finding.person,
        col(Certificate.certification) == body.certification,
        col(Certificate.status).not_in(WITHDRAWN),
        col(Certificate.ends_at) > session.now,
    )
    certificate = session.execute(held.order_by(col(Certificate.issued_at).desc()).limit(1)).scalar()
    if finding.person is None or certificate is None:
        raise NothingToSuspend
    told = CertificateSuspensionProposedV1(
        id=new_id(),
        finding=finding.id,
        person=finding.person,
        certificate=certificate,
        certification=body.certification,
        reason=body.reason,
        proposer=actor.person,
        proposed_at=session.now,
    )
    tell(session, told)
    record(session, "finding.propose_suspension", f"finding/{finding.id}", digest_of(body.reason), finding.person)
    return SuspensionOut.model_validate(told.model_dump())
