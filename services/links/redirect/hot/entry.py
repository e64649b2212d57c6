"""A link made ready: everything of the answer and of the click's event that does not change from click to click."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import orjson

from contracts.events.tracking import ClickRecorded
from services.common.click_token import LinkIssuer
from services.kernel.auth.ring import KeyRing
from services.kernel.outbox import encode_data, encode_head
from services.links.links.domain import TOKEN_PARAMETER, Target, filled, target
from services.links.redirect.domain.click import CHANNEL_PARAMETER
from services.links.redirect.domain.discount import addresses, discounted
from services.links.redirect.sql import Found
from services.links.stores.domain import Address, BadAddress, own_page

INVITATION_PREFIX = "/l/"
_CHANNELS = 16
_PLAIN = re.compile(rb"[!-~]*")
"""What a header may say; looked at here once, and by nobody when the answer is put together."""


@dataclass(slots=True)
class Way:
    """A way to the store: `head + token + tail`."""

    head: bytes
    tail: bytes
    head_of: Callable[[str], bytes] | None = None
    """Of whom the program's UTM values name the channel: `head` for that of one click."""

    def address(self, token: bytes, channel: str | None) -> bytes:
        """Where a click leads that came through a channel, or None."""
        head = self.head if channel is None or self.head_of is None else self.head_of(channel)
        return b"%b%b%b" % (head, token, self.tail)


_NOWHERE = Way(b"", b"")


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is remembered of a slug. `location_head + token + location_tail` is where its friend goes: the store, or the
    page of invitation that leads there.
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
    has_page: bool
    by_visit: bool
    """Whether where it leads differs by the channel, or is another for robots."""
    plain: Way
    """The store, without the code: for robots, which hand codes on."""
    applying: Way
    """The store by an address that applies the code by itself; the plain one where there is none."""
    applied_at: Mapping[str, str]
    """By host of the store: the address that applies the code to who is on a page there already."""
    changes_us: int | None
    """When the code ends, in microseconds since 1970: then the link leads elsewhere."""
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

    def location(self, token: bytes, channel: str | None, *, robot: bool) -> bytes:
        """Where a friend goes who came through a channel, or None; or a robot."""
        if not self.has_page:
            return self.store_address(token, channel, robot=robot)
        if channel is None or self.plain.head_of is None:
            return b"%b%b%b" % (self.location_head, token, self.location_tail)
        return b"%b%b&%b=%b" % (self.location_head, token, CHANNEL_PARAMETER, channel.encode())

    def store_address(self, token: bytes, channel: str | None, *, robot: bool) -> bytes:
        """The store, whether a page stands before it or not."""
        return (self.plain if robot else self.applying).address(token, channel)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        ways = (self.plain,) if self.applying is self.plain else (self.plain, self.applying)
        texts = self.location_head, self.location_tail, self.row_head, self.data_head
        beside = sum(len(host) + len(address) for host, address in self.applied_at.items())
        return 2_000 + sum(map(len, texts)) + sum(map(_size, ways)) + beside


def _size(way: Way) -> int:
    by_channel = 0 if way.head_of is None else _CHANNELS * (len(way.head) + 150)
    return len(way.head) + len(way.tail) + by_channel


def prepare(found: Found, *, slug: str, ring: KeyRing, loaded_at: float) -> Entry:
    """Makes a link ready. One that leads nowhere, since its pages left the store's domains, is gone."""
    page = _page(found)
    plain = _way(found, page, _same) if page else _NOWHERE
    applying = (_applying(found, page) or plain) if page else plain
    applied_at = addresses(found.code, found.checkouts) if found.code is not None else {}
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
            split=found.split,
        ),
        channel=found.channel,
        location_head=invitation if found.has_page else applying.head,
        location_tail=b"" if found.has_page else applying.tail,
        has_page=found.has_page,
        by_visit=plain.head_of is not None or (applying is not plain and not found.has_page),
        plain=plain,
        applying=applying,
        applied_at=applied_at,
        changes_us=_microseconds(found.code_ends_at) if applied_at else None,
        row_head=encode_head(
            topic=str(ClickRecorded.TOPIC),
            type=ClickRecorded.TYPE,
            key=found.link_id,
            store_id=found.store_id,
            subject=found.link_id,
        ),
        data_head=encode_data(orjson.dumps(head)[:-1]),
        domains=found.domains,
        expires_us=_microseconds(found.expires_at),
        gone=found.gone or page is None or not _PLAIN.fullmatch(plain.head + plain.tail),
        fallback=_fallback(found),
        store_page=_store_page(found),
        loaded_at=loaded_at,
    )


def _microseconds(at: datetime | None) -> int | None:
    return round(at.timestamp() * 1_000_000) if at else None


def _same(cut: Target) -> Target:
    return cut


def _applying(found: Found, page: Address) -> Way | None:
    """The way that applies the code, where the shop of this page has one."""
    code = found.code
    if code is None or not found.checkouts:
        return None

    def apply(cut: Target) -> Target | None:
        return discounted(page, cut, code, found.checkouts)

    first = apply(target(page, {}))
    return None if first is None else _way(found, page, lambda cut: apply(cut) or cut)


def _way(found: Found, page: Address, by: Callable[[Target], Target]) -> Way:
    """The page in the store with the link's UTM values. By channel, where they differ by it; the last few are kept, for
    anybody can make channels up.
    """

    def cut(channel: str | None = None) -> Target:
        return by(target(page, {**_utm_of_program(found, channel), **found.utm}))

    def head(channel: str) -> bytes:
        return cut(channel).head.encode("ascii")

    usual = cut()
    differs = any(text and "{channel}" in text for text in found.template.values())
    return Way(
        usual.head.encode("ascii"),
        usual.tail.encode("ascii"),
        lru_cache(maxsize=_CHANNELS)(head) if differs else None,
    )


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
