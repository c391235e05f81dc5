"""`/embed/policies/{key}`: the policy in force as a page that an intranet frames, answered from memory."""

import hashlib
import json
from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

from starlette.types import Scope, Send

from services.gateway.embed_tokens import EmbedTokens
from services.gateway.embeds.files import Files, Headers
from services.gateway.embeds.rendering import Pages, View
from services.gateway.read_model.age import PoliciesAge
from services.gateway.read_model.policies import Kept, Policies, languages_of
from services.gateway.settings import GatewaySettings
from shared.auth import Principal
from shared.problems import Forbidden, NotFound, Problem, Unauthorized

MEMORY = 500
"""Pages that are kept rendered."""


class TokenInAddress(Problem):
    """A token does not belong into the query of an address, which is logged on its way and kept in histories."""

    status = 400


class Embeds:
    """Renders policies once for each way they are asked for; `public` policies are for whoever asks."""

    def __init__(self, policies: Policies, age: PoliciesAge, tokens: EmbedTokens, settings: GatewaySettings) -> None:
        self._policies = policies
        self._age = age
        self.tokens = tokens
        self.files = Files()
        self.public = frozenset(settings.public_policies)
        self._csp = csp(settings.public_url, settings.frame_ancestors)
        self._pages = Pages(self.files, settings.public_url)
        self._rendered: dict[tuple[str, str | None, View], tuple[bytes, Headers]] = {}

    def visible_to(self, principal: Principal | None) -> frozenset[str] | None:
        """Return the policies that somebody may read; None stands for all."""
        if principal is not None and "policies:read" in principal.scopes:
            return None
        return self.public

    def find(self, policy: str, lang: str = "") -> Kept | None:
        """Return a policy in force in the best language there is."""
        return self._policies.find(policy, lang)

    async def serve(self, scope: Scope, send: Send, principal: Principal | None) -> None:
        """Answer with the page; raises TokenInAddress, Unauthorized, Forbidden or NotFound."""
        policy = scope["path"].rsplit("/", 1)[1]
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if "token" in asked:
            raise TokenInAddress(
                "Put the token behind #token=, or send it as `Authorization: Bearer`; never as ?token=."
            )
        view = View.of(asked, accepts=principal is not None and principal.person is not None)
        if policy not in self.public and principal is None:
            if not is_browser(scope):
                raise Unauthorized("Send an API key, or a token of /v1/embed-tokens, as `Authorization: Bearer`.")
            body, headers = self._shell(policy, view)
        elif policy not in self.public and principal is not None and "policies:read" not in principal.scopes:
            raise Forbidden("This needs the scope policies:read.")
        else:
            body, headers = self._page(policy, view)
            headers = [*headers, *self._age.headers()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _page(self, policy: str, view: View) -> tuple[bytes, Headers]:
        kept = self._policies.find(policy, view.lang)
        if kept is None:
            raise NotFound(f"No version of the policy {policy} is in force.")
        rendered = self._rendered.get((policy, kept.etag, view))
        if rendered is None:
            if len(self._rendered) >= MEMORY:
                self._rendered.clear()
            body = self._pages.policy(json.loads(kept.body), view, public=policy in self.public)
            rendered = self._rendered[policy, kept.etag, view] = body, self._headers(body, languages_of(kept.body))
        return rendered

    def _shell(self, policy: str, view: View) -> tuple[bytes, Headers]:
        body = self._pages.shell(policy, view)
        return body, self._headers(body, "")

    def _headers(self, body: bytes, languages: str) -> Headers:
        return [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *([(b"content-language", languages.encode("latin-1"))] if languages else []),
            (b"content-security-policy", self._csp),
            (b"cache-control", b"private, no-cache"),
            # A browser keeps one answer for an address: it differs by who asks, and a page by whether a script does.
            (b"vary", b"Authorization, Cookie, Accept, Origin"),
            (b"etag", f'"embed-{hashlib.sha256(body).hexdigest()[:32]}"'.encode()),
        ]


def csp(public_url: str, frame_ancestors: Collection[str]) -> bytes:
    """Return what the page may load, and who may frame it.

    Our own origin is named beside 'self', which means nothing to some browsers in a sandbox. The portal shows whoever
    puts a page together how it looks, so it may frame it whoever else may; 'none' stays none.
    """
    framing = frame_ancestors if "'none'" in frame_ancestors else dict.fromkeys(("'self'", *frame_ancestors))
    parts = urlsplit(public_url)
    own = f"'self' {parts.scheme}://{parts.netloc}"
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own}; connect-src {own}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {' '.join(framing)}"
    ).encode()


def is_browser(scope: Scope) -> bool:
    """Say whether a page is asked for, as browsers do when they open one."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
