"""Where a request comes from. A forwarded address counts only when a proxy that the operator named passed it on."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.types import Scope

UNKNOWN: Final = "unknown"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(scope: Scope, *, trusted: Sequence[Network]) -> str:
    """The caller's address. IPv6 is cut to its /64, which is what one customer of a provider holds.

    `trusted` are the networks of our own proxies. Each proxy appends the address that it saw, so the caller is the
    last one in X-Forwarded-For that is no proxy of ours; whatever stands before that was sent by the caller.
    """
    client = scope.get("client")
    if client and not trusted and ":" not in client[0]:
        return str(client[0])  # the socket's own word, and most often all there is to ask
    peer = _parse(client[0]) if client else None
    if trusted and peer is not None and _among(peer, trusted):
        sent = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for part in reversed(sent.split(b",")):
            hop = _parse(part.strip().decode("latin-1"))
            if hop is None:
                break
            peer = hop
            if not _among(hop, trusted):
                break
    if peer is None:
        return UNKNOWN
    if isinstance(peer, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(peer) >> 64 << 64, 64)))
    return str(peer)


def is_own_machine(address: str) -> bool:
    """Whether `client_address` said that somebody on this very machine calls, or a proxy on it that nobody named."""
    return address.startswith("127.") or address == "::/64"


def _parse(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _among(address: _Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
