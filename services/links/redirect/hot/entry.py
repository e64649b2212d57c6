"""A link made ready: everything of the answer and of the click's event that does not change from click to click."""

import re
from dataclasses import dataclass, field

import orjson

from contracts.events.tracking import ClickRecorded
from services.common.click_token import LinkIssuer
from services.kernel.auth.ring import KeyRing
from services.kernel.outbox import encode_data, encode_head
from services.links.links.domain import target
from services.links.redirect.sql import Found
from services.links.stores.domain import Address, BadAddress, own_page

_PLAIN = re.compile(rb"[!-~]*")
"""What a header may say; looked at here once, and by nobody when the answer is put together."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is remembered of a slug. `location_head + token + location_tail` is where its friend goes."""

    store_id: str
    link_id: str
    program_id: str
    ambassador_id: str
    tokens: LinkIssuer
    channel: str | None
    location_head: bytes
    location_tail: bytes
    row_head: bytes
    """The event's row of the outbox up to its id."""
    data_head: bytes
    """The event's JSON in that row up to what differs."""
    expires_us: int | None
    """Microseconds since 1970."""
    gone: bool
    store_page: str | None
    """Where who comes too late may go on: the program's page, else the front page of the store's domain."""
    loaded_at: float
    stale: bool = field(default=False)
    """Something of it changed: it is asked for again before its next use."""
    ask_again_at: float = field(default=0.0)
    used: bool = field(default=False)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        texts = self.location_head, self.location_tail, self.row_head, self.data_head
        return 2_000 + sum(map(len, texts))


def prepare(found: Found, *, ring: KeyRing, loaded_at: float) -> Entry:
    """Makes a link ready. One that leads nowhere, since its pages left the store's domains, is gone."""
    page = _page(found)
    cut = target(page, found.utm) if page else None
    location_head = cut.head.encode("ascii") if cut else b""
    location_tail = cut.tail.encode("ascii") if cut else b""
    head = {
        "store_id": found.store_id,
        "link_id": found.link_id,
        "program_id": found.program_id,
        "ambassador_id": found.ambassador_id,
    }
    return Entry(
        store_id=found.store_id,
        link_id=found.link_id,
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
        location_head=location_head,
        location_tail=location_tail,
        row_head=encode_head(
            topic=str(ClickRecorded.TOPIC),
            type=ClickRecorded.TYPE,
            key=found.link_id,
            store_id=found.store_id,
            subject=found.link_id,
        ),
        data_head=encode_data(orjson.dumps(head)[:-1]),
        expires_us=round(found.expires_at.timestamp() * 1_000_000) if found.expires_at else None,
        gone=found.gone or cut is None or not _PLAIN.fullmatch(location_head + location_tail),
        store_page=_store_page(found),
        loaded_at=loaded_at,
    )


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
