"""Addresses of a store's own servers that Kith calls: checked when they are given, and at each call by the door."""

from urllib.parse import urlsplit

from services.kernel.context import Context
from services.kernel.errors import Invalid


def check_url(
    ctx: Context, url: str, *, example: str = "https://shop.example/kith", holds: str = "says what people bought"
) -> None:
    """Raises `Invalid` for an address that is none, or that could never be called. What a name leads to is checked at
    each call. `holds`: what is sent there, and is nobody else's to read.
    """
    refusal = "bad_url"
    if url.isascii() and url.isprintable() and " " not in url and "#" not in url:
        refusal = ctx.outbound.refusal(url) or ""
    if refusal == "address_refused":
        raise Invalid.field("url", "This address is not public. Give one that the internet reaches.")
    if refusal:
        raise Invalid.field("url", f"Give a whole address, as in {example}, without a user or a #.")
    if urlsplit(url).scheme != "https" and not ctx.settings.outbound_allow:
        raise Invalid.field("url", f"Give an https address: what is sent {holds}.")
