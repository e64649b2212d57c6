"""Which domain a store may use for its links. Pure."""

from collections.abc import Iterable
from typing import Literal

from services.links.stores.domain import is_loopback, lies_below

Finding = Literal["found", "elsewhere", "missing", "unreachable"]
_STANDARD_PORTS = frozenset({b"", b"80", b"443"})


def refusal(domain: str, store_domains: Iterable[str], *, own_host: str) -> str | None:
    """Why a store may not use a domain for its links, in words for the caller. One below a proved domain is the store's
    own: who proved `shop.example` speaks for `go.shop.example`.
    """
    domains = tuple(store_domains)
    if domain == own_host:
        return "This is Kith's own address."
    if domain in domains:
        return "Your pages are there; choose a domain of its own below it, as in go.shop.example."
    if not lies_below(domain, domains):
        return f"Choose a domain below one that you proved: {', '.join(domains) or 'prove one first'}."
    return None


def leads_here(found: set[str], ours: set[str]) -> Finding:
    """What addresses say: a domain leads here if none of its addresses is somebody else's."""
    if not found:
        return "missing"
    return "found" if found <= ours else "elsewhere"


def plain(host: bytes) -> bytes:
    """A Host header's one form. A browser sends the name's last dot along, and other software the standard port: both
    are the same place.
    """
    name, _, port = host.lower().partition(b":")
    name, port = name.rstrip(b"."), port.lstrip(b"0")
    return name if port in _STANDARD_PORTS else b"%b:%b" % (name, port)


def base_of(domain: str) -> str:
    """How addresses on a link domain begin."""
    host = domain.partition(":")[0]
    return f"{'http' if is_loopback(host) else 'https'}://{domain}"
