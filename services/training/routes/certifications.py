"""/v1/certifications: the tiers that can be earned."""

from fastapi import status

from services.training.domain.certification import certification_previews, certifications
from services.training.schemas.certificates import CertificationIn, CertificationOut, CertificationPatch
from services.training.schemas.previews import CertificationPreview
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/certifications", tags=["certification"])


@router.get("", dependencies=[needs("training:read", "certificates:read", "self")])
async def list_certifications(paging: Paging, db: Db) -> Page[CertificationOut]:
    """List the tiers and what each asks for."""
    return await db.read(certifications.find, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(certifications.CertificationExists, certifications.NotEarnable),
)
async def create_certification(body: CertificationIn, db: Db) -> CertificationOut:
    """Define a tier; whoever has all that it asks for already is certified within seconds."""
    return await db.write(certifications.create, body)


@router.get("/{key}", dependencies=[needs("training:read", "certificates:read", "self")], responses=problems(NotFound))
async def get_certification(key: Slug, db: Db) -> CertificationOut:
    """Read a tier."""
    return await db.read(certifications.get, key)


@router.patch(
    "/{key}", dependencies=[needs("training:write")], responses=problems(NotFound, Stale, certifications.NotEarnable)
)
async def update_certification(key: Slug, body: CertificationPatch, if_match: IfMatch, db: Db) -> CertificationOut:
    """Define a tier anew; certificates issued before keep their dates."""
    return await db.write(certifications.change, key, body, if_match)


@router.post(
    "/{key}/preview",
    dependencies=[needs("training:write")],
    responses=problems(NotFound, certifications.NotEarnable),
)
async def preview_certification(key: Slug, body: CertificationPatch, db: Db) -> CertificationPreview:
    """Show what a change of a tier would do, without doing it: who would be certified, who could not renew."""
    return await db.read(certification_previews.preview, key, body)
