"""A link made ready: everything of the answer and of the click's event that does not change from click to click."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import orjson

from contracts.events.tracking import ClickRecorded
from services.common.click_token import LinkIssuer
from services.kernel.auth.ring import KeyRing
from services.kernel.outbox import encode_data, encode_head
from services.links.links.domain import TOKEN_PARAMETER, filled, target
from services.links.redirect.domain.click import CHANNEL_PARAMETER
from services.links.redirect.sql import Found
from services.links.stores.domain import Address, BadAddress, own_page

INVITATION_PREFIX = "/l/"
_CHANNELS = 16
_PLAIN = re.compile(rb"[!-~]*")
"""What a header may say; looked at here once, and by nobody when the answer is put together."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is remembered of a slug. `location_head + token + location_tail` is where its friend goes: the store, or the
    page of invitation that leads there; `store_head + token + store_tail` is the store in any case.
    """

    store_id: str
    link_id: str
    slug: str
    """Its own, by whichever of its slugs it was found."""
    program_id: str
    ambassador_id: str
    tokens: LinkIssuer
    channel: str | None
    location_head: bytes
    location_tail: bytes
    store_head: bytes
    store_tail: bytes
    head_of: Callable[[str], bytes] | None
    """Of whom the program's UTM values name the channel: `store_head` for that of one click."""
    row_head: bytes
    """The event's row of the outbox up to its id."""
    data_head: bytes
    """The event's JSON in that row up to what differs."""
    domains: tuple[str, ...]
    """The store's, on whose pages the link may be asked for."""
    expires_us: int | None
    """Microseconds since 1970."""
    gone: bool
    fallback: bytes | None
    """Where who comes after its end is sent, where the link says so."""
    store_page: str | None
    """Where who comes too late may go on: the program's page, else the front page of the store's domain."""
    loaded_at: float
    stale: bool = field(default=False)
    """Something of it changed: it is asked for again before its next use."""
    ask_again_at: float = field(default=0.0)
    used: bool = field(default=False)

    def location(self, token: bytes, channel: str | None) -> bytes:
        """Where a friend goes who came through a channel, or None."""
        if channel is None or self.head_of is None:
            return b"%b%b%b" % (self.location_head, token, self.location_tail)
        if self.location_head == self.store_head:
            return self.store_address(token, channel)
        return b"%b%b&%b=%b" % (self.location_head, token, CHANNEL_PARAMETER, channel.encode())

    def store_address(self, token: bytes, channel: str | None) -> bytes:
        """The store, by whatever way."""
        head = self.store_head if channel is None or self.head_of is None else self.head_of(channel)
        return b"%b%b%b" % (head, token, self.store_tail)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        texts = self.location_head, self.location_tail, self.store_head, self.store_tail, self.row_head, self.data_head
        by_channel = 0 if self.head_of is None else _CHANNELS * (len(self.store_head) + 150)
        return 2_000 + sum(map(len, texts)) + by_channel


def prepare(found: Found, *, slug: str, ring: KeyRing, loaded_at: float) -> Entry:
    """Makes a link ready. One that leads nowhere, since its pages left the store's domains, is gone."""
    page = _page(found)
    cut = target(page, {**_utm_of_program(found), **found.utm}) if page else None
    store_head = cut.head.encode("ascii") if cut else b""
    store_tail = cut.tail.encode("ascii") if cut else b""
    # On whatever host the friend came by.
    invitation = f"{INVITATION_PREFIX}{slug}?{TOKEN_PARAMETER}=".encode("ascii")
    head = {
        "store_id": found.store_id,
        "link_id": found.link_id,
        "program_id": found.program_id,
        "ambassador_id": found.ambassador_id,
    }
    return Entry(
        store_id=found.store_id,
        link_id=found.link_id,
        slug=found.slug,
        program_id=found.program_id,
        ambassador_id=found.ambassador_id,
        tokens=LinkIssuer(
            ring,
            found.store_id,
            link_id=found.link_id,
            program_id=found.program_id,
            ambassador_id=found.ambassador_id,
        ),
        channel=found.channel,
        location_head=invitation if found.has_page else store_head,
        location_tail=b"" if found.has_page else store_tail,
        store_head=store_head,
        store_tail=store_tail,
        head_of=_by_channel(found, page) if page else None,
        row_head=encode_head(
            topic=str(ClickRecorded.TOPIC),
            type=ClickRecorded.TYPE,
            key=found.link_id,
            store_id=found.store_id,
            subject=found.link_id,
        ),
        data_head=encode_data(orjson.dumps(head)[:-1]),
        domains=found.domains,
        expires_us=round(found.expires_at.timestamp() * 1_000_000) if found.expires_at else None,
        gone=found.gone or cut is None or not _PLAIN.fullmatch(store_head + store_tail),
        fallback=_fallback(found),
        store_page=_store_page(found),
        loaded_at=loaded_at,
    )


def _by_channel(found: Found, page: Address) -> Callable[[str], bytes] | None:
    """The address for each channel, where it differs by it. The last few are kept: anybody can make channels up."""
    if not any(text and "{channel}" in text for text in found.template.values()):
        return None

    def head(channel: str) -> bytes:
        return target(page, {**_utm_of_program(found, channel), **found.utm}).head.encode("ascii")

    return lru_cache(maxsize=_CHANNELS)(head)


def _utm_of_program(found: Found, channel: str | None = None) -> dict[str, str]:
    template = {name: text for name, text in found.template.items() if text}
    values = {"code": found.code, "slug": found.slug, "channel": channel or found.channel, "program": found.program}
    return filled(template, {name: value for name, value in values.items() if value})


def _fallback(found: Found) -> bytes | None:
    """Where an expired link leads: a page of the store, without a token, as nobody clicked in time."""
    if found.fallback is None or found.gone:
        return None
    try:
        return str(own_page(found.fallback, found.domains)).encode("ascii")
    except BadAddress:
        return None


def _store_page(found: Found) -> str | None:
    for text in (found.landing_url, *(f"https://{domain}/" for domain in found.domains[:1])):
        try:
            return str(own_page(text, found.domains))
        except BadAddress:
            continue
    return None


def _page(found: Found) -> Address | None:
    """The link's own destination, else the landing page; each only while it is on one of the store's domains."""
    for text in (found.destination, found.landing_url):
        if text is None:
            continue
        try:
            return own_page(text, found.domains)
        except BadAddress:
            continue
    return None
