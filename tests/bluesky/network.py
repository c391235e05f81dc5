"""Starts and ends the network, and stands for the people on it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.bluesky.install import FOLDER, NETWORK, node

POSTS = "app.bsky.feed.post"
PASSWORD = "open-sesame-for-tests"


@dataclass
class Member:
    """Somebody with an account on the network."""

    did: str
    handle: str
    client: httpx.Client

    def post(self, text: str, to: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
        """Write a post, or an answer to one; returns its `uri` and `cid`."""
        record = {"$type": POSTS, "text": text, "createdAt": datetime.now(UTC).isoformat(), **more}
        if to is not None:
            ref = {"uri": to["uri"], "cid": to["cid"]}
            record["reply"] = {"root": to.get("root", ref), "parent": ref}
        return self._write("createRecord", record=record)

    def edit(self, post: dict[str, Any], text: str) -> dict[str, Any]:
        """Put another text in a post's place."""
        record = {"$type": POSTS, "text": text, "createdAt": datetime.now(UTC).isoformat()}
        return self._write("putRecord", record=record, rkey=rkey_of(post))

    def delete(self, post: dict[str, Any]) -> None:
        """Take a post back."""
        self._write("deleteRecord", rkey=rkey_of(post))

    def posts(self) -> list[dict[str, Any]]:
        """Return what they have written, the newest first."""
        answer = self.client.get(
            "com.atproto.repo.listRecords", params={"repo": self.did, "collection": POSTS, "limit": 100}
        )
        items: list[dict[str, Any]] = answer.raise_for_status().json()["records"]
        return items

    def _write(self, method: str, **body: object) -> dict[str, Any]:
        answer = self.client.post(f"com.atproto.repo.{method}", json={"repo": self.did, "collection": POSTS, **body})
        assert answer.status_code == 200, answer.text
        written: dict[str, Any] = answer.json()
        return written


@dataclass
class Network:
    """A server that people have their accounts on (PDS), and a directory of their ids (PLC)."""

    process: subprocess.Popen[str]
    pds: str
    plc: str
    clients: list[httpx.Client] = field(default_factory=list)

    def join(self, name: str) -> Member:
        """Make an account `<name>.test`."""
        client = httpx.Client(base_url=f"{self.pds}/xrpc/", timeout=20)
        self.clients.append(client)
        made = client.post(
            "com.atproto.server.createAccount",
            json={"handle": f"{name}.test", "email": f"{name}@x.example", "password": PASSWORD},
        )
        assert made.status_code == 200, made.text
        client.headers["authorization"] = f"Bearer {made.json()['accessJwt']}"
        return Member(made.json()["did"], f"{name}.test", client)

    def remember(self, milliseconds: int) -> None:
        """Say how far back the stream's past can be read from now on."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"backfill_ms": milliseconds}) + "\n")
        self.process.stdin.flush()
        assert json.loads(self.process.stdout.readline()) == {"backfill_ms": milliseconds}


def rkey_of(post: dict[str, Any]) -> str:
    """Return the last part of a post's address."""
    return str(post["uri"]).rsplit("/", 1)[1]


@contextmanager
def running() -> Iterator[Network]:
    """Run a network on loopback; it takes about four seconds to come up, and keeps nothing."""
    if not NETWORK.exists() and "CI" not in os.environ:
        pytest.skip("`make setup` installs the Bluesky network")
    process = subprocess.Popen(
        [node(), "network.mjs"],
        cwd=FOLDER,
        env=os.environ | {"NO_PROXY": "*", "LOG_ENABLED": "false"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    network = Network(process, **json.loads(process.stdout.readline()))
    try:
        yield network
    finally:
        for client in network.clients:
            client.close()
        process.stdin.close()
        process.wait()
        process.stdout.close()
