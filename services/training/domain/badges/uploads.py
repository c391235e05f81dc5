"""Finds the credential in a file that somebody was shown: JSON, or a picture that carries it."""

import json
import re
import zlib
from typing import Any

from services.training.domain.badges.pictures import PNG_START
from shared.problems import Invalid

LARGEST = 512 * 1024
"""Bytes of a credential; ours have about two thousand."""
KEYWORD = b"openbadgecredential"
INSIDE_SVG = re.compile(rb"<(?:\w+:)?credential\b[^>]*>\s*<!\[CDATA\[(.*?)\]\]>\s*</(?:\w+:)?credential>", re.DOTALL)


class NoCredential(Invalid):
    """This is no badge: it holds no credential that can be read."""


def read(content: bytes) -> dict[str, Any]:
    """Return the credential in a file; raises NoCredential."""
    if content.startswith(PNG_START):
        text = in_png(content)
    elif content.lstrip()[:1] == b"<":
        found = INSIDE_SVG.search(content)
        text = found.group(1) if found else b""
    else:
        text = content
    try:
        document = json.loads(text)
        # A lone surrogate is no text: it could not be named in an answer.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise NoCredential from None
    if not isinstance(document, dict):
        raise NoCredential
    return document


def in_png(content: bytes) -> bytes:
    """Return the text of the chunk that carries a credential; raises NoCredential."""
    at = len(PNG_START)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        data = content[at + 8 : at + 8 + length]
        if content[at + 4 : at + 8] == b"iTXt" and data.startswith(KEYWORD + b"\0"):
            return text_of(data[len(KEYWORD) + 1 :])
        at += 12 + length
    raise NoCredential


def text_of(data: bytes) -> bytes:
    """Return the text of an iTXt chunk behind its keyword; one that unpacks to more than a badge is refused."""
    compressed, method, rest = data[:1], data[1:2], data[2:]
    parts = rest.split(b"\0", 2)
    if len(parts) != 3 or method != b"\0":
        raise NoCredential
    if compressed != b"\x01":
        return parts[2]
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(parts[2], LARGEST)
    except zlib.error:
        raise NoCredential from None
    if unpacker.unconsumed_tail:
        raise NoCredential
    return text
