"""The organisation's OpenID provider: where it is, by which keys it signs, and what it gives for a code.

Sources: OpenID Connect Discovery 1.0, RFC 6749, RFC 7636 (PKCE), RFC 9207 (who answers), OpenID Connect RP-Initiated
Logout 1.0.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.gateway.domain.sign_in import claims, who
from services.gateway.domain.sign_in.claims import Claims, TokenRefused, Trusted, UnknownKeyError
from services.gateway.domain.sign_in.pending import Begun
from services.gateway.domain.sign_in.sessions import AtProvider
from services.gateway.domain.sign_in.who import Mapped
from services.gateway.settings import GatewaySettings
from shared.clock import Clock
from shared.problems import Unauthorized, Unavailable

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger()
T = TypeVar("T")

KEPT = 3600.0
"""Seconds for which we trust what the provider said of itself."""
APART = 30.0
"""Seconds between two looks for a key that we do not know: whoever invents keys makes us ask no more often."""
SECONDS = 10.0
PAUSE = 3.0
"""Seconds for which nobody asks a provider again that was found away."""
CALLBACK = "/sign-in/callback"


class ProviderAway(Unavailable):
    """The organisation's sign-in does not answer at this moment."""


class CodeRefused(Unauthorized):
    """The organisation's sign-in does not take this answer: it was used before, or has ended."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    person: str | None
    end_session: str | None
    posts_secret: bool
    names_itself: bool


class Provider:
    """Asks the provider, and judges what it says; nothing is asked before somebody signs in."""

    def __init__(self, settings: GatewaySettings, clock: Clock) -> None:
        self.issuer = settings.oidc_issuer
        self.audience = settings.oidc_audience
        self._settings = settings
        self._clock = clock
        self._redirect = settings.public_url.rstrip("/") + CALLBACK
        self._client: httpx.AsyncClient | None = None
        self._facts: tuple[float, Facts] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asking = asyncio.Lock()
        self._away_until = 0.0
        self.mapped = Mapped(
            self.issuer,
            settings.oidc_employee_number_claim,
            settings.oidc_user_name_claim,
            settings.oidc_roles_claim,
            settings.oidc_roles,
            {client: frozenset(scopes) for client, scopes in settings.oidc_clients.items()},
        )

    async def ready(self) -> None:
        """Raise ProviderAway when nobody could sign in now."""
        await self._known()

    async def address(self, begun: Begun, *, fresh: bool) -> str:
        """Return where a browser is sent to sign in; `fresh` asks for the password though there is a session."""
        facts = await self._known()
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._redirect,
            "scope": self._settings.oidc_scopes,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        if fresh:
            query |= {"prompt": "login", "max_age": "0"}
        return with_query(facts.authorization, query)

    async def check_issuer(self, given: str | None) -> None:
        """Raise CodeRefused when it is another provider that answers (RFC 9207)."""
        facts = await self._known()
        if given != self.issuer and (given is not None or facts.names_itself):
            raise CodeRefused("The answer comes from another sign-in than the one that was asked.")

    async def exchange(self, code: str, verifier: str, nonce: str) -> Claims:
        """Return the claims of the ID token that a code stands for; raises CodeRefused, TokenRefused or ProviderAway."""
        facts = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
        }
        answer = await self._post(facts, form)
        identity, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(identity, str):
            raise TokenRefused("The provider's answer names nobody.")
        beside = access if isinstance(access, str) else None
        client = self._settings.oidc_client_id
        said = await self._judged(client, lambda by: claims.check_identity(identity, by, nonce, beside))
        return await self._completed(facts, said, beside)

    async def _completed(self, facts: Facts, said: Claims, access: str | None) -> Claims:
        """Return an ID token's claims with what the provider tells apart, as it does where it keeps its tokens short."""
        if access is None or facts.person is None or who.says_enough(said, self.mapped):
            return said
        more = await self._get(facts.person, {"Authorization": f"Bearer {access}"})
        if more.get("sub") != said["sub"]:
            raise TokenRefused("The provider's answers name two people.")
        return {**more, **said}

    async def check_logout(self, token: str) -> AtProvider:
        """Return what a logout token says is over; raises TokenRefused or ProviderAway."""
        return await self._judged(self._settings.oidc_client_id, lambda by: claims.check_logout(token, by))

    async def check_access(self, token: str) -> Claims:
        """Return the claims of an access token for our API; raises TokenRefused or ProviderAway."""
        if not self.audience:
            raise TokenRefused("This installation takes no access tokens of the provider.")
        return await self._judged(self.audience, lambda by: claims.check_access(token, by))

    async def after_sign_out(self) -> str | None:
        """Return where somebody ends their session at the provider too; None where it has no such page."""
        with contextlib.suppress(ProviderAway):
            facts = await self._known()
            back = self._settings.public_url.rstrip("/") + "/signed-out"
            query = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back}
            return with_query(facts.end_session, query) if facts.end_session else None
        return None

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()

    async def _judged(self, audience: str, judge: Callable[[Trusted], T]) -> T:
        """Judge a token by the keys that we know, and once more by new ones when it names a key that we do not."""
        try:
            return judge(Trusted(self.issuer, await self._key_set(), audience, self._clock.now()))
        except UnknownKeyError:
            keys = await self._key_set(newer_than=APART)
        try:
            return judge(Trusted(self.issuer, keys, audience, self._clock.now()))
        except UnknownKeyError:
            raise TokenRefused("The provider's token is signed by a key that is not the provider's.") from None

    async def _known(self) -> Facts:
        async with self._asking:
            if self._facts is None or time.monotonic() - self._facts[0] > KEPT:
                url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
                facts = await self._anew(url, lambda said: read_facts(said, self.issuer), self._facts)
                self._facts = (time.monotonic(), facts)
            return self._facts[1]

    async def _key_set(self, newer_than: float = KEPT) -> KeySet:
        facts = await self._known()
        async with self._asking:
            if self._keys is None or time.monotonic() - self._keys[0] > newer_than:
                self._keys = (time.monotonic(), await self._anew(facts.keys, read_keys, self._keys))
            return self._keys[1]

    async def _anew(self, url: str, read: Callable[[dict[str, Any]], T], before: tuple[float, T] | None) -> T:
        """Ask the provider anew; while it is away what it said before holds, and not everybody waits to find that out."""
        if before is None and time.monotonic() < self._away_until:
            raise ProviderAway
        try:
            return read(await self._get(url))
        except ProviderAway as error:
            self._away_until = time.monotonic() + PAUSE
            if before is None:
                raise
            log.warning("the sign-in provider is away; what it said before holds", error=error.detail)
            return before[1]

    async def _get(self, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        return read_object(await self._asked(lambda client: client.get(url, headers=headers)), 200)

    async def _post(self, facts: Facts, form: dict[str, str]) -> dict[str, Any]:
        client_id, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        basic = None
        if secret is None:
            form["client_id"] = client_id
        elif facts.posts_secret:
            form |= {"client_id": client_id, "client_secret": secret.get_secret_value()}
        else:
            basic = (urlencode({"": client_id})[1:], urlencode({"": secret.get_secret_value()})[1:])
        answer = await self._asked(lambda client: client.post(facts.token, data=form, auth=basic))  # type: ignore[arg-type]
        if 400 <= answer.status_code < 500:
            raise CodeRefused
        return read_object(answer, 200)

    async def _asked(self, ask: "Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]") -> "httpx.Response":
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=SECONDS, follow_redirects=False)
        try:
            return await ask(self._client)
        except httpx.HTTPError as error:
            raise ProviderAway from error


