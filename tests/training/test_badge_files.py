"""Badges as files: what is broken is refused, and any title makes a picture."""

import contextlib
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.domain.badges import pictures, uploads
from tests.badges import credential_in

PICTURE = pictures.svg("responder", "Responder", "Alderfjord")
BAKED = (
    pictures.baked_svg(PICTURE, '{"id": "x"}').encode(),
    pictures.baked_png(pictures.png(PICTURE), '{"id": "x"}'),
    b'{"id": "x"}',
)


@given(st.sampled_from(BAKED), st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(max_size=9)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_broken_file_is_read_or_refused(whole: bytes, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(whole)
    for place, junk in changes:
        at = place % len(content)
        content[at : at + len(junk)] = junk
    with contextlib.suppress(uploads.NoCredential):
        assert isinstance(uploads.read(bytes(content)), dict)


def test_a_picture_bomb_is_refused_before_it_unpacks() -> None:
    bomb = zlib.compress(b" " * 20_000_000)
    data = b"openbadgecredential\0\x01\0\0\0" + bomb
    chunk = len(data).to_bytes(4) + b"iTXt" + data + zlib.crc32(b"iTXt" + data).to_bytes(4)
    with pytest.raises(uploads.NoCredential):
        uploads.read(pictures.PNG_START + chunk)


@pytest.mark.parametrize(
    "title",
    ["<b>&\"'", "社内広報", "x", "W" * 200, "Ein sehr langer Titel für eine Bescheinigung über alles", "👩‍🏫 Coach"],
)
def test_any_title_makes_a_picture(title: str) -> None:
    drawn = pictures.svg("tier", title, "Østfjord & Söhne <GmbH>")
    assert pictures.png(drawn).startswith(pictures.PNG_START)
    signed = json.dumps({"name": title, "trap": "]]>"}, ensure_ascii=False)
    assert credential_in(pictures.baked_svg(drawn, signed).encode()) == json.loads(signed)
