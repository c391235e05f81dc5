"""The client that connectors fetch with: it reaches no private address, and takes no more than it should.

`httpx-secure` checks the address of each connection as it is made, after the name was resolved: neither a redirect nor
a name that changes its address in between leads inside.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import httpx

from services.monitoring.connectors.protocol import IpNetwork, SourceTrouble

LARGEST = 10 * 1024 * 1024
"""Bytes of an answer, unpacked."""
SECONDS = 30.0
"""For a whole answer."""
USER_AGENT = "Shareload (monitoring; reads public posts)"


def guarded(allowed: Sequence[IpNetwork] = ()) -> httpx.AsyncClient:
    """Return a client for public addresses, and for those in `allowed`, which is for development and tests."""
    from httpx_secure import httpx_ssrf_protection

    client = httpx.AsyncClient(
        trust_env=False,
        follow_redirects=True,
        max_redirects=5,
        timeout=httpx.Timeout(10.0),
        headers={"User-Agent": USER_AGENT},
    )
    if not allowed:
        return httpx_ssrf_protection(client)

    def may_reach(_host: str, address: IPv4Address | IPv6Address, _port: int) -> bool:
        return reachable(address, allowed)

    return httpx_ssrf_protection(client, check_globally_reachable=False, custom_validator=may_reach)


def reachable(address: IPv4Address | IPv6Address, allowed: Sequence[IpNetwork]) -> bool:
    """Tell whether we connect to an address: to public ones, and to those in `allowed`."""
    return (address.is_global and not address.is_multicast) or any(address in network for network in allowed)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, read to its end; `content` is empty when the other side said that nothing changed."""

    status: int
    headers: httpx.Headers
    content: bytes
    url: str


async def fetch(client: httpx.AsyncClient, url: str, headers: dict[str, str] | None = None) -> Fetched:
    """Get one address; raises SourceTrouble for whatever is not a complete answer of 200 or 304."""
    try:
        async with asyncio.timeout(SECONDS), client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return Fetched(answer.status_code, answer.headers, b"", str(answer.url))
            if answer.status_code != httpx.codes.OK:
                raise SourceTrouble(
                    f"The server answered {answer.status_code} {answer.reason_phrase}.",
                    retry_after=asked_to_wait(answer),
                )
            content = bytearray()
            async for part in answer.aiter_bytes(65_536):
                content += part
                if len(content) > LARGEST:
                    raise SourceTrouble(f"The answer has more than {LARGEST // 1024 // 1024} MB.")
            return Fetched(answer.status_code, answer.headers, bytes(content), str(answer.url))
    except TimeoutError:
        raise SourceTrouble(f"The answer took more than {SECONDS:.0f} seconds.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceTrouble(told(error)) from error


def told(error: Exception) -> str:
    """Say in a sentence what went wrong between the other side and us."""
    match error:
        case httpx.TimeoutException():
            return "The server took too long."
        case httpx.TooManyRedirects():
            return "The server redirects without end."
        case httpx.RequestError() if type(error).__name__ == "SSRFProtectionError":
            return "The address is not a public one; only public addresses are fetched."
        case httpx.ConnectError():
            return "The server cannot be reached."
    return f"The server could not be read ({type(error).__name__})."


def asked_to_wait(answer: Any) -> float | None:
    """Return the seconds that `Retry-After` asks for, if it names some (at most a day)."""
    value = answer.headers.get("retry-after", "")
    return min(float(value), 86_400.0) if value.isascii() and value.isdigit() else None
