"""A notice as an SMS: the store's name, as much as fits, and the address of the person's page. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.links.sms_gateways.domain.segments import plain, segments

MOST_SEGMENTS: Final = 2
"""Of a notice. Only an address that is longer than that by itself makes more."""


def notice(store: str, subject: str, paragraphs: Sequence[str], url: str) -> str:
    """At most two segments: all of it, else without the last paragraphs, else a shortened subject. The address stays
    whole.
    """
    name, head, address = plain(store), plain(subject), plain(url)
    start = head if name.casefold() in head.casefold() else f"{name}: {head}"
    for shortened in _shorter(start, [plain(one) for one in paragraphs]):
        text = f"{shortened} {address}" if address not in shortened else shortened
        if segments(text) <= MOST_SEGMENTS:
            return text
    return address


def _shorter(start: str, paragraphs: Sequence[str]) -> Iterator[str]:
    for count in range(len(paragraphs), 0, -1):
        yield ". ".join((start.rstrip(".!?… "), *paragraphs[:count]))
    yield start
    for length in range(len(start) - 1, 0, -1):
        yield f"{start[:length].rstrip()}..."