def read_object(answer: "httpx.Response", status: int) -> dict[str, Any]:
    """Return an answer's JSON object; raises ProviderAway for anything else."""
    try:
        said = answer.json() if answer.status_code == status else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ProviderAway(f"The organisation's sign-in answered {answer.status_code}, and not as it should.")
    return said


def read_facts(said: dict[str, Any], issuer: str) -> Facts:
    """Return what a provider's configuration says; raises ProviderAway when it is another's, or lacks what we need."""
    needed = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if said.get("issuer") != issuer or not all(isinstance(url, str) for url in needed):
        raise ProviderAway("The configuration of the organisation's sign-in is not that of the issuer that is set.")
    authorization, token, keys = map(str, needed)
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    person, end = said.get("userinfo_endpoint"), said.get("end_session_endpoint")
    return Facts(
        authorization,
        token,
        keys,
        person if isinstance(person, str) else None,
        end if isinstance(end, str) else None,
        posts_secret="client_secret_basic" not in ways,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(said: dict[str, Any]) -> KeySet:
    """Return the keys that a provider signs with, without those that it has for other uses or that we cannot read."""
    given = said.get("keys")
    found = []
    for key in given if isinstance(given, list) else []:
        if isinstance(key, dict) and key.get("use", "sig") == "sig":
            with contextlib.suppress(JoseError, ValueError, KeyError, TypeError):
                found += KeySet.import_key_set({"keys": [key]}).keys
    if not found:
        raise ProviderAway("The organisation's sign-in names no keys.")
    return KeySet(found)


def with_query(url: str, query: dict[str, str]) -> str:
    """Return an address with these parameters after those that it has."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


@contextlib.asynccontextmanager
async def open_provider(settings: GatewaySettings, clock: Clock) -> AsyncIterator[Provider | None]:
    """Have the provider that is configured, if one is."""
    provider = Provider(settings, clock) if settings.oidc_issuer else None
    try:
        yield provider
    finally:
        if provider is not None:
            await provider.close()
