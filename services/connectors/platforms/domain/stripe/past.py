"""How Stripe is asked for what was sold before: its lists of Checkout sessions, invoices and payment intents, each the
newest first and without an end in time. Events, which polls read, reach back a month.

What is listed is read as the event that told of it, so an order has one id, whichever said so.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

import orjson

from services.connectors.platforms.domain.port import Page, Polling, Question, Shop, Window
from services.connectors.platforms.domain.stripe.polling import listed
from services.connectors.platforms.domain.stripe.values import id_in, part
from services.connectors.platforms.domain.values import Reported, missing, text

_URL: Final = "https://api.stripe.com/v1/"


class _List(NamedTuple):
    path: str
    event: str
    """As which event an entry is read."""
    asked: Mapping[str, str]
    """Beside the time: what is left out at once."""
    taken: Callable[[Reported], Reported | None]
    """An entry as it is read; None for what was no purchase."""


def _complete(session: Reported) -> Reported | None:
    return session if text(session, "status") in {None, "complete"} else None


def _of_itself(invoice: Reported) -> Reported | None:
    return invoice


def _succeeded(intent: Reported) -> Reported | None:
    """A payment that was made. Deliveries count it only with metadata of ours, for nobody else says whose it is; of the
    past nothing is asked but who has bought, and nobody had our metadata then.
    """
    if text(intent, "status") != "succeeded" or id_in(intent, "invoice") is not None:
        return None
    return {**intent, "metadata": {**part(intent, "metadata"), "kith_past": "1"}}


_LISTS: Final = (
    _List("checkout/sessions", "checkout.session.completed", {"status": "complete"}, _complete),
    _List("invoices", "invoice.paid", {"status": "paid"}, _of_itself),
    _List("payment_intents", "payment_intent.succeeded", {}, _succeeded),
)


def ask(shop: Shop, window: Window) -> Question:
    """One page of one list."""
    number, after = _place(window.cursor)
    query: list[tuple[str, str | int]] = [
        ("created[gte]", int(window.since.timestamp())),
        ("created[lt]", int(window.until.timestamp())),
        ("limit", window.size),
        *_LISTS[number].asked.items(),
    ]
    if after:
        query.append(("starting_after", after))
    headers = {"authorization": f"Bearer {shop.password}", "accept": "application/json"}
    return Question(f"{_URL}{_LISTS[number].path}?{urlencode(query)}", headers)


def read(headers: Mapping[str, str], body: bytes, window: Window) -> Page:
    """The entries of a page, each as the event of it. The end of a list leads to the next. Raises `Invalid`."""
    number, _ = _place(window.cursor)
    here = _LISTS[number]
    entries, more = listed(body)
    found = [taken for one in reversed(entries) if (taken := here.taken(one)) is not None]
    bodies = [orjson.dumps(_event(here.event, one)) for one in found]
    if more and entries:
        return Page(bodies, f"{here.path} {text(entries[-1], 'id') or missing('id')}")
    return Page(bodies, f"{_LISTS[number + 1].path} " if number + 1 < len(_LISTS) else None)


def _place(cursor: str | None) -> tuple[int, str]:
    """Which list a page is of, and behind which entry it begins; the very beginning for what is no such cursor."""
    path, _, after = (cursor or "").partition(" ")
    paths = [one.path for one in _LISTS]
    return (paths.index(path), after) if path in paths else (0, "")


def _event(type_: str, entry: Reported) -> Reported:
    known = {name: entry.get(name) for name in ("id", "created", "livemode")}
    return {**known, "type": type_, "data": {"object": entry}}


PAST: Final = Polling(ask=ask, read=read, topic="")
"""How it is asked. Which list it was, the body says."""
