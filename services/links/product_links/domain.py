"""What a pasted address is, and how it carries a slug. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote_plus

from services.links.stores.domain import Address, own_page, parse_address

OF_LINKS = frozenset({"kith", "ref"})
"""What other people's links left in an address."""


def pasted_page(text: str, domains: Iterable[str]) -> Address:
    """The store's page that somebody pasted, without what a link left in it. Raises `BadAddress`."""
    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    page = own_page(text, domains)
    return replace(page, query="&".join(part for part in page.query.split("&") if _name(part) not in OF_LINKS))


def with_slug(page: str, slug: str, *, channel: str = "") -> str:
    """The page's own address with the slug, for `kith.js` to ask with: no redirect stands before it."""
    found = parse_address(page)
    kept = [part for part in found.query.split("&") if part and _name(part) not in OF_LINKS]
    marks = [f"ref={slug}", f"ch={channel}"] if channel else [f"ref={slug}"]
    return str(replace(found, query="&".join([*kept, *marks])))


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0]).lower()
