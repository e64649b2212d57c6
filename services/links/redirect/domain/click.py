"""What kind of visit a click is, and what may be said of where it came from. Pure."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from contracts.events.tracking import Mark
from services.links.redirect.domain.agents import is_robot

_HOST = re.compile(rb"([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?", re.IGNORECASE)
CHANNEL_PARAMETER = b"ch"
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


def mark(method: str, headers: dict[bytes, bytes]) -> Mark:
    """What opened the link. Embedded: a page loaded it by itself (a picture, a frame, a script), so nobody clicked.
    Prefetch and bot are guesses of the moment: the store may yet see a person (`contracts.events.tracking`).

    Browsers of before 2020, and plain http, send no Sec-Fetch headers: their absence proves nothing.
    """
    ahead = not _PURPOSES.isdisjoint(headers) and _is_ahead(headers)
    dest = headers.get(b"sec-fetch-dest", b"document")
    # `<link rel=prefetch>` fetches for no place in particular.
    if dest != b"document" and not (ahead and dest == b"empty"):
        return "embedded"
    if ahead:
        return "prefetch"
    return "bot" if method != "GET" or is_robot(headers.get(b"user-agent", b"")) else "person"


def robots_read(mark: Mark) -> bool:
    """Whether the reader is no person, as far as one can tell: then an answer holds nothing that could be harvested.

    What a browser fetches ahead is shown to a person later, as it was fetched.
    """
    return mark in ("bot", "embedded")


_PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-moz", b"x-purpose"})
_AHEAD = frozenset({b"prefetch", b"preview", b"prerender", b"instant"})


def _is_ahead(headers: dict[bytes, bytes]) -> bool:
    return (
        b"prefetch" in headers.get(b"sec-purpose", b"")
        or headers.get(b"purpose") in _AHEAD
        or headers.get(b"x-moz") == b"prefetch"
        or headers.get(b"x-purpose") in _AHEAD
    )


@lru_cache(maxsize=8)
def _encode_second(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def encode_moment(microseconds: int) -> bytes:
    """A moment since 1970 as events carry it, to the microsecond. Most clicks share their second with another."""
    second, rest = divmod(microseconds, 1_000_000)
    return b"%b.%06d+00:00" % (_encode_second(second), rest)


def referer_host(referer: bytes) -> str | None:
    """The host of the page that the click came from; nothing else of its address, which may name a person."""
    parts = referer.split(b"/", 3)
    if len(parts) < 3 or parts[0] not in {b"https:", b"http:"}:
        return None
    found = _HOST.fullmatch(parts[2])
    return found[1].decode().lower() if found else None


def channel_of(query: bytes) -> str | None:
    """The channel that a share button added: `ch=telegram`. Anything else in the query of a share link is ignored."""
    for part in query[:512].split(b"&"):
        if part.startswith(b"ch="):
            value = part[3:].decode("latin-1")
            return value if _CHANNEL.fullmatch(value) else None
    return None
