"""/v1/certificates/{id}/badge.*: a certificate as a badge to take along; /v1/badge-keys: the keys that sign badges."""

import asyncio
from typing import Annotated

from fastapi import Depends, Path, Request, Response, status

from services.training.domain.badges import issuing, keys, pictures, sharing
from services.training.domain.badges.credentials import Issuer
from services.training.schemas.badges import BadgeKeyOut, BadgeKeysOut, SharingIn, SharingOut
from services.training.schemas.fields import Id
from services.training.settings import TrainingSettings
from services.training.tables import Badge
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, etag
from shared.evidence import digest_of
from shared.problems import NotFound, Stale, Unavailable, problems
from shared.requests import Db, RequestDatabase
from shared.schemas import Text

router = Router(prefix="/v1", tags=["badges"])

TRIES = 5
CREDENTIAL = "application/vc+ld+json"
Key = Annotated[Text, Path(max_length=64)]


class TryAgain(Unavailable):
    """Many badges are signed at this moment; try again."""


async def issuer_of(request: Request) -> Issuer:
    """Return whose badges these are."""
    settings: TrainingSettings = request.app.state.settings
    return Issuer(settings.public_url.rstrip("/"), settings.organisation, settings.badge_suspension)


async def vault_of(request: Request) -> keys.Vault:
    """Return what keeps the private keys; one for the process."""
    state = request.app.state
    if not hasattr(state, "badge_vault"):
        settings: TrainingSettings = state.settings
        state.badge_vault = keys.Vault(settings.badge_key_file)
    vault: keys.Vault = state.badge_vault
    return vault


TheIssuer = Annotated[Issuer, Depends(issuer_of)]
TheVault = Annotated[keys.Vault, Depends(vault_of)]


class Desk:
    """Where badges are signed, each when somebody asks for it for the first time."""

    def __init__(self, db: RequestDatabase, issuer: Issuer, vault: keys.Vault) -> None:
        self._db = db
        self._issuer = issuer
        self._vault = vault

    async def badge(self, certificate: str) -> Badge:
        """Return a certificate's badge; raises NotFound, NoBadge or BadgeKeyLost."""
        for _ in range(TRIES):
            found = await self._db.read(issuing.find, certificate)
            if isinstance(found, Badge):
                return found
            if not found.key:
                await self._db.write(issuing.prepare, keys.make(self._vault))
                continue
            fresh = await asyncio.to_thread(issuing.sign, found, self._issuer, self._vault)
            kept = await self._db.write(issuing.keep, fresh)
            if kept is not None:
                return kept
        raise TryAgain

    async def picture(self, badge: Badge) -> str:
        """Return a badge's picture as SVG, without the credential."""
        shown = await self._db.read(sharing.title_of, badge)
        return await asyncio.to_thread(pictures.svg, *shown, self._issuer.name)


async def open_desk(db: Db, issuer: TheIssuer, vault: TheVault) -> Desk:
    """Return the desk for a request."""
    return Desk(db, issuer, vault)


TheDesk = Annotated[Desk, Depends(open_desk)]
READERS = needs("certificates:read", "self")
PROBLEMS = problems(NotFound, issuing.NoBadge, keys.BadgeKeyLost)


def content(media_type: str, what: str) -> dict[int | str, dict[str, object]]:
    """Return how an answer that is no JSON of ours is documented."""
    schema = {"type": "object"} if media_type.endswith("+json") else {"type": "string", "format": "binary"}
    return {200: {"content": {media_type: {"schema": schema}}, "description": what}}


def tag(badge: Badge) -> dict[str, str]:
    """Return the headers by which a client need not fetch a badge twice."""
    return {"ETag": etag(digest_of(badge.credential)[:32]), "Cache-Control": "private, no-cache"}


@router.get(
    "/certificates/{certificate}/badge.json",
    dependencies=[READERS],
    response_class=Response,
    responses={**PROBLEMS, **content(CREDENTIAL, "The signed credential (Open Badges 3.0).")},
)
async def get_badge(certificate: Id, desk: TheDesk) -> Response:
    """Take a certificate along as a credential that anyone can verify.

    It is signed when it is asked for the first time, and stays the same, byte for byte, from then on. A certificate
    that is not in force gets no badge.
    """
    badge = await desk.badge(certificate)
    return Response(badge.credential, headers=tag(badge), media_type=CREDENTIAL)


@router.get(
    "/certificates/{certificate}/badge.png",
    dependencies=[READERS],
    response_class=Response,
    responses={**PROBLEMS, **content("image/png", "The badge's picture with the credential inside.")},
)
async def get_badge_as_png(certificate: Id, desk: TheDesk) -> Response:
    """Take a certificate along as a picture; the credential is inside it (iTXt `openbadgecredential`)."""
    badge = await desk.badge(certificate)
    picture = await asyncio.to_thread(pictures.png, await desk.picture(badge))
    return Response(pictures.baked_png(picture, badge.credential), headers=tag(badge), media_type="image/png")


@router.get(
    "/certificates/{certificate}/badge.svg",
    dependencies=[READERS],
    response_class=Response,
    responses={**PROBLEMS, **content("image/svg+xml", "The badge's picture with the credential inside.")},
)
async def get_badge_as_svg(certificate: Id, desk: TheDesk) -> Response:
    """Take a certificate along as a drawing; the credential is inside it (`openbadges:credential`)."""
    badge = await desk.badge(certificate)
    picture = await desk.picture(badge)
    return Response(pictures.baked_svg(picture, badge.credential), headers=tag(badge), media_type="image/svg+xml")


@router.get("/certificates/{certificate}/sharing", dependencies=[needs("self")], responses=problems(NotFound))
async def get_sharing(certificate: Id, db: Db, issuer: TheIssuer) -> SharingOut:
    """Read what the badge's public page shows of oneself: nothing, unless one has said otherwise."""
    return await db.read(sharing.get, certificate, issuer)


@router.put("/certificates/{certificate}/sharing", dependencies=[needs("self")], responses=problems(NotFound, Stale))
async def put_sharing(certificate: Id, body: SharingIn, if_match: IfMatch, db: Db, issuer: TheIssuer) -> SharingOut:
    """Say what the badge's public page shows of oneself; nobody can say it for somebody else."""
    return await db.write(sharing.put, certificate, body.show, if_match, issuer)


@router.get("/badge-keys", dependencies=[needs("admin:read")])
async def list_badge_keys(db: Db) -> BadgeKeysOut:
    """List the keys that sign badges, or did."""
    return await db.read(keys.find)


@router.get("/badge-keys/{key}", dependencies=[needs("admin:read")], responses=problems(NotFound))
async def get_badge_key(key: Key, db: Db) -> BadgeKeyOut:
    """Read a key that signs badges, or did."""
    return await db.read(keys.get, key)


@router.post("/badge-keys", status_code=status.HTTP_201_CREATED, dependencies=[needs("admin:write")])
async def rotate_badge_key(db: Db, vault: TheVault) -> BadgeKeyOut:
    """Sign with a new key from now on. Badges that were signed before stay valid: the old key still verifies them."""
    return await db.write(keys.rotate, keys.make(vault))


@router.post(
    "/badge-keys/{key}/revocation",
    dependencies=[needs("admin:write")],
    responses=problems(NotFound, Stale, keys.KeyInUse),
)
async def revoke_badge_key(key: Key, if_match: IfMatch, db: Db) -> BadgeKeyOut:
    """Let a key verify nothing any more, because others may have it.

    Badges that it signed stop being valid; each is signed anew, at the same address, when it is next asked for.
    """
    return await db.write(keys.revoke, key, if_match)
