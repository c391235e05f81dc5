"""Processes come and go behind one address, and no request is lost, or done twice."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest
import uvicorn
from fastapi import FastAPI, Request

from services.gateway import circuit
from services.gateway.forward import Forwarder, ServiceAway
from services.gateway.upstream import StaleError, UnreadError
from shared.auth import TokenSigner, make_key
from shared.context import Principal
from shared.draining import GOODBYE, DrainingProtocol, DrainingServer
from shared.health import Readiness
from tests.faults.processes import until
from tests.gateway.test_upstream import OK, answering, exchange, server
from tests.platform import Platform

ANYBODY = Principal(id="key:test", scopes=frozenset())


class Address:
    """A listening socket that outlives the processes behind it, as the supervisor keeps it."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    @contextlib.asynccontextmanager
    async def serving(self, app: FastAPI, linger: float = 0) -> AsyncIterator[DrainingServer]:
        """Serve here for a while."""
        config = uvicorn.Config(app, http=DrainingProtocol, log_config=None, timeout_graceful_shutdown=2)
        running = DrainingServer(app, config, linger=linger)
        task = asyncio.create_task(running.serve(sockets=[self.socket.dup()]))
        await until(lambda: running.started, "the server")
        try:
            yield running
        finally:
            running.should_exit = True
            await task


@pytest.fixture
def address() -> Iterator[Address]:
    """Keep an address for one test."""
    kept = Address()
    yield kept
    kept.socket.close()


def counting(effects: list[str]) -> FastAPI:
    """Return an application in which each request has an effect that can be counted."""
    app = FastAPI()

    @app.post("/effects/{name}")
    async def have(name: str, request: Request) -> str:
        await request.body()
        effects.append(name)
        await asyncio.sleep(0.002)
        return name

    return app


def has(effects: list[str], many: int) -> bool:
    """Say whether so many effects were had."""
    return len(effects) >= many


@contextlib.asynccontextmanager
async def forwarding(folder: Path, url: str) -> AsyncIterator[Forwarder]:
    """Return what forwards to one service."""
    (folder / "key.json").write_bytes(orjson.dumps(make_key().as_dict(private=True)))
    async with Forwarder({"policy": url}, TokenSigner(folder / "key.json"), 30, 1_000_000) as forwarder:
        yield forwarder


async def test_what_answers_in_the_place_of_a_service_is_no_service_that_is_ready(
    tmp_path: Path, address: Address
) -> None:
    """Anything can listen where a service is expected; what follows a service in the background must outlive it."""
    async with forwarding(tmp_path, address.url) as forwarder, address.serving(counting([])):
        with pytest.raises(ServiceAway, match="does not say how it is"):
            await forwarder.readiness("policy", ANYBODY)


async def test_restarts_under_load_lose_no_request_and_do_none_twice(tmp_path: Path, address: Address) -> None:
    effects, asked = list[str](), list[str]()
    over = asyncio.Event()

    async def ask(client: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            asked.append(f"{client}-{number}")
            answer = await forwarder.ask("policy", "POST", f"/effects/{asked[-1]}", ANYBODY, json="x" * 1000)
            assert answer.status == 200

    async with forwarding(tmp_path, address.url) as forwarder, asyncio.TaskGroup() as clients:
        for client in range(20):
            clients.create_task(ask(client))
        for _ in range(5):
            async with address.serving(counting(effects)):
                enough = len(effects) + 100
                await until(partial(has, effects, enough), "the effects")
        async with address.serving(counting(effects)):
            over.set()
            await until(lambda: not clients._tasks, "the last answers")

    assert sorted(effects) == sorted(asked)


async def test_what_a_process_handed_back_unread_is_known_from_what_it_may_have_done() -> None:
    async with server(answering(GOODBYE)) as upstream:
        with pytest.raises(UnreadError):
            await exchange(upstream, b"POST", b"text")
    async with server(answering(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")) as upstream:
        assert (await exchange(upstream, b"POST", b"text"))[0].status == 408
    async with server(answering()) as upstream:
        with pytest.raises(StaleError):
            await exchange(upstream, b"POST", b"text")


@pytest.mark.parametrize(
    ("method", "key", "answered"),
    [("GET", b"", True), ("PUT", b"", True), ("DELETE", b"", True), ("POST", b"k1", True), ("POST", b"", False)],
)
async def test_without_a_word_only_what_may_be_done_twice_is_sent_again(
    tmp_path: Path, method: str, key: bytes, answered: bool
) -> None:
    heads = []

    async def die_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if len(heads) > 1:
            writer.write(OK)

    async with server(die_once) as upstream, forwarding(tmp_path, f"http://{upstream.authority.decode()}") as forwarder:
        headers = [(b"idempotency-key", key)] if key else []
        asking = forwarder._exchange("policy", method, b"/", headers, None)
        if answered:
            async with asking as connection:
                assert connection.status == 200
        else:
            with pytest.raises(ServiceAway):
                await asking.__aenter__()
    assert len(heads) == 1 + answered


async def test_an_idle_client_may_send_once_more_and_is_told_goodbye_then(address: Address) -> None:
    request = b"POST /effects/%b HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
    effects = list[str]()
    async with address.serving(counting(effects), linger=0.5) as running:
        busy, idle = [await asyncio.open_connection(*address.socket.getsockname()) for _ in range(2)]
        for number, (reader, writer) in enumerate((busy, idle)):
            writer.write(request % str(number).encode())
            assert b"connection: close" not in await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(3)
        running.should_exit = True
        await until(lambda: running.server_state.draining, "the end")
        busy[1].write(request % b"last")
        assert b"connection: close" in await busy[0].readuntil(b"\r\n\r\n")
        assert await idle[0].read() == GOODBYE
        idle[1].write(request % b"late")
        for _, writer in (busy, idle):
            writer.close()
    assert effects == ["0", "1", "last"]


async def test_a_service_that_falls_silent_is_refused_at_once_until_it_says_that_it_lives(tmp_path: Path) -> None:
    silent = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if silent:
            await reader.read()
        else:
            writer.write(OK)

    clock = asyncio.get_running_loop().time
    async with server(serve) as upstream, forwarding(tmp_path, f"http://{upstream.authority.decode()}") as forwarder:
        began = clock()
        with pytest.raises(ServiceAway):
            await forwarder.ask("policy", "GET", "/", ANYBODY)
        assert clock() - began < circuit.SILENCE + circuit.PATIENCE + 1
        began = clock()
        for _ in range(20):
            with pytest.raises(ServiceAway):
                await forwarder.ask("policy", "GET", "/", ANYBODY)
        assert clock() - began < 1
        silent = False
        held = forwarder._services["policy"].circuit
        await until(lambda: not held.open, "a closed circuit", within=circuit.PAUSE + circuit.PATIENCE + 1)
        assert (await forwarder.ask("policy", "GET", "/", ANYBODY)).status == 200


async def test_a_process_that_shall_end_is_unready_first_and_still_answers(platform: Platform) -> None:
    running = platform.running["policy"].server
    assert isinstance(running, DrainingServer)
    running._window = 60
    running.leave()

    state = await platform.services["policy"].get("/readyz")
    answer = await platform.client.get("/v1/policies")

    assert (state.status_code, Readiness.model_validate_json(state.content).status) == (503, "unready")
    assert answer.status_code == 200
