"""/v1/certificates: who holds what, and what people do to it."""

from typing import Annotated

from fastapi import Query, Response

from services.training.domain.certification import certificates, history, measures
from services.training.schemas.certificates import CertificateOut, HistoryOut, ReasonIn, Status
from services.training.schemas.fields import Id
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, etag
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber, Moment, Slug

router = Router(prefix="/v1", tags=["certification"])


@router.get("/certificates", dependencies=[needs("certificates:read", "self")])
async def list_certificates(
    paging: Paging,
    db: Db,
    employee_number: EmployeeNumber | None = None,
    certification: Slug | None = None,
    status: Status | None = None,
    *,
    archived: Annotated[bool, Query(description="Also those that a renewal replaced.")] = False,
) -> Page[CertificateOut]:
    """List certificates with their status of this moment."""
    return await db.read(certificates.find, paging, employee_number, certification, status, archived)


@router.get(
    "/certificates/{certificate}", dependencies=[needs("certificates:read", "self")], responses=problems(NotFound)
)
async def get_certificate(
    certificate: Id,
    response: Response,
    db: Db,
    as_of: Annotated[Moment | None, Query(description="The moment asked for; now unless given.")] = None,
) -> CertificateOut:
    """Read a certificate; its ETag follows the clock as its status does."""
    found, revision = await db.read(certificates.get, certificate, as_of)
    response.headers["ETag"] = etag(f"{revision}-{found.status}")
    return found


@router.get(
    "/certificates/{certificate}/history",
    dependencies=[needs("certificates:read", "self")],
    responses=problems(NotFound),
)
async def list_certificate_history(certificate: Id, paging: Paging, db: Db) -> Page[HistoryOut]:
    """List what happened to a certificate, oldest first: who did what, when and why."""
    return await db.read(history.find, certificate, paging)


@router.post(
    "/certificates/{certificate}/suspension",
    dependencies=[needs("certificates:write")],
    responses=problems(NotFound, Stale, measures.CertificateNotInForce),
)
async def suspend_certificate(certificate: Id, body: ReasonIn, if_match: IfMatch, db: Db) -> CertificateOut:
    """Make a certificate not count until it is reinstated."""
    return await db.write(measures.suspend, certificate, body.reason, if_match)


@router.post(
    "/certificates/{certificate}/reinstatement",
    dependencies=[needs("certificates:write")],
    responses=problems(NotFound, Stale, measures.NotSuspended),
)
async def reinstate_certificate(certificate: Id, body: ReasonIn, if_match: IfMatch, db: Db) -> CertificateOut:
    """End a suspension."""
    return await db.write(measures.reinstate, certificate, body.reason, if_match)


@router.post(
    "/certificates/{certificate}/revocation",
    dependencies=[needs("certificates:write")],
    responses=problems(NotFound, Stale, measures.CertificateNotInForce),
)
async def revoke_certificate(certificate: Id, body: ReasonIn, if_match: IfMatch, db: Db) -> CertificateOut:
    """Take a certificate back for good."""
    return await db.write(measures.revoke, certificate, body.reason, if_match)
