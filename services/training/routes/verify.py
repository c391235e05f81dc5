"""/verify, /.well-known/did.json and /status-lists: what verifiers of badges read, without credentials."""

import asyncio
import hashlib
from pathlib import Path as FilePath
from typing import Annotated, Any

import orjson
from fastapi import Header, Path, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.datastructures import UploadFile

from services.training.domain.badges import checks, issuing, keys, pictures, sharing, status_lists, uploads
from services.training.domain.badges.status_lists import Purpose
from services.training.routes.badges import CREDENTIAL, TheIssuer, TheVault, content
from services.training.schemas.badges import CheckedOut, VerificationOut
from shared.areas import Router
from shared.conditions import etag, fingerprint
from shared.lean import again
from shared.problems import NotFound, TooLarge, problems
from shared.requests import Db
from shared.schemas import Text

Code = Annotated[Text, Path(max_length=32)]

router = Router(tags=["badges"])

ANYWHERE = {"Access-Control-Allow-Origin": "*"}
"""Verifiers in browsers are pages of other hosts, and send no credentials."""
PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept",
}
PICTURE = {"Cache-Control": "public, max-age=3600", "Content-Security-Policy": "default-src 'none'", **ANYWHERE}
UPLOAD = 2 * 1024 * 1024
"""Bytes of the largest file that is looked at: a picture with a badge inside has some ten thousand."""
UPLOADS = {
    **{kind: {"schema": {"type": "object"}} for kind in ("application/json", CREDENTIAL)},
    **{
        kind: {"schema": {"type": "string", "format": "binary", "maxLength": UPLOAD}}
        for kind in ("image/png", "image/svg+xml")
    },
}
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Accept = Annotated[str, Header(include_in_schema=False)]
"""OpenAPI describes this header by the answers' content types."""

