"""Answers are compressed where it is worth it, and read the same."""

import asyncio
import gzip
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.compression import LARGE, LEAST, Compression

LONG = b"Listen first. " * 200


async def ask(answer: Response, method: str = "GET", asked: str = "br, gzip;q=0.8") -> tuple[httpx.Response, bytes]:
    """Return an answer as it came through, and its body as it was sent."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    transport = httpx.ASGITransport(Compression(app))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        client.stream(method, "/", headers={"Accept-Encoding": asked}) as got,
    ):
        return got, b"".join([piece async for piece in got.aiter_raw()])


async def test_long_text_is_compressed_and_says_so() -> None:
    answer, sent = await ask(Response(LONG, media_type="application/json", headers={"ETag": '"4"', "Vary": "Accept"}))
    assert gzip.decompress(sent) == LONG
    assert len(sent) < len(LONG) / 10
    assert answer.headers["Content-Length"] == str(len(sent))
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.headers["ETag"] == '"4"'


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (Response(LONG, media_type="application/json"), "gzip;q=0"),
        (Response(LONG, media_type="application/json"), "br"),
        (Response(LONG[: LEAST - 1], media_type="application/json"), "gzip"),
        (Response(LONG, media_type="image/png"), "gzip"),
        (Response(LONG, media_type="application/json", headers={"Content-Encoding": "zstd"}), "gzip"),
        (StreamingResponse(iter([LONG, LONG]), media_type="text/event-stream"), "gzip"),
        (Response(status_code=204), "gzip"),
    ],
)
async def test_what_is_short_or_no_text_or_not_asked_for_comes_as_it_is(answer: Response, asked: str) -> None:
    got, sent = await ask(answer, asked=asked)
    assert got.headers.get("Content-Encoding") in {None, "zstd"}
    assert sent in {LONG, LONG * 2, LONG[: LEAST - 1], b""}


async def test_the_head_of_an_answer_says_how_long_the_text_is() -> None:
    got, _ = await ask(Response(LONG, media_type="application/json"), "HEAD")
    assert "Content-Encoding" not in got.headers
    assert got.headers["Content-Length"] == str(len(LONG))


@given(st.lists(st.binary(max_size=3000), max_size=6), st.booleans())
@settings(max_examples=40)
def test_a_stream_reads_the_same_whatever_its_pieces(pieces: Sequence[bytes], large: bool) -> None:
    given_pieces = [*pieces, b"x" * LARGE] if large else list(pieces)
    _, sent = asyncio.run(ask(StreamingResponse(iter(given_pieces), media_type="text/csv")))
    assert gzip.decompress(sent) == b"".join(given_pieces)
