"""`/embed/policies/{key}`: the policy in force as a page that an intranet frames, answered from memory."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.types import Scope, Send

from services.gateway.embeds.tokens import EmbedTokens
from services.gateway.read_model.policies import Kept, Policies, languages_of
from shared.auth import Principal
from shared.locales import serves, spelled
from shared.problems import Forbidden, NotFound, Unauthorized

PAGES = 500
THEMES = frozenset({"light", "dark", "auto"})


class Embeds:
    """Renders policies once for each way they are asked for."""

    def __init__(self, policies: Policies, tokens: EmbedTokens, frame_ancestors: Sequence[str]) -> None:
        self._policies = policies
        self.tokens = tokens
        self._csp = (
            f"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {' '.join(frame_ancestors)}"
        ).encode()
        templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape()
        )
        self._template = templates.get_template("policy.html")
        self._pages: dict[tuple[str, str | None, bytes], tuple[bytes, list[tuple[bytes, bytes]]]] = {}

    async def serve(self, scope: Scope, send: Send, principal: Principal | None) -> None:
        """Answer with the page; raises Unauthorized, Forbidden or NotFound."""
        policy = scope["path"].rsplit("/", 1)[1]
        if principal is None:
            principal = self._by_token(scope, policy)
        if "policies:read" not in principal.scopes:
            raise Forbidden("This needs the scope policies:read.")
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        kept = self._policies.find(policy, asked.get("lang", [""])[0])
        if kept is None:
            raise NotFound(f"No version of the policy {policy} is in force.")
        body, headers = self._page(policy, kept, asked)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _by_token(self, scope: Scope, policy: str) -> Principal:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not token:
            raise Unauthorized("Send an API key, or a token of /v1/embed-tokens as ?token=.")
        return self.tokens.principal(token, policy)

    def _page(self, policy: str, kept: Kept, asked: dict[str, list[str]]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        wanted = json.dumps({name: asked[name] for name in ("sections", "theme", "lang") if name in asked}).encode()
        page = self._pages.get((policy, kept.etag, wanted))
        if page is None:
            if len(self._pages) >= PAGES:
                self._pages.clear()
            page = self._pages[policy, kept.etag, wanted] = self._render(kept, asked)
        return page

    def _render(self, kept: Kept, asked: dict[str, list[str]]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        policy: dict[str, Any] = json.loads(kept.body)
        sections: list[dict[str, Any]] = policy["sections"]
        if "sections" in asked:
            ids = {part.strip() for part in ",".join(asked["sections"]).split(",")}
            sections = [section for section in sections if section["id"] in ids]
        theme = asked.get("theme", ["auto"])[0]
        lang = spelled(asked.get("lang", [""])[0])
        body = self._template.render(
            policy=policy,
            sections=[in_language(each, policy["locale"], lang) for each in sections],
            lang=policy["locale"],
            asked=lang,
            theme=theme if theme in THEMES else "auto",
        ).encode()
        tag = f'"embed-{(kept.etag or "").strip(chr(34))}-{theme if theme in THEMES else "auto"}-{len(body)}"'
        return body, [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"content-language", languages_of(kept.body).encode("latin-1")),
            (b"content-security-policy", self._csp),
            (b"cache-control", b"private, max-age=60"),
            (b"etag", tag.encode("latin-1")),
        ]


def in_language(section: dict[str, Any], written_in: str, asked: str) -> dict[str, Any]:
    """Return a section with its language, and whether that is another than the reader asked for."""
    locale = section.get("locale", written_in)
    return {**section, "locale": locale, "foreign": bool(asked) and not serves(locale, asked)}
