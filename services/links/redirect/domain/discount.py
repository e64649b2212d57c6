"""The address of a shop that applies a friend's code by itself. Pure.

A platform has one, or a page of the shop looks for a parameter. It is used at a host of which the connection says that
it is the very shop: anywhere else such an address would lead to a page that is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from services.links.links.domain import TOKEN_PARAMETER, Target
from services.links.stores.domain import Address

COUPON_PARAMETER: Final = "coupon"
"""What the lines of the guide look for in a WooCommerce shop."""
_SHOPIFY_PREFIX: Final = "/discount/"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout of the store at which a code can be used, and the hosts of its shop."""

    platform: str
    hosts: tuple[str, ...]


def addresses(code: str, checkouts: Iterable[Checkout]) -> dict[str, str]:
    """By host: at which address of its shop who is on a page there has the code applied. What that answers is of no
    interest, so it names no page to go on to.
    """
    found: dict[str, set[str]] = {}
    for one in checkouts:
        for host in one.hosts:
            found.setdefault(host, set()).add(one.platform)
    there = quote(code, safe="")
    known = {"shopify": f"{_SHOPIFY_PREFIX}{there}", "woocommerce": f"/?{COUPON_PARAMETER}={there}"}
    only = {host: platforms.pop() for host, platforms in found.items() if len(platforms) == 1}
    return {host: known[platform] for host, platform in only.items() if platform in known}


def discounted(page: Address, cut: Target, code: str, checkouts: Iterable[Checkout]) -> Target | None:
    """The address that applies the code and goes on to the page, cut where the token goes as the page's own `cut` is;
    None where there is none for this page.
    """
    platforms = {one.platform for one in checkouts if page.origin_host in one.hosts}
    if page.scheme != "https" or len(platforms) != 1:
        return None  # two platforms at one host: nobody knows which of them answers
    match platforms.pop():
        case "shopify":
            return _shopify(page, cut, code)
        case "woocommerce":
            return _woocommerce(page, cut, code)
    return None


def _shopify(page: Address, cut: Target, code: str) -> Target | None:
    """`/discount/CODE?redirect=`: the page's path and query stand in it encoded; a fragment goes along by itself."""
    if not _is_plain(page.path):
        return None
    start = f"{page.scheme}://{page.origin_host}"
    rest = quote(cut.head.removeprefix(start), safe="")
    return Target(f"{start}{_SHOPIFY_PREFIX}{quote(code, safe='')}?redirect={rest}", cut.tail)


def _is_plain(path: str) -> bool:
    """Whether a shop that is sent to this path stays at its host, however often it decodes it, and applies no code."""
    seen = path
    while (decoded := unquote(seen)) != seen:
        seen = decoded
    if any(character <= " " for character in seen):  # browsers take tabs and line ends out: what follows may be a host
        return False
    return not seen.startswith(("//", "/\\")) and not seen.lower().startswith(_SHOPIFY_PREFIX)


def _woocommerce(page: Address, cut: Target, code: str) -> Target | None:
    """The page itself, with the code beside the token. One that names a coupon of the store's own keeps that alone."""
    if any(name.lower() == COUPON_PARAMETER for name, _ in parse_qsl(page.query, keep_blank_values=True)):
        return None
    place = f"{TOKEN_PARAMETER}="
    return Target(f"{cut.head.removesuffix(place)}{COUPON_PARAMETER}={quote(code, safe='')}&{place}", cut.tail)
