"""What a Bluesky stream says, message by message, in either of its two forms.

Read with `libipld` and `websockets`, on which the `atproto` package stands: that one costs 0.9 s and 40 MB to load, and its
client connects again from where it first began. The firehose (`com.atproto.sync.subscribeRepos`, what every server and relay offers) speaks DAG-CBOR with the changed
records as CAR archives. Jetstream speaks JSON: a tenth of the bytes, without what proves who wrote a record.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

POSTS = "app.bsky.feed.post"
Operation = Literal["create", "update", "delete"]
Record = Mapping[str, Any]


class Unreadable(ValueError):  # noqa: N818  said of a message, not of us
    """A message of the stream is not what the protocol says."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody wrote, changed or took back a post; `record` is empty for the last, and where the stream left it out."""

    did: str
    rkey: str
    operation: Operation
    record: Record | None

    @property
    def uri(self) -> str:
        """The post's address, which names it for good."""
        return f"at://{self.did}/{POSTS}/{self.rkey}"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: where the stream stands after it, and what it says.

    `renamed` is whose handle may have changed. `outdated`: the stream no longer reaches back to where we were.
    `refused` is the word with which the server ends the stream.
    """

    position: int | None = None
    changes: Sequence[Change] = ()
    renamed: str | None = None
    outdated: bool = False
    refused: str | None = None


def read_firehose(data: bytes) -> Message:
    """Read a binary message of the firehose; raises Unreadable."""
    from libipld import decode_dag_cbor_multi  # here, because only who follows a stream needs it

    try:
        header, body = decode_dag_cbor_multi(data)
        if header["op"] != 1:
            return Message(refused=str(body.get("error", "an error without a name")))
        match header.get("t"):
            case "#commit":
                return Message(body["seq"], tuple(commit_changes(body)))
            case "#identity":
                return Message(body["seq"], renamed=body["did"])
            case "#info":
                return Message(outdated=body.get("name") == "OutdatedCursor")
            case _:
                return Message(body.get("seq"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(str(error)) from error


def commit_changes(body: Record) -> Iterator[Change]:
    """Return a commit's changes of posts; the archive is opened only if there are any."""
    operations = [op for op in body["ops"] if op["path"].startswith(f"{POSTS}/")]
    records = archived(body["blocks"]) if any(op["action"] != "delete" for op in operations) else {}
    for op in operations:
        record = records.get(op["cid"]) if op["action"] != "delete" else None
        yield Change(body["repo"], op["path"].removeprefix(f"{POSTS}/"), op["action"], record)


def archived(blocks: bytes) -> Mapping[bytes, Record]:
    """Return the records in a CAR archive by their content ids, as the commit's operations carry them."""
    from libipld import decode_car

    return decode_car(blocks)[1]


def read_jetstream(data: str | bytes) -> Message:
    """Read a message of Jetstream; raises Unreadable."""
    try:
        said = orjson.loads(data)
        position, did = said["time_us"], said["did"]
        if said["kind"] == "identity":
            return Message(position, renamed=did)
        if said["kind"] != "commit" or said["commit"]["collection"] != POSTS:
            return Message(position)
        commit = said["commit"]
        return Message(position, (Change(did, commit["rkey"], commit["operation"], commit.get("record")),))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(str(error)) from error
