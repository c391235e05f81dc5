"""Find the links of a post and say, in one form, to which host each leads."""

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

import idna

_token = re.compile(r"[^\s<>\"“”«»]+")
_scheme = re.compile(r"(?i)[a-z][a-z0-9+-]{1,11}:[/\\]{2,}")
_after_host = re.compile(r"[/\\?#]")
_dots = re.compile("[.。]")
# What no label has: ASCII punctuation but the hyphen, and the underscore of host names.
_not_a_label = re.compile(r"[!-,/:-@\[-^`{-~]")
_endings = re.compile(
    "(?i)com|org|net|info|io|co|app|dev|shop|eu|de|at|ch|fr|es|pt|it|nl|be|uk|us|ca|br|mx|in|ly|me|tv|to|gg|example"
)
_leading = "([{'*_~"
_trailing = ".,;:!?…'*_~)]}"


class Link(NamedTuple):
    """A link in a text; `sure` if people can see that it is one, not just two words around a full stop."""

    start: int
    end: int
    host: str
    sure: bool


def find(text: str) -> list[Link]:
    """The links in a clean text, with or without a scheme; no e-mail addresses, no handles."""
    if "." not in text and "。" not in text and ":" not in text:
        return []
    return [link for token in _token.finditer(text) for link in _in_token(token[0], token.start())]


def _in_token(token: str, start: int) -> Iterator[Link]:
    scheme = _scheme.search(token)
    before = token[: scheme.start()] if scheme else token
    if scheme:
        link = token[scheme.start() :].rstrip(_trailing)
        if host := host_of(link):
            yield Link(start + scheme.start(), start + scheme.start() + len(link), host, sure=True)
    for part in re.finditer("[^,;|()]+", before):
        bare = part[0].lstrip(_leading)
        at = start + part.end() - len(bare)
        bare = bare.rstrip(_trailing)
        if host := _bare_host(bare):
            yield Link(at, at + len(bare), host, sure=_looks_like_a_link(bare))


def _bare_host(link: str) -> str | None:
    name = _after_host.split(link, maxsplit=1)[0].partition(":")[0]
    labels = _dots.split(name.rstrip(".。"))
    if len(labels) < 2 or not labels[-1][:1].isalpha() or not all(labels) or any(map(_not_a_label.search, labels)):
        return None
    return host_of(link)


def _looks_like_a_link(link: str) -> bool:
    name, *path = _after_host.split(link, maxsplit=1)
    last = _dots.split(name.partition(":")[0].rstrip(".。"))[-1]
    # "Done.It was" lacks a space; nobody writes a link like that.
    known = _endings.fullmatch(last) is not None and not last.istitle()
    return known or name.casefold().startswith("www.") or (len(last) > 1 and bool(path and path[0]))


def host_of(link: str) -> str | None:
    """The host that a browser would go to, in ASCII and lower case; None if there is none."""
    rest = _scheme.sub("", link.strip(), count=1)
    authority = _after_host.split(rest, maxsplit=1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return _address(authority[1:].partition("]")[0])
    host = _dots.sub(".", unquote(authority.partition(":")[0])).strip(". ")
    return (host.lower() if host.isascii() else _in_ascii(host)) or None


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _in_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except UnicodeError:
        # Emoji and the like are not in the standard, yet registries sell them.
        labels = host.casefold().split(".")
        return ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels)