templates = Environment(
    loader=FileSystemLoader(FilePath(__file__).parents[1] / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
)


def page(name: str, status: int = 200, **values: Any) -> Response:
    """Render a page for everyone."""
    return HTMLResponse(templates.get_template(name).render(**values), status, PAGE)


def wants_json(accept: str) -> bool:
    """Tell whether JSON is asked for rather than a page."""
    return "json" in accept and "text/html" not in accept


def as_page(answers: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Document answers that browsers get as a page: the good one, and all of `answers`."""
    return {
        status: {**answer, "content": {**answer.get("content", {}), "text/html": {}}}
        for status, answer in {200: {}, **answers}.items()
    }


@router.get(
    "/.well-known/did.json",
    response_class=Response,
    responses=content("application/did+json", "The DID document."),
)
async def get_did_document(db: Db, issuer: TheIssuer, vault: TheVault) -> Response:
    """Read the issuer's DID document: the keys that verify badges."""
    document = await db.read(keys.did_document, issuer.did)
    if not document["verificationMethod"]:
        await db.write(issuing.prepare, keys.make(vault))
        document = await db.read(keys.did_document, issuer.did)
    body = orjson.dumps(document)
    headers = {"ETag": etag(hashlib.sha256(body).hexdigest()[:32]), "Cache-Control": "public, max-age=60", **ANYWHERE}
    return Response(body, headers=headers, media_type="application/did+json")


@router.get(
    "/status-lists/{purpose}/{number}",
    response_class=Response,
    responses={**problems(NotFound, keys.BadgeKeyLost), **content(CREDENTIAL, "The list as a signed credential.")},
)
async def get_status_list(
    request: Request, purpose: Purpose, number: Number, db: Db, issuer: TheIssuer, vault: TheVault
) -> Response:
    """Read which badges were revoked or suspended, as a Bitstring Status List that says of nobody whose they are."""
    signed: dict[tuple[Purpose, int], tuple[str, bytes]] = vars(request.app.state).setdefault("status_lists", {})
    version = await db.read(status_lists.version, number)
    kept = signed.get((purpose, number))
    if kept is None or kept[0] != version:
        edition = await db.read(status_lists.edition, purpose, number)
        kept = (edition.version, await asyncio.to_thread(status_lists.sign, edition, issuer, vault))
        signed[purpose, number] = kept
    headers = {"ETag": etag(kept[0]), "Cache-Control": "public, no-cache", **ANYWHERE}
    return Response(kept[1], headers=headers, media_type=CREDENTIAL)


@router.get("/verify", response_class=HTMLResponse)
async def open_verification(issuer: TheIssuer) -> Response:
    """Open the page on which anyone can check a badge's file."""
    return page("verify.html", issuer=issuer)


@router.post(
    "/verify",
    response_model=CheckedOut,
    responses=as_page(problems(TooLarge, uploads.NoCredential)),
    openapi_extra={"requestBody": {"required": True, "content": UPLOADS}},
)
async def check_badge(request: Request, db: Db, issuer: TheIssuer, accept: Accept = "") -> Any:
    """Say what is wrong with a badge that one was shown: its JSON, or the picture that carries it."""
    machine = wants_json(accept)
    try:
        shown = uploads.read(await file_of(request))
    except uploads.NoCredential as problem:
        if machine:
            raise
        return page("verify.html", 422, issuer=issuer, refused=problem.detail)
    checked = await db.read(checks.check, shown, issuer)
    return checked if machine else page("verify.html", issuer=issuer, checked=checked)


@router.get(
    "/verify/{code}",
    response_model=VerificationOut,
    responses=as_page(problems(NotFound)),
)
async def verify_badge(code: Code, db: Db, issuer: TheIssuer, response: Response, accept: Accept = "") -> Any:
    """See whether a badge holds, why, and whose it is as far as they show it; a page that prints, or JSON."""
    if not wants_json(accept):
        try:
            return page("badge.html", badge=await db.read(sharing.verify, code, issuer), code=code)
        except NotFound:
            return page("no_badge.html", 404)
    found = await db.read(sharing.verify, code, issuer)
    tag = fingerprint(found.model_copy(update={"as_of": found.issued_at}))
    response.headers.update({"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept", **ANYWHERE})
    return found


@router.get(
    "/verify/{code}/picture.png",
    response_class=Response,
    responses={**problems(NotFound), **content("image/png", "The badge's picture, without the credential.")},
)
async def get_picture(code: Code, db: Db, issuer: TheIssuer) -> Response:
    """See what a badge looks like."""
    drawn = await asyncio.to_thread(pictures.svg, *await db.read(sharing.title_at, code), issuer.name)
    return Response(await asyncio.to_thread(pictures.png, drawn), headers=PICTURE, media_type="image/png")


@router.get(
    "/verify/{code}/picture.svg",
    response_class=Response,
    responses={**problems(NotFound), **content("image/svg+xml", "The badge's picture, without the credential.")},
)
async def get_drawing(code: Code, db: Db, issuer: TheIssuer) -> Response:
    """See what a badge looks like, at any size."""
    drawn = await asyncio.to_thread(pictures.svg, *await db.read(sharing.title_at, code), issuer.name)
    return Response(drawn, headers=PICTURE, media_type="image/svg+xml")


@router.get(
    "/verify/{code}/qr.svg",
    response_class=Response,
    responses={**problems(NotFound), **content("image/svg+xml", "The badge's address as a QR code.")},
)
async def get_qr_code(code: Code, db: Db, issuer: TheIssuer) -> Response:
    """Read a badge's address as a QR code, for what is printed."""
    await db.read(sharing.title_at, code)
    drawn = await asyncio.to_thread(pictures.qr, issuer.page(code))
    return Response(drawn, headers=PICTURE, media_type="image/svg+xml")


async def file_of(request: Request) -> bytes:
    """Return the file that was sent, by itself or in a form; raises TooLarge."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > UPLOAD:
            raise TooLarge(f"A badge's file has at most {UPLOAD} bytes.")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return content
    async with Request(request.scope, again(content, request.receive)).form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        return await file.read() if isinstance(file, UploadFile) else b""
