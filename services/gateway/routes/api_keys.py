"""/api-keys: credentials of machines, shown once."""

from typing import Annotated

from fastapi import Path, Request, Response, status

from services.gateway.domain import api_keys
from services.gateway.schemas.api_keys import ApiKeyIn, ApiKeyOut, NewApiKeyOut, RotationIn
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import fingerprint
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Text

router = Router(prefix="/v1/api-keys", tags=["API keys"])

KeyId = Annotated[Text, Path(max_length=36)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("admin:write")],
    responses=problems(api_keys.ScopeNotHeld),
)
async def create_api_key(body: ApiKeyIn, request: Request, caller: Caller) -> NewApiKeyOut:
    """Make a key. Its secret is in this answer only, so a repeated request makes another key."""
    # Straight to the database: an answer with a secret is never kept for an Idempotency-Key.
    key: NewApiKeyOut = await request.app.state.db.write(api_keys.create, body, caller)
    await request.app.state.doors.keyring.load()
    return key


@router.get("", dependencies=[needs("admin:read")])
async def list_api_keys(db: Db, paging: Paging, caller: Caller) -> Page[ApiKeyOut]:
    """List keys, revoked ones included, without their secrets."""
    return await db.read(api_keys.find_page, paging, caller)


@router.get("/{key_id}", dependencies=[needs("admin:read")], responses=problems(NotFound))
async def get_api_key(key_id: KeyId, response: Response, db: Db, caller: Caller) -> ApiKeyOut:
    """Show a key without its secret."""
    found = await db.read(api_keys.get, key_id, caller)
    response.headers["ETag"] = fingerprint(found)
    return found


@router.post(
    "/{key_id}/rotation",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, api_keys.ScopeNotHeld, api_keys.KeyEnded),
)
async def rotate_api_key(key_id: KeyId, body: RotationIn, request: Request, caller: Caller) -> NewApiKeyOut:
    """Give a key a new secret, shown in this answer only; the one before works on for the hours of the overlap.

    A repeated request rotates again: take the key that was answered last.
    """
    # As above: never kept for an Idempotency-Key.
    key: NewApiKeyOut = await request.app.state.db.write(api_keys.rotate, key_id, body, caller)
    await request.app.state.doors.keyring.load()
    return key


@router.delete(
    "/{key_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("admin:write")],
    responses=problems(NotFound),
)
async def revoke_api_key(key_id: KeyId, request: Request, db: Db, caller: Caller) -> None:
    """End a key at once."""
    await db.write(api_keys.revoke, key_id, caller)
    await request.app.state.doors.keyring.load()
