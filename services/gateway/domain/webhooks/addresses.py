"""Where webhooks may lead: to public addresses over https, and to networks that a development set-up allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from shared.problems import FieldError, Invalid

IpNetwork = IPv4Network | IPv6Network
IpAddress = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Invalid):
    """Webhooks are sent to public addresses over https only."""


def reachable(address: IpAddress, allowed: Sequence[IpNetwork]) -> bool:
    """Tell whether we connect to an address: to public ones, and to those in `allowed`."""
    meant = embedded(address)
    return (meant.is_global and not meant.is_multicast) or any(meant in network for network in allowed)


def embedded(address: IpAddress) -> IpAddress:
    """Return the IPv4 address to which an IPv6 address of a transition mechanism leads, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def literal(host: str) -> IpAddress | None:
    """Return the address that a host is written as, if it is."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def parse(url: str, allowed: Sequence[IpNetwork]) -> SplitResult:
    """Return the parts of an endpoint's address; raises AddressRefused for one that we would not send to."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises where it is no number
    except ValueError:
        raise refused("is no address") from None
    if parts.scheme not in ({"https", "http"} if allowed else {"https"}):
        raise refused("must begin with https://")
    if not parts.hostname or not url.isascii() or any(not sign.isprintable() or sign.isspace() for sign in url):
        raise refused("must name a host, in ASCII and without blanks")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise refused("must hold no user name, password or fragment")
    address = literal(parts.hostname)
    if address is not None and not reachable(address, allowed):
        raise refused("is not a public address")
    return parts


def refused(why: str) -> AddressRefused:
    """Return what the maker of an endpoint is told."""
    return AddressRefused(f"The address {why}.", errors=[FieldError(pointer="/url", detail=why)])
