"""Reads Bluesky: a stream of everything that anyone writes there, of which our business is kept."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from services.monitoring.connectors.protocol import Batch, SourceTrouble, Surroundings
from services.monitoring.schemas.names import AtAHost, Handle
from services.monitoring.schemas.sources import SourceConfig

if TYPE_CHECKING:  # loaded for the first Bluesky source, and not at the start
    from services.monitoring.connectors.bluesky_frames import Message
    from services.monitoring.connectors.bluesky_replies import Sender

FUTURE = "FutureCursor"
"""The server's word for a position that it has not reached yet."""
OUTDATED = (
    "The stream no longer reaches back to where reading had stopped. It goes on with the oldest that there is; "
    "what was written in between may be missing."
)
ANEW = (
    "The stream does not know the place where reading had stopped, as if it had been set up anew. It is read again "
    "from the oldest that there is."
)
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+/?$", max_length=300), AtAHost]
StreamOrigin = Annotated[str, StringConstraints(pattern=r"^wss?://[^\s/?#@]+/?$", max_length=300), AtAHost]


class BlueskyConfig(SourceConfig):
    """Where to read, and from which account approved replies are sent: from none unless it is named.

    `jetstream` is the lighter stream; the `firehose` of a relay or of one server carries each record with its proof.
    `server` is where the account lives, and where handles are looked up.
    """

    kind: Literal["bluesky"]
    form: Literal["jetstream", "firehose"] = "jetstream"
    stream: StreamOrigin = "wss://jetstream2.us-east.bsky.network"
    server: Origin = "https://bsky.social"
    directory: Origin = "https://plc.directory"
    account: Handle | None = None
    app_password: SecretStr | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _a_password_is_somebodys(self) -> Self:
        if self.app_password is not None and self.account is None:
            raise ValueError("app_password belongs to an account: name it, too")
        return self


class Bluesky:
    """Follows registered accounts and what is said of the brand."""

    kind: ClassVar[str] = "bluesky"
    streaming: ClassVar[bool] = True

    async def test(self, config: BlueskyConfig, around: Surroundings) -> str:
        """Open the stream, and sign in to the account that replies are sent from."""
        from services.monitoring.connectors.bluesky_stream import opened

        async with opened(config.form, config.stream, None, around.allowed):
            sender = sender_of(config, around)
        if sender is None:
            return "The stream is open. Replies are not sent: that needs an account with an app password."
        await sender.did()
        return f"The stream is open, and {config.account} can send replies."

    async def items(self, config: BlueskyConfig, cursor: str | None, around: Surroundings) -> AsyncIterator[Batch]:
        """Read on from where we were; without a cursor, from now on."""
        from services.monitoring.connectors.bluesky_following import Following
        from services.monitoring.connectors.bluesky_servers import Names
        from services.monitoring.connectors.bluesky_stream import opened

        following = Following(around.db, Names(around.client, config.server, config.directory))
        await following.look()
        position, anew = int(cursor) if cursor is not None else None, False
        while True:
            async with opened(config.form, config.stream, position, around.allowed) as stream:
                yield Batch([], None if position is None else str(position))  # says that it is open
                async for messages in stream.messages():
                    refused = next((one.refused for one in messages if one.refused), None)
                    if refused == FUTURE:
                        break
                    position = newest(messages, position)
                    items = await following.ours(messages)
                    notice = ANEW if anew else OUTDATED if any(one.outdated for one in messages) else None
                    yield Batch(items, None if position is None else str(position), notice)
                    anew = False
                    if refused is not None:
                        raise SourceTrouble(f"The server ended the stream: {refused}.")
                else:
                    return  # a connection that broke is opened again at once
            position, anew = 0, True


def newest(messages: "Sequence[Message]", position: int | None) -> int | None:
    """Return where the stream stands after these messages."""
    return max((one.position for one in messages if one.position is not None), default=position)


def sender_of(config: BlueskyConfig, around: Surroundings) -> "Sender | None":
    """Return who sends replies in the account's name; None if no account is to."""
    from services.monitoring.connectors.bluesky_replies import Sender
    from services.monitoring.connectors.bluesky_servers import Names, Server

    if config.account is None or config.app_password is None:
        return None
    names = Names(around.client, config.server, config.directory)
    return Sender(Server(around.client, config.server), names, config.account, config.app_password.get_secret_value())
