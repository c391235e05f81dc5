"""A record of Bluesky as a post of ours."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import ValidationError

from services.monitoring.connectors.bluesky_frames import Change, Record
from services.monitoring.schemas.names import EARLIEST
from services.monitoring.schemas.posts import MediaIn, PostIn

NETWORK = "bluesky"
LONGEST_ALT = 2000


def post_of(change: Change, author: str) -> PostIn | None:
    """Return what somebody wrote, as their server has it; None for what is no post, whatever it says it is."""
    record = change.record
    if record is None:
        return None
    try:
        return PostIn(
            network=NETWORK,
            network_id=change.uri,
            kind="mention",
            author=author,
            text=cast("str", record.get("text")),  # whatever it is, it is validated
            lang=language_of(record),
            posted_at=time_of(record),
            in_reply_to=parent_of(record),
            url=f"https://bsky.app/profile/{change.did}/post/{change.rkey}",
            media=media_of(record.get("embed")) or None,
        )
    except ValidationError:
        return None


def language_of(record: Record) -> str | None:
    """Return the first language that a post says it is in, if it can be one."""
    said = record.get("langs")
    first = said[0] if isinstance(said, Sequence) and said else None
    return first if isinstance(first, str) and first.replace("-", "").isalnum() and 2 <= len(first) <= 35 else None


def time_of(record: Record) -> datetime:
    """Return when a post says it was written; never later than now, since its author's clock says it."""
    now = datetime.now(UTC)
    try:
        at = datetime.fromisoformat(str(record.get("createdAt")))
    except ValueError:
        return now
    return min(at, now) if at.tzinfo is not None and at >= EARLIEST else now


def parent_of(record: Record) -> str | None:
    """Return the address of the post that this one answers."""
    parent = (record.get("reply") or {}).get("parent") if isinstance(record.get("reply"), Mapping) else None
    uri = parent.get("uri") if isinstance(parent, Mapping) else None
    return uri if isinstance(uri, str) else None


def media_of(embed: Any) -> list[MediaIn]:
    """Return the pictures and films beside a post."""
    if not isinstance(embed, Mapping):
        return []
    match embed.get("$type"):
        case "app.bsky.embed.images":
            images = embed.get("images")
            return [picture(one) for one in images if isinstance(one, Mapping)] if isinstance(images, Sequence) else []
        case "app.bsky.embed.video":
            return [MediaIn(kind="video", alt_text=words(embed.get("alt")), captions=bool(embed.get("captions")))]
        case "app.bsky.embed.recordWithMedia":
            return media_of(embed.get("media"))
    return []


def picture(image: Mapping[str, Any]) -> MediaIn:
    """Return one picture."""
    return MediaIn(kind="image", alt_text=words(image.get("alt")))


def words(value: object) -> str | None:
    """Return a description, if there is one."""
    return value[:LONGEST_ALT] if isinstance(value, str) and value else None
