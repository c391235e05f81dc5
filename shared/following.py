"""Where a service stands in the stream, and whether the stream still reaches back to it."""

from dataclasses import dataclass

import orjson

from shared.db import Session
from shared.inbox import POSITION, Handlers
from shared.marks import read_mark, remove_marks, write_mark
from shared.streams import StreamState

STREAM = "consumer.stream"
TYPES = "consumer.types"
SNAPSHOT = "snapshot."


@dataclass(frozen=True, slots=True)
class Following:
    """What to follow: the stream by its identity, from after a position. `lost` says that events may be missing."""

    stream: str
    position: int
    lost: bool = False


def begin_following(session: Session, handlers: Handlers, stream: StreamState) -> Following:
    """Return where to go on; where the stream does not follow on from there, begin at its start, with new snapshots.

    That is so for a service that is new, has come to handle further types, or was away for longer than the stream
    keeps events, and for a stream that was made anew or lost its end. What was handled before stays handled.
    """
    known = read_mark(session, STREAM)
    position = int(read_mark(session, POSITION) or 0)
    types = sorted(handlers.classes)
    covered = set(types) <= set(orjson.loads(read_mark(session, TYPES) or "[]"))
    follows_on = known == stream.created and stream.first <= position + 1 and position <= stream.last
    if follows_on and covered:
        return Following(stream.created, position)
    start = max(stream.first - 1, 0)
    remove_marks(session, SNAPSHOT)
    write_mark(session, STREAM, stream.created)
    write_mark(session, POSITION, str(start))
    write_mark(session, TYPES, orjson.dumps(types).decode())
    lost = known is not None and not follows_on
    for handler in handlers.of_loss if lost else ():
        handler(session)
    return Following(stream.created, start, lost)


def snapshots_missing(session: Session, tellers: list[str]) -> list[str]:
    """Return the services whose snapshot has not been loaded since the stream was lost or this service was new."""
    return [teller for teller in tellers if read_mark(session, SNAPSHOT + teller) is None]


def note_snapshot(session: Session, teller: str, stream: str) -> None:
    """Note that a service's snapshot is loaded."""
    write_mark(session, SNAPSHOT + teller, stream)
