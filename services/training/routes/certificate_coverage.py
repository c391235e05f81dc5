"""/v1/certificate-coverage: who is certified, by department."""

from services.training.domain.certification import coverage
from services.training.schemas.coverage import CoverageOut
from shared.areas import Router
from shared.auth import needs
from shared.requests import Db

router = Router(prefix="/v1/certificate-coverage", tags=["certification"])


@router.get("", dependencies=[needs("certificates:read")])
async def get_certificate_coverage(db: Db) -> CoverageOut:
    """Count for each tier who is certified, whose certificate ends soon and who lacks one; small departments are merged."""
    return await db.read(coverage.by_department)
