"""Posts as they come in and as they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, ValidationError

from services.monitoring.schemas.names import Handle, Instant, Language, Network, NetworkId, Topic, Words
from services.monitoring.schemas.triage import Kind as TriageKind
from services.monitoring.tables import Post
from shared.schemas import Body, Resource, Text

Kind = Literal["staff", "mention", "reply"]
Status = Literal["accepted", "duplicate", "rejected"]


class MediaIn(Body):
    """A picture, film or sound that stands beside a post, and what tells of it those who cannot see or hear it."""

    kind: Literal["image", "video", "audio"]
    alt_text: Annotated[Text, Field(max_length=2000)] | None = None
    captions: bool | None = None


class PostIn(Body):
    """One item of a network: what staff or the brand wrote (`staff`, `reply`), or a customer's `mention`."""

    network: Network
    network_id: NetworkId
    kind: Kind
    author: Handle
    text: Words
    lang: Language | None = None
    topic: Topic | None = None
    posted_at: Instant
    in_reply_to: NetworkId | None = None
    url: Annotated[Text, Field(min_length=1, max_length=2000, pattern=r"^https?://[^\s]+$")] | None = None
    media: Annotated[list[MediaIn], Field(max_length=20)] | None = None


class DeletionIn(Body):
    """An item that says that a post was deleted at its network."""

    network: Network
    network_id: NetworkId
    deleted: Literal[True] = True
    deleted_at: Instant | None = None


@dataclass(slots=True)
class PostAnswer:
    """What became of one item; an edit of a post that is known is accepted with the reason `edited`.

    A plain dataclass, because a stream makes thousands of them a second.
    """

    network: str | None
    network_id: str | None
    status: Status
    reason: str | None = None
    id: str | None = None


Item = PostIn | DeletionIn | PostAnswer
"""One item as it was read: a post, the deletion of one, or the answer to what is neither."""


class PostAnswers(Resource):
    """What became of each item, in the order sent, and how many of each."""

    items: list[PostAnswer]
    accepted: int
    duplicate: int
    rejected: int

    @classmethod
    def of(cls, items: list[PostAnswer]) -> Self:
        """Count the answers."""
        statuses = [item.status for item in items]
        return cls(
            items=items,
            accepted=statuses.count("accepted"),
            duplicate=statuses.count("duplicate"),
            rejected=statuses.count("rejected"),
        )


class PostOut(Resource):
    """A post as it is kept; the text of a disturbing one is empty (`withheld`) until a coach opens it."""

    id: str
    network: str
    network_id: str
    kind: Kind
    author: str
    person: str | None
    text: str
    lang: str | None
    topic: str | None
    triage: TriageKind | None = None
    urgency: int | None = None
    posted_at: datetime
    received_at: datetime
    in_reply_to: str | None
    url: str | None
    media: list[MediaIn] | None = None
    source: str | None
    deleted_at: datetime | None
    withheld: bool
    revision: int

    @classmethod
    def of(cls, post: Post, employee_number: str | None, *, withheld: bool = False) -> Self:
        """Show a post with its author's employee number, if the account is registered."""
        shown = {**post.model_dump(), "person": employee_number, "withheld": withheld}
        return cls.model_validate({**shown, "text": ""} if withheld else shown)


def read_post(raw: object) -> Item:
    """Read one item, JSON text (bytes) or its parsed value; what does not fit becomes its own rejection."""
    try:
        return PostIn.model_validate_json(raw) if isinstance(raw, bytes) else PostIn.model_validate(raw, strict=False)
    except ValidationError as error:
        found = parsed(raw)
        return read_deletion(found) if "deleted" in found else refused(found, error)


def read_deletion(found: dict[str, Any]) -> Item:
    """Read an item that says `deleted`."""
    try:
        return DeletionIn.model_validate(found)
    except ValidationError as error:
        return refused(found, error)


def read_row(header: Sequence[str], row: Sequence[str]) -> Item:
    """Read one row of a table whose header names the fields of a post; an empty cell is a field left out."""
    if len(row) > len(header):
        return PostAnswer(None, None, "rejected", "the row has more cells than the header")
    found: dict[str, object] = {name.strip(): cell for name, cell in zip(header, row, strict=False) if cell}
    if "deleted" in found:
        found["deleted"] = found["deleted"] in {"true", "1", "yes"}
    return read_post(found)


def refused(found: dict[str, Any], error: ValidationError) -> PostAnswer:
    """Say what is wrong with an item."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = f"{place}: {first['msg']}" if place else first["msg"]
    return PostAnswer(**identity_of(found), status="rejected", reason=reason)


def parsed(raw: object) -> dict[str, Any]:
    """Return the fields of an item, none of what has none."""
    if isinstance(raw, bytes):
        try:
            raw = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return {}
    return raw if isinstance(raw, dict) else {}


def identity_of(found: dict[str, Any]) -> dict[str, str | None]:
    """Return what can be read of an item's identity, so that its sender knows which one was meant."""
    return {name: found[name] if isinstance(found.get(name), str) else None for name in ("network", "network_id")}
