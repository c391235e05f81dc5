"""The gateway's own HTTP client against servers that behave in every way a server can."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.gateway.upstream import BUFFERED, Connection, StaleError, Upstream, UpstreamError, request_head

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(serve: Serve, patience: float = 2) -> AsyncIterator[Upstream]:
    """Run a server whose every byte the test decides."""
    handling: set[asyncio.Task[object]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await serve(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    upstream = Upstream("policy", f"http://127.0.0.1:{port}", patience)
    yield upstream
    upstream.close()
    listening.close()
    await listening.wait_closed()
    for task in handling:
        task.cancel()
    await asyncio.gather(*handling, return_exceptions=True)


async def exchange(upstream: Upstream, method: bytes = b"GET", body: bytes | None = None) -> tuple[Connection, bytes]:
    """Ask once and read the whole answer."""
    connection = await upstream.connect()
    connection.begin(method)
    length = [(b"content-length", str(len(body)).encode())] if body is not None else []
    await connection.send(request_head(method, b"/", upstream.authority, length), body, chunked=False)
    await connection.head()
    pieces = []
    while piece := await connection.read():
        pieces.append(piece)
    upstream.give_back(connection)
    return connection, b"".join(pieces)


def answering(*answers: bytes) -> Serve:
    """Return a server that gives each request of a connection the next answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

    return serve


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_requests_one_after_the_other_share_a_connection() -> None:
    async with server(answering(OK, OK, OK)) as upstream:
        connections = {id((await exchange(upstream))[0]) for _ in range(3)}
    assert len(connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
    ],
    ids=["says close", "says more than it was asked"],
)
async def test_a_connection_that_cannot_be_trusted_is_not_used_again(answer: bytes) -> None:
    async with server(answering(answer, OK)) as upstream:
        first, body = await exchange(upstream)
        await asyncio.sleep(0)
        assert body.startswith(b"ok")
        second, _ = await exchange(upstream)
    assert first is not second


async def test_answers_without_a_body_end_with_their_head() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    async with server(answering(head)) as upstream:
        connection, body = await exchange(upstream, b"HEAD")
    assert (connection.status, body) == (200, b"")
    for empty in (b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\netag: 1\r\n\r\n"):
        async with server(answering(empty, OK)) as upstream:
            assert (await exchange(upstream))[1] == b""
            assert (await exchange(upstream))[1] == b"ok"


@pytest.mark.parametrize("seed", range(8))
async def test_a_body_comes_through_whatever_its_pieces(seed: int) -> None:
    rng = random.Random(seed)
    pieces = [rng.randbytes(rng.choice([1, 7, 4096, 70_000])) for _ in range(rng.randrange(1, 30))]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks
        while raw:
            cut = rng.randrange(1, 9000)
            writer.write(raw[:cut])
            raw = raw[cut:]
            if rng.random() < 0.3:
                await asyncio.sleep(0)

    async with server(serve) as upstream:
        assert (await exchange(upstream))[1] == b"".join(pieces)


async def test_a_slow_reader_makes_the_service_wait_instead_of_filling_memory() -> None:
    size = 40 * BUFFERED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(40):
            writer.write(b"x" * BUFFERED)
            await writer.drain()

    async with server(serve, patience=10) as upstream:
        connection = await upstream.connect()
        connection.begin(b"GET")
        await connection.send(request_head(b"GET", b"/", upstream.authority, []), None, chunked=False)
        await connection.head()
        got, most = 0, 0
        while piece := await connection.read():
            got += len(piece)
            most = max(most, len(piece))
            for _ in range(50):
                await asyncio.sleep(0)
        upstream.give_back(connection)
    assert got == size
    assert most < 3 * BUFFERED


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", StaleError),
        (b"HTTP/1.1 200 OK\r\ncontent-le", UpstreamError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", UpstreamError),
        (b"220 mail.example ESMTP\r\n\r\n", UpstreamError),
    ],
    ids=["hangs up", "half a head", "half a body", "no HTTP"],
)
async def test_a_broken_answer_is_an_error_and_never_a_short_one(answer: bytes, error: type[Exception]) -> None:
    async with server(answering(answer)) as upstream:
        with pytest.raises(error):
            await exchange(upstream)


async def test_a_service_that_falls_silent_is_given_up() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        await reader.read()

    async with server(serve, patience=0.2) as upstream:
        with pytest.raises(UpstreamError) as error:
            await exchange(upstream)
    assert not isinstance(error.value, StaleError)


async def test_nobody_listening_is_an_error_at_once() -> None:
    async with server(answering(OK)) as upstream:
        pass
    with pytest.raises(UpstreamError):
        await upstream.connect()


async def test_an_answer_before_the_request_was_sent_in_full_ends_the_sending() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 60_000
            await asyncio.sleep(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await reader.read()

    async with server(serve) as upstream:
        connection = await upstream.connect()
        connection.begin(b"POST")
        head = request_head(b"POST", b"/", upstream.authority, [(b"transfer-encoding", b"chunked")])
        async with asyncio.timeout(5):
            await connection.send(head, endless(), chunked=True)
            await connection.head()
        assert connection.status == 413
        assert not connection.reusable
        upstream.give_back(connection)
    assert sent < 10_000
