"""Conditional requests: a change states the revision it was made on, so that nobody overwrites what they did not see."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel

from shared.problems import FieldError, Invalid, Stale


def etag(revision: int | str) -> str:
    """Return the strong ETag of a revision."""
    return f'"{revision}"'


def fingerprint(content: BaseModel) -> str:
    """Return the strong ETag of an answer that counts no revisions: the hash of what it says."""
    return etag(digest(content))


def revised(revision: int, content: BaseModel) -> str:
    """Return the strong ETag of an answer that follows more than its revisions; a change states the revision in it."""
    return etag(f"{revision}-{digest(content)}")


def digest(content: BaseModel) -> str:
    """Return a short hash of what an answer says."""
    return hashlib.sha256(content.model_dump_json().encode()).hexdigest()[:32]


async def if_match(value: Annotated[str | None, Header(alias="If-Match", max_length=100)] = None) -> int | None:
    """Return the revision in `If-Match: "<revision>"`, or None where the header is absent or `*`.

    A resource whose answer follows more than its revisions has an ETag `"<revision>-<what else it follows>"`.
    """
    if value is None or value.strip() == "*":
        return None
    revision = value.strip().removeprefix("W/").strip('"').partition("-")[0]
    if not revision.isascii() or not revision.isdigit() or len(revision) > 15:
        raise Invalid(
            "If-Match must carry the ETag of this resource.",
            errors=[FieldError(pointer="#If-Match", detail="not an ETag of ours")],
        )
    return int(revision)


IfMatch = Annotated[int | None, Depends(if_match)]


def expect(revision: int, stated: int | None) -> None:
    """Raise Stale when the change was made on another revision than the one in force."""
    if stated is not None and stated != revision:
        raise Stale(
            f"The resource is at revision {revision}, your change was made on {stated}. Read it again and repeat the change."
        )
