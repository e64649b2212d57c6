"""Which addresses a call that a store asked for may reach: public ones, and networks that the operator has named.

The tables are our own. `ipaddress.is_global` takes several forms of private addresses for public ones: an IPv4 address
inside NAT64 (`64:ff9b::/96`), 6to4 (`2002::/16`) or the old compatible form (`::/96`), and all of multicast.
Source: the IANA special-purpose address registries for IPv4 and IPv6.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public one, at which a cloud's own machines are told their set-up
        "169.254.0.0/16",  # link-local; clouds answer with credentials here
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
"""All that was ever given out for use in public; the rest of IPv6 is refused without a table."""
_NOT_PUBLIC_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)


def canonical(text: str) -> Address:
    """An address as it will be connected to: without a zone, and IPv4 where IPv6 only wraps it. Raises `ValueError`."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def is_public(address: Address) -> bool:
    """Whether the address belongs to the internet at large."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def may_reach(address: Address, port: int, *, allow: Sequence[Network], own_ports: frozenset[int]) -> bool:
    """Whether a call may connect there. In networks that the operator allowed, the product's own ports stay shut."""
    if is_public(address):
        return True
    return port not in own_ports and any(address in network for network in allow)
