"""Where a service stands in the stream, and whether the stream still reaches back to it."""

from dataclasses import dataclass

import orjson

from shared.db import Session
from shared.inbox import Handlers
from shared.marks import read_mark, remove_marks, write_mark, write_marks
from shared.streams import StreamState

STREAM = "consumer.stream"
POSITION = "consumer.position"
EVENT = "consumer.event"
TYPES = "consumer.types"
SNAPSHOT = "snapshot."


@dataclass(frozen=True, slots=True)
class Following:
    """What to follow: the stream by its identity, from after a position. `lost` says that events may be missing."""

    stream: str
    position: int
    event: str | None = None
    """The id of the event at `position`, by which the stream is known to be the same."""
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
        still_there = stream.first <= position
        return Following(stream.created, position, read_mark(session, EVENT) if still_there else None)
    start = max(stream.first - 1, 0)
    remove_marks(session, SNAPSHOT)
    remove_marks(session, EVENT)
    write_mark(session, STREAM, stream.created)
    write_mark(session, POSITION, str(start))
    write_mark(session, TYPES, orjson.dumps(types).decode())
    lost = known is not None and not follows_on
    for handler in handlers.of_loss if lost else ():
        handler(session)
    return Following(stream.created, start, None, lost)


def note_position(session: Session, position: int, event: str | None) -> None:
    """Note up to where all is handled, and which event stands there (None: not one of ours)."""
    if event is None:
        write_mark(session, POSITION, str(position))
        remove_marks(session, EVENT)
    else:
        write_marks(session, {POSITION: str(position), EVENT: event})


def distrust(session: Session) -> None:
    """Take the stream for another from now on: it does not have at our position what it had."""
    write_mark(session, STREAM, "another")


def snapshots_missing(session: Session, tellers: list[str]) -> list[str]:
    """Return the services whose snapshot has not been loaded since the stream was lost or this service was new."""
    return [teller for teller in tellers if read_mark(session, SNAPSHOT + teller) is None]


def note_snapshot(session: Session, teller: str, stream: str) -> None:
    """Note that a service's snapshot is loaded."""
    write_mark(session, SNAPSHOT + teller, stream)
