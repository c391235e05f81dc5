"""The policies in force, kept in memory as their owner answers them, byte by byte.

An event of a policy's versions, emergencies or questions says that the answer may have changed; it is then asked of the owner once, kept in
the gateway's own table, and served from memory, also while the owner is away.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson
import structlog

from services.gateway.domain import policies
from services.gateway.domain.event_log import Logged
from services.gateway.forward import Answer, Forwarder, ServiceAway
from shared.auth import Principal
from shared.db import Database
from shared.locales import best_first, spelled

log = structlog.get_logger()

OWNER = "policy"
READER = Principal(id="gateway", scopes=frozenset({"policies:read"}))
CHANGES = ("policy.version.", "policy.emergency_rule.", "policy.faq.")
RETRY = 1.0
LOOK = 5.0
"""Seconds between looks for policies that a snapshot told of."""
PATIENCE = 60.0
"""Seconds after which a reader who wrote something is no longer sent to the owner for it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The owner's answer for one policy in one language, with its headers, and those for a reader who has it already."""

    etag: str | None
    body: bytes
    headers: list[tuple[bytes, bytes]]
    unchanged: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, etag: str | None, body: bytes) -> Self:
        """Make the headers once."""
        about_body = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers = [
            (b"cache-control", b"private, no-cache"),
            (b"content-language", languages_of(body).encode("latin-1")),
        ]
        if etag:
            headers.append((b"etag", etag.encode("latin-1")))
        return cls(etag, body, [*about_body, *headers], headers)


class Policies:
    """Answers for policies in force, and who must still be sent to the owner to read what they wrote."""

    def __init__(self, db: Database, forwarder: Forwarder) -> None:
        self._db = db
        self._forwarder = forwarder
        self._kept: dict[str, Kept] = {}
        self._translated: dict[str, dict[str, Kept]] = {}
        self._outdated: dict[str, set[str]] = {}
        self._changed = asyncio.Event()
        self._awaited: dict[str, tuple[float, set[str]]] = {}
        self._applied: deque[str] = deque(maxlen=1000)
        self._refreshed = asyncio.Event()

    async def load(self) -> None:
        """Take up what was kept, and ask the owner again for each."""
        for row in await self._db.read(policies.find_answers):
            self._kept[row.policy] = Kept.of(row.etag, row.body or b"")
            self._outdated[row.policy] = set()
        for translated in await self._db.read(policies.find_translations):
            kept = Kept.of(translated.etag, translated.body)
            self._translated.setdefault(translated.policy, {})[translated.locale] = kept
        self._changed.set()

    def follow(self, _epoch: str, stretch: Sequence[Logged]) -> None:
        """Note which answers an event makes outdated."""
        for logged in stretch:
            if logged.type.startswith(CHANGES):
                policy = str(orjson.loads(logged.body)["data"].get("policy", ""))
                self._outdated.setdefault(policy, set()).add(logged.id)
                self._changed.set()

    async def run(self) -> None:
        """Ask the owner for what is outdated, until cancelled."""
        while True:
            # A snapshot tells of policies without an event in the log, hence the look into the table.
            for policy in await self._db.read(policies.find_outdated):
                self._outdated.setdefault(policy, set())
            for policy in list(self._outdated):
                await self._refresh(policy)
            try:
                async with asyncio.timeout(RETRY if self._outdated else LOOK):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()

    async def _refresh(self, policy: str) -> None:
        because = set(self._outdated[policy])
        version = await self._db.read(policies.version_of, policy)
        try:
            answers = await self._ask(f"/v1/policies/{policy}")
        except ServiceAway:
            return
        for answer in answers.values():
            if answer.status not in {200, 404}:
                log.warning("the owner does not answer for a policy", policy=policy, status=answer.status)
                return
        await self._keep(policy, version, {locale: each for locale, each in answers.items() if each.status == 200})
        self._outdated[policy] -= because
        if not self._outdated[policy]:
            del self._outdated[policy]
        self._applied.extend(because)
        self._refreshed.set()
        self._refreshed = asyncio.Event()
        for principal, (until, awaited) in list(self._awaited.items()):
            awaited.difference_update(because)
            if not awaited or until < time.monotonic():
                del self._awaited[principal]

    async def _ask(self, path: str) -> dict[str, Answer]:
        """Ask the owner in each language there is; what it says unasked stands under ""."""
        answers = {"": await self._forwarder.ask(OWNER, "GET", path, READER)}
        if answers[""].status == 200:
            said = orjson.loads(answers[""].body)
            # An owner of the release before this one, in the middle of an update, knows of no translations.
            for locale in said.get("locales", ()):
                if locale != said["locale"]:
                    answers[locale] = await self._forwarder.ask(OWNER, "GET", f"{path}?locale={locale}", READER)
        return answers

    async def _keep(self, policy: str, version: int | None, answers: dict[str, Answer]) -> None:
        found = {locale: (answer.header(b"etag"), answer.body) for locale, answer in answers.items()}
        as_written = found.pop("", None)
        await self._db.write(policies.keep_answer, policy, version, as_written, found)
        self._translated[policy] = {locale: Kept.of(*answer) for locale, answer in found.items()}
        if as_written is None:
            self._kept.pop(policy, None)
        else:
            self._kept[policy] = Kept.of(*as_written)

    def get(self, policy: str, principal: Principal, locale: str = "") -> Kept | None:
        """Return the answer, or None where the owner must be asked: it is not kept, or the reader just changed it."""
        awaited = self._awaited.get(principal.id)
        if awaited is not None and awaited[0] > time.monotonic():
            return None
        return self._translated.get(policy, {}).get(locale) if locale else self._kept.get(policy)

    @property
    def current(self) -> bool:
        """Say whether no answer is known to be outdated."""
        return not self._outdated

    def find(self, policy: str, asked: str) -> Kept | None:
        """Return the answer in the best language there is for a reader, also while the owner is away."""
        translated = self._translated.get(policy, {})
        for locale in best_first(translated, spelled(asked)):
            return translated[locale]
        return self._kept.get(policy)

    def all(self) -> list[Kept]:
        """Return the answers for all policies in force, as they were written."""
        return list(self._kept.values())

    async def until(self, told: dict[str, str]) -> None:
        """Wait until everyone reads what these events changed."""
        concerned = changes_in(told)
        while not concerned.issubset(self._applied):
            await self._refreshed.wait()

    def expect(self, principal: Principal, told: dict[str, str]) -> None:
        """Send a principal to the owner until the events of its own write are applied here."""
        concerned = changes_in(told).difference(self._applied)
        if concerned:
            _, awaited = self._awaited.get(principal.id, (0.0, set()))
            self._awaited[principal.id] = (time.monotonic() + PATIENCE, awaited | concerned)

    def applied(self, principal: Principal) -> bool:
        """Say whether all that a principal wrote is in the answers."""
        return principal.id not in self._awaited


def languages_of(body: bytes) -> str:
    """Name the languages of an answer as its owner does; one that was kept by an older version tells only of itself."""
    said = orjson.loads(body or b"{}")
    return ", ".join(dict.fromkeys(each.get("locale", said["locale"]) for each in said.get("sections", ())))


def changes_in(told: dict[str, str]) -> set[str]:
    """Return the events that change what is in force; `told` is id to type."""
    return {event_id for event_id, event_type in told.items() if event_type.startswith(CHANGES)}
