"""What a page's report can mean: who counts as known, which visitors lend clicks, what is the same fact again. Pure."""

import hashlib
import re
from typing import Final

from contracts.events.tracking import CustomerIdentified, SignupRecorded, TrackingPayload
from services.common.contacts import names_nobody

_VISITOR = re.compile(r"v_[0-9a-f]{32,128}", re.ASCII)

_BETWEEN: Final = "\x1f"

MOST_OF_ONE: Final = 100
"""Facts of one visitor, and of one click, that are kept: more are a machine's, and every decision would read them."""


def known_customer(reported: object) -> object:
    """A customer id as it was sent, a number as text; None for what stands for any guest.

    Some stores give every guest the same id: taken at its word, all of them would be one person.
    """
    text = str(reported) if isinstance(reported, int) and not isinstance(reported, bool) else reported
    return None if isinstance(text, str) and names_nobody(text) else text


def lends(visitor_id: str | None) -> bool:
    """Whether this visitor's clicks may be lent: only if its id is kith.js's own, 128 random bits or more.

    A page may say any visitor. What nobody can guess nobody else can speak for; a customer's number anybody could.
    """
    return visitor_id is not None and _VISITOR.fullmatch(visitor_id) is not None


def identifies(track: TrackingPayload) -> bool:
    """Whether somebody who may do so named the customer behind a visitor: the store's server, by proof or itself."""
    if not isinstance(track, CustomerIdentified | SignupRecorded) or track.vouched is None:
        return False
    return track.customer.id is not None or bool(track.customer.contact_hashes)


def bears(track: TrackingPayload) -> bool:
    """Whether any decision may depend on it: it shows a visitor with a token, or names a customer with authority."""
    seen = lends(track.visitor_id) and (track.token is not None or track.token_problem is not None)
    return seen or identifies(track)


def touch_id(track: TrackingPayload) -> str:
    """The name of the fact in a report: who was seen with which click, as whom. Reported again it is the same fact."""
    # That somebody looked at the page says something only of a click that was marked.
    lifted = ("seen",) if track.touched and track.token is not None and track.token.mark != "person" else ()
    named: tuple[str, ...] = ()
    if isinstance(track, CustomerIdentified | SignupRecorded) and identifies(track):
        named = (track.vouched or "", track.customer.id or "", *track.customer.contact_hashes)
    parts = (
        track.visitor_id or "",
        track.token.click_id if track.token is not None else "",
        track.token_problem or "",
        *lifted,
        *named,
    )
    return f"tch_{hashlib.sha256(_BETWEEN.join(parts).encode()).hexdigest()[:32]}"
