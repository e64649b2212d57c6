"""Where a request comes from. A forwarded address counts only when our own gateway, on this machine, passed it on."""

import ipaddress
from typing import Final

from starlette.types import Scope

UNKNOWN: Final = "unknown"


def client_address(scope: Scope, *, behind_gateway: bool) -> str:
    """The caller's address. IPv6 is cut to its /64, which is what one customer of a provider holds."""
    client = scope.get("client")
    peer = _parse(client[0]) if client else None
    if behind_gateway and (peer is None or peer.is_loopback):
        # The gateway appends the address it saw; whatever stands before that was sent by the caller.
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        if forwarded:
            last = forwarded[-1].rpartition(b",")[2].strip().decode("latin-1")
            peer = _parse(last) or peer
    if peer is None:
        return UNKNOWN
    if isinstance(peer, ipaddress.IPv6Address):
        if peer.ipv4_mapped is not None:
            return str(peer.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(peer) >> 64 << 64, 64)))
    return str(peer)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
