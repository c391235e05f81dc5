"""/v1/certificate-statuses: the question that HR systems ask most."""

from services.training.domain.certification import statuses
from services.training.schemas.certificates import StatusesIn, StatusesOut
from shared.areas import Router
from shared.auth import needs
from shared.requests import Db

router = Router(prefix="/v1/certificate-statuses", tags=["certification"])


@router.post("", dependencies=[needs("certificates:read")])
async def find_certificate_statuses(body: StatusesIn, db: Db) -> StatusesOut:
    """Say who of up to 500 people is certified, now or as of a moment; unknown people answer `none`."""
    return await db.read(statuses.find, body)
