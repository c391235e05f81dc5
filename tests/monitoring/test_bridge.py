"""The sample bridge of the guide, against the real services and a real inbox tool: nothing lost, nothing said twice."""

import asyncio
import contextlib
import os
import runpy
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from tests.monitoring.organisation import hire
from tests.platform import Platform

SCRIPT = Path(__file__).parents[2] / "docs" / "bridge.py"
SCOPES = ["conversations:read", "conversations:write", "events:read"]
EVENTUALLY = 20.0


@dataclass
class Tool:
    """An inbox tool: what customers wrote, what was sent, and how it answers the next sendings."""

    url: str
    written: list[dict[str, str]] = field(default_factory=list)
    sent: dict[str, tuple[str, str]] = field(default_factory=dict)
    mishaps: list[int] = field(default_factory=list)

    def write(self, text: str, thread: str = "t-1") -> None:
        """Let a customer write."""
        at = "2026-11-20T10:00:00Z"
        number = str(len(self.written) + 1)
        self.written.append({"id": number, "thread": thread, "customer": "kim", "text": text, "sent_at": at})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            after = int(request.query_params.get("after", 0))
            await JSONResponse(self.written[after:])(scope, receive, send)
            return
        body = await request.json()
        mishap = self.mishaps.pop(0) if self.mishaps else 200
        if mishap < 400 or mishap >= 500:
            self.sent.setdefault(body["key"], (request.url.path.split("/")[2], body["text"]))
        await JSONResponse({"id": f"sent-{body['key']}"}, mishap)(scope, receive, send)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(EVENTUALLY):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def ready(server: uvicorn.Server) -> bool:
    return server.started


@pytest.fixture
async def tool() -> AsyncIterator[Tool]:
    """Serve a tool on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    tool = Tool(f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(tool, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: ready(server))
    yield tool
    server.should_exit = True
    await task


@dataclass
class Setting:
    """A platform with one colleague, a tool, and a bridge between them."""

    platform: Platform
    tool: Tool
    environment: dict[str, str]
    bridge: Any
    state: Path

    async def start(self) -> asyncio.subprocess.Process:
        """Start the bridge as its reader would."""
        return await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), env=self.environment)

    async def carry(self) -> None:
        """Let the bridge bring both sides up to date once."""
        await asyncio.to_thread(self.bridge.carry)

    async def items(self, path: str, **params: str) -> list[dict[str, Any]]:
        """Return a list of the API."""
        answer = await self.platform.client.get(path, params=params)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def conversation(self) -> dict[str, Any]:
        """Return the one conversation, once there is one."""
        await until(self.is_there)
        (one,) = await self.items("/v1/conversations")
        return one

    async def is_there(self) -> bool:
        """Tell whether a conversation came in."""
        return len(await self.items("/v1/conversations")) > 0

    async def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Post something; it must succeed."""
        answer = await self.platform.client.post(path, json=body or {})
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def answer(self, text: str = "It is on its way.") -> str:
        """Let the colleague answer; returns the reply's id."""
        one = await self.conversation()
        return str((await self.post(f"/v1/conversations/{one['id']}/reply", {"text": text}))["id"])

    async def statuses(self) -> list[str]:
        """Return how it stands with the replies."""
        return [one["status"] for one in await self.items("/v1/replies")]


@pytest.fixture
async def setting(platform: Platform, tool: Tool, tmp_path: Path) -> AsyncIterator[Setting]:
    """Hire a colleague and make a key for the bridge."""
    await hire(platform.running["monitoring"].app.state.db, 1)
    made = await platform.client.post("/v1/api-keys", json={"name": "bridge", "scopes": SCOPES})
    environment = {
        "PATH": os.environ["PATH"],
        "URL": platform.running["gateway"].url,
        "KEY": made.json()["key"],
        "TOOL": tool.url,
        "NETWORK": "chat",
        "STATE": str(tmp_path / "bridge.state"),
    }
    program = runpy.run_path(str(SCRIPT))
    headers = {"Authorization": f"Bearer {environment['KEY']}"}
    state = Path(environment["STATE"])
    with (
        httpx.Client(base_url=environment["URL"], headers=headers, timeout=30) as client,
        httpx.Client(base_url=tool.url, timeout=30) as http,
    ):
        bridge = program["Bridge"](program["Inbox"](http), client, "chat", state)
        yield Setting(platform, tool, environment, bridge, state)


async def test_messages_go_in_once_and_replies_come_out_once_however_often_the_bridge_runs(setting: Setting) -> None:
    setting.tool.write("Where is my parcel?")
    for _ in range(2):
        await setting.carry()
    reply = await setting.answer()
    setting.state.unlink()
    for _ in range(2):
        await setting.carry()
    assert setting.tool.sent == {reply: ("t-1", "It is on its way.")}
    (sent,) = await setting.items("/v1/replies")
    assert (sent["status"], sent["network_id"]) == ("delivered", f"sent-{reply}")
    one = await setting.conversation()
    assert (one["state"], one["network"], one["customer"]) == ("answered", "chat", "kim")


async def test_a_reply_whose_report_was_lost_is_not_sent_again_and_one_that_failed_waits_in_the_queue(
    setting: Setting,
) -> None:
    setting.tool.write("Where is my parcel?")
    await setting.carry()
    reply = await setting.answer()
    setting.tool.mishaps = [503, 422]
    with pytest.raises(httpx.HTTPStatusError):
        await setting.carry()
    assert await setting.statuses() == ["approved"]
    await setting.carry()
    (failed,) = await setting.items("/v1/replies", status="unconfirmed")
    assert "422" in failed["error"]
    await setting.post(f"/v1/replies/{reply}/resending")
    pause = await setting.post("/v1/pauses", {"scope": "all", "reason": "A storm."})
    await setting.carry()
    assert await setting.statuses() == ["approved"], "a pause holds back what was approved before it"
    assert (await setting.platform.client.delete(f"/v1/pauses/{pause['id']}")).is_success
    await setting.carry()
    assert (await setting.statuses(), len(setting.tool.sent)) == (["delivered"], 1)


async def delivered(setting: Setting, count: int) -> bool:
    return (await setting.statuses()).count("delivered") == count


async def test_a_bridge_that_runs_for_good_hears_of_each_reply(setting: Setting) -> None:
    setting.tool.write("Where is my parcel?")
    process = await setting.start()
    try:
        reply = await setting.answer()
        await until(lambda: delivered(setting, 1))
        one = await setting.conversation()
        await setting.post(f"/v1/conversations/{one['id']}/reply", {"text": "And a second word."})
        await until(lambda: delivered(setting, 2))
        assert next(iter(setting.tool.sent)) == reply
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
