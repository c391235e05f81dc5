"""Markdown as policies and lessons use it: what of it reaches a page, and the words that remain without any formatting."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES = {"http", "https", "mailto", "tel"}
TAGS = (
    {"p", "br", "hr", "em", "strong", "s", "a", "code", "pre", "blockquote", "ul", "ol", "li"}
    | {f"h{level}" for level in range(1, 7)}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)

Warn = Callable[[int, str], None]
"""Is told of something left out: the line within the text, counted from 0, and what it is."""

Files = Mapping[str, str]
"""The files that belong to a text: what it calls them, and the path in this site that serves them."""
NO_FILES: Files = MappingProxyType({})

ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}

markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    url_relative="deny",
)


def read(text: str, warn: Warn, files: Files = NO_FILES) -> list[Token]:
    """Return the tokens of a text without what must not reach a page.

    Pictures are loaded from elsewhere and links to a place in this site lead nowhere in another, so an image becomes
    its description, and a link that is not absolute its words; unless they name one of the text's own files.
    """
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type == "inline" and token.children:
            line = token.map[0] if token.map else 0
            token.children = list(tidy(token.children, lambda said, line=line: warn(line, said), files))  # type: ignore[misc]
    return tokens


def tidy(tokens: Sequence[Token], warn: Callable[[str], None], files: Files) -> Iterator[Token]:
    """Pass on the parts of a line, images and links that lead nowhere as their words."""
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "image" and str(token.attrGet("src")) in files:
            token.attrSet("src", files[str(token.attrGet("src"))])
            yield token
        elif token.type == "image":
            warn("an image is shown as its description; no text loads anything from elsewhere.")
            yield Token("text", "", 0, content=token.content)
        elif token.type == "link_open":
            href = str(token.attrGet("href") or "")
            token.attrSet("href", files.get(href, href))
            open_links.append(href in files or absolute(href))
            if open_links[-1]:
                yield token
            else:
                warn(f'the link to "{href[:100]}" is shown as its words; a link begins with https:// or mailto:.')
        elif token.type != "link_close" or open_links.pop():
            yield token


def absolute(href: str) -> bool:
    """Say whether a link means the same wherever it is shown, and runs nothing."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    # Browsers take `https:name` for a place beside the page that it stands on.
    return parts.scheme in SCHEMES and bool(parts.netloc or not parts.scheme.startswith("http"))


def render(tokens: Sequence[Token], files: Files = NO_FILES) -> str:
    """Return HTML; what the renderer lets through is sanitised all the same."""
    html = markdown.renderer.render(list(tokens), markdown.options, {})
    return (with_files(files) if files else cleaner).clean(html)


def with_files(files: Files) -> nh3.Cleaner:
    """Return a cleaner that lets the addresses of a text's own files through, and pictures from nowhere else."""
    own = frozenset(files.values())

    def keep(_tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return value if value in own else None
        return value if attribute != "href" or value in own or absolute(value) else None

    return nh3.Cleaner(
        tags=TAGS | {"img"},
        attributes={**ATTRIBUTES, "img": {"src", "alt", "title"}},
        attribute_filter=keep,
        url_schemes=SCHEMES,
        url_relative="pass_through",
    )


def words_of(tokens: Sequence[Token]) -> str:
    """Return what a text says, a paragraph to each block: its formatting is gone, where its links lead is kept.

    What is struck through stays marked, since it says the opposite.
    """
    blocks = (
        line_of(token.children or []) if token.type == "inline" else token.content
        for token in tokens
        if token.type in {"inline", "fence", "code_block"}
    )
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())


def line_of(tokens: Sequence[Token]) -> str:
    """Return the words of one line."""
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            said.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            said.append(" ")
        elif token.type in {"s_open", "s_close"}:
            said.append("~~")
        elif token.type == "link_open":
            links.append((str(token.attrGet("href")), len(said)))
        elif token.type == "link_close":
            href, start = links.pop()
            shown = "".join(said[start:])
            said.append("" if href.removeprefix("mailto:") == shown else f" ({href})")
    return "".join(said)


def hash_of(*texts: str) -> str:
    """Return the SHA-256 of texts in which white space of any amount counts as one space."""
    plain = (" ".join(unicodedata.normalize("NFC", text).split()) for text in texts)
    return hashlib.sha256("\n".join(plain).encode()).hexdigest()
