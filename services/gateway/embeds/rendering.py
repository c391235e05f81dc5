"""A policy as a page of its own, for a frame, and for what takes its `<main>` into another page."""

import html
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, FileSystemLoader, Template, select_autoescape

from services.gateway.embeds import phrases
from services.gateway.embeds.addresses import embed_of, oembed_of
from services.gateway.embeds.files import Files
from shared.locales import serves, spelled

THEMES = frozenset({"light", "dark", "contrast", "auto"})
TAG = re.compile(r"<[^>]*>")
LEAD = 200
"""How much of a policy a link to it shows, in characters."""


@dataclass(frozen=True, slots=True)
class View:
    """How a page is asked for; `accepts` where the reader is a person, who can accept what they read."""

    sections: tuple[str, ...] | None = None
    theme: str = "auto"
    lang: str = ""
    accepts: bool = False

    @classmethod
    def of(cls, asked: dict[str, list[str]], *, accepts: bool) -> Self:
        """Read the query of an address; what it holds besides changes nothing."""
        theme = asked.get("theme", ["auto"])[0]
        sections = None
        if "sections" in asked:
            sections = tuple(sorted({part.strip() for part in ",".join(asked["sections"]).split(",")}))
        return cls(sections, theme if theme in THEMES else "auto", spelled(asked.get("lang", [""])[0][:35]), accepts)


class Pages:
    """Renders pages."""

    def __init__(self, files: Files, public_url: str) -> None:
        templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(),
            trim_blocks=True,
        )
        templates.globals.update(asset=files.path_of, direction=phrases.direction)
        self._templates = templates
        self._public_url = public_url.rstrip("/")

    @cached_property
    def _policy(self) -> Template:
        return self._templates.get_template("policy.html")

    @cached_property
    def _shell(self) -> Template:
        return self._templates.get_template("shell.html")

    def policy(self, policy: dict[str, Any], view: View, *, public: bool) -> bytes:
        """Return a policy as a page; what is `public` says so to those who make previews of links."""
        lang = policy["locale"]
        words = phrases.language_for(view.lang, lang)
        sections = [
            in_language(each, lang, view.lang)
            for each in policy["sections"]
            if view.sections is None or each["id"] in view.sections
        ]
        address = embed_of(self._public_url, policy["key"])
        return self._policy.render(
            policy=policy,
            number=policy.get("version", policy.get("number")),
            sections=sections,
            lang=lang,
            view=view,
            words=words,
            say=phrases.phrases_in(words),
            address=address,
            preview={"lead": lead_of(sections), "oembed": oembed_of(self._public_url, address)} if public else None,
        ).encode()

    def shell(self, policy: str, view: View) -> bytes:
        """Return the page that shows nothing yet: it asks the page around it, or the reader, who they are."""
        words = phrases.language_for(view.lang)
        return self._shell.render(
            key=policy, lang=words, words=words, view=view, say=phrases.phrases_in(words)
        ).encode()


def in_language(section: dict[str, Any], written_in: str, asked: str) -> dict[str, Any]:
    """Return a section with its language, and whether that is another than the reader asked for."""
    locale = section.get("locale", written_in)
    return {**section, "locale": locale, "foreign": bool(asked) and not serves(locale, asked)}


def lead_of(sections: list[dict[str, Any]]) -> str:
    """Return the first words of what is shown."""
    said = " ".join(html.unescape(TAG.sub(" ", " ".join(each["html"] for each in sections))).split())
    return said if len(said) <= LEAD else said[:LEAD].rsplit(" ", 1)[0] + " …"
