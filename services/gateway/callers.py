"""From where a request comes, where it says by no credentials whose it is."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Networks = Sequence[IPv4Network | IPv6Network]
FORWARDED = b"x-forwarded-for"
HOUSEHOLD = 64
"""Bits of an IPv6 address that stand for one customer of a provider; the rest are theirs to change with each request."""


def address_of(scope: Scope, proxies: Networks = ()) -> str:
    """Return what stands for a caller without credentials.

    Behind our own `proxies` it is what the outermost of them saw: what stands further left in `X-Forwarded-For`, anybody
    may have written.
    """
    client = scope.get("client")
    if client is None:
        return "address:unknown"
    seen: str = client[0]
    if proxies and is_in(seen, proxies):
        passed = b",".join(value for name, value in scope["headers"] if name == FORWARDED).decode("latin-1")
        for said in reversed(passed.split(",")):
            if not is_address(said.strip()):
                break
            seen = said.strip()
            if not is_in(seen, proxies):
                break
    return f"address:{shortened(seen) if ':' in seen else seen}"


def is_address(said: str) -> bool:
    """Say whether a text is an address."""
    try:
        ip_address(said)
    except ValueError:
        return False
    return True


def is_in(address: str, networks: Networks) -> bool:
    """Say whether an address is of one of these networks."""
    return is_address(address) and any(ip_address(address) in network for network in networks)


def shortened(address: str) -> str:
    """Return the network that an IPv6 address is of; an IPv4 address written as one is that address."""
    plain = ip_address(address.partition("%")[0])
    if plain.version == 6 and plain.ipv4_mapped is not None:
        return str(plain.ipv4_mapped)
    return str(ip_network((plain, HOUSEHOLD), strict=False))
