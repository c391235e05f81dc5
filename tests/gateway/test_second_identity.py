"""Every operation of the API, asked by nobody, and by keys that lack what it asks for.

The operations are those of the merged document, what they ask for is written in `rights_table.py`: who adds a route
says there who may use it, or this fails. What a colleague and a key for other departments read of people is asked where
one of everything is made: `tests/contracts/test_etags.py`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from services.gateway.openapi import FILE, METHODS
from services.gateway.rights import SCOPES, SELF
from tests.gateway.rights_table import FOR_ANYONE, asked_by_operation
from tests.gateway.story import client_with
from tests.platform import Platform

PAGES = {"Accept": "application/x-ndjson, application/json"}
ASKED = asked_by_operation()
OPEN = frozenset(FOR_ANYONE.split())


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str

    @property
    def address(self) -> str:
        """An address of the operation's, of something that is not there."""
        number = re.sub(r"{(number|n|version)}", "1", self.path)
        return re.sub(r"{\w+}", "nothing-of-that-name", number)

    @property
    def asked(self) -> list[frozenset[str]]:
        """The groups of scopes of each of which one is needed."""
        return ASKED.get(self.name, [])


def operations() -> Iterator[Operation]:
    """Yield all operations of the document that the gateway serves."""
    for path, item in json.loads(FILE.read_text())["paths"].items():
        for method in item.keys() & METHODS:
            yield Operation(item[method]["operationId"], method.upper(), path)


def test_every_operation_says_who_may_use_it() -> None:
    there = {operation.name for operation in operations()}
    assert ASKED.keys() & OPEN == set()
    assert there - (ASKED.keys() | OPEN) == set(), "write in rights_table.py who may use them"
    assert all(asked <= SCOPES | {SELF} for groups in ASKED.values() for asked in groups)


async def send(client: httpx.AsyncClient, operation: Operation) -> tuple[int, str]:
    """Ask for something that is not there; return the status and the kind of a refusal."""
    answer = await client.request(
        operation.method, operation.address, json=None if operation.method == "GET" else {}, headers=PAGES
    )
    kind = answer.headers.get("Content-Type", "")
    slug = answer.json()["type"].rsplit("/", 1)[-1] if "problem+json" in kind else ""
    return answer.status_code, slug


async def test_nobody_is_answered_and_no_key_beyond_its_scopes(platform: Platform) -> None:
    nobody = await platform.client_for()
    lacking: dict[frozenset[str], httpx.AsyncClient] = {}
    for operation in operations():
        status, _ = await send(nobody, operation)
        assert (status != 401) == (operation.name in OPEN), (operation, status)
        for group in operation.asked:
            if group not in lacking:
                lacking[group] = await client_with(platform, *sorted(SCOPES - group))
            assert (await send(lacking[group], operation))[0] == 403, operation


async def test_what_is_asked_for_is_enough(platform: Platform) -> None:
    """A table that asked for too much would prove nothing."""
    holding: dict[frozenset[str], httpx.AsyncClient] = {}
    for operation in operations():
        scopes = frozenset(min(group & SCOPES) for group in operation.asked if group & SCOPES)
        if scopes:
            if scopes not in holding:
                holding[scopes] = await client_with(platform, *sorted(scopes))
            assert (await send(holding[scopes], operation))[1] not in {"unauthorized", "forbidden"}, operation
