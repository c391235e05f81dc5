"""Whom a Bluesky stream is followed for, and what of it is our business."""

import asyncio
from collections.abc import Sequence

import structlog

from services.monitoring.connectors.bluesky_frames import Change, Message
from services.monitoring.connectors.bluesky_posts import NETWORK, post_of
from services.monitoring.connectors.bluesky_servers import Names
from services.monitoring.connectors.protocol import SourceTrouble
from services.monitoring.domain.conversations import sending
from services.monitoring.domain.posts import relevance
from services.monitoring.domain.sources import followed
from services.monitoring.schemas.posts import DeletionIn, Item, PostIn
from shared.db import Database

AT_ONCE = 20
"""Handles that are looked up side by side."""
LOOKED_EVERY = 5.0
"""Seconds after which an account that was registered meanwhile is followed."""
TRIED_EVERY = 600.0
"""Seconds after which a handle that was nobody's is looked up again."""

log = structlog.get_logger()


class Following:
    """The registered accounts by their ids on the network, which stay when a handle goes to somebody else."""

    def __init__(self, db: Database, names: Names) -> None:
        self._db = db
        self._names = names
        self._handles: dict[str, str] = {}
        self._ids: dict[str, str | None] = {}
        self._loop = asyncio.get_running_loop()
        self._looked = self._retried = self._loop.time()

    async def look(self) -> None:
        """Find the ids of the accounts that are registered now; raises SourceTrouble when nobody can be asked."""
        registered = await self._db.read(followed.handles, NETWORK)
        new = [handle for handle in registered if handle not in self._ids]
        limit = asyncio.Semaphore(AT_ONCE)

        async def found(handle: str) -> str | None:
            async with limit:
                return await self._names.did_of(handle)

        ids = await asyncio.gather(*(found(handle) for handle in new))
        self._ids = {
            **{one: self._ids[one] for one in registered if one in self._ids},
            **dict(zip(new, ids, strict=True)),
        }
        self._handles = {did: handle for handle, did in self._ids.items() if did is not None}
        self._looked = self._loop.time()

    async def _look_now_and_then(self) -> None:
        """Look again when it is time; who cannot be looked up now is followed later."""
        now = self._loop.time()
        if now - self._looked < LOOKED_EVERY:
            return
        if now - self._retried >= TRIED_EVERY:
            self._ids = {handle: did for handle, did in self._ids.items() if did is not None}
            self._retried = now
        try:
            await self.look()
        except SourceTrouble as trouble:
            self._looked = now
            log.warning("accounts are not followed yet", error=trouble.sentence)

    def _renamed(self, did: str) -> None:
        """Look somebody up again whose handle may have changed."""
        self._names.forget(did)
        for handle in [handle for handle, known in self._ids.items() if known == did]:
            del self._ids[handle]
            self._looked = 0.0

    async def ours(self, messages: Sequence[Message]) -> list[Item]:
        """Return what messages say as items, authors by their names here.

        Everybody else's posts go along under their ids, to be dropped and counted: only who writes about us is looked
        up. Our own replies are left out: they are kept as replies.
        """
        for message in messages:
            if message.renamed is not None:
                self._renamed(message.renamed)
        await self._look_now_and_then()
        changes = [change for message in messages for change in message.changes]
        items: list[Item] = [
            DeletionIn(network=NETWORK, network_id=one.uri) for one in changes if one.operation == "delete"
        ]
        read = [(one, post_of(one, self._handles.get(one.did, one.did))) for one in changes]
        posts = [(one, post) for one, post in read if post is not None]
        theirs = [one.uri for one, _ in posts if one.did in self._handles]
        sent = await self._db.read(sending.ours, NETWORK, theirs) if theirs else set()
        strangers = [post for one, post in posts if one.did not in self._handles]
        about_us = await self._db.read(relevance.mentions, strangers) if strangers else set()
        for one, post in posts:
            if one.uri not in sent:
                items.append(await self._named(one, post) if (NETWORK, one.uri) in about_us else post)
        return items

    async def _named(self, change: Change, post: PostIn) -> PostIn:
        identity = await self._names.identity(change.did)
        return post.model_copy(update={"author": identity.name})
