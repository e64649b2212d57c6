"""A friend as deciding remembers them: what all of their orders come to, so that settled ones are not read again.

Everything here follows from the facts, and can be made of them anew (`remembered` in `decide`).
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from contracts.events.orders import OrderReported
from contracts.events.tracking import TokenClaims
from services.attribution.decisions.domain.history import History, Known, Place, Settled, Step
from services.attribution.decisions.domain.lent import Touch, newest_tokens, newest_visitors, visitors_reported

LOOKS_SHARED = 500
"""Orders of one customer from which on it looks as if many people bought under one name: a till's "walk-in", say."""


class Friend(Struct, frozen=True):
    """What is remembered of a person with orders."""

    orders: int = 0
    latest: Place | None = None
    """A place that none of their orders comes after, whatever became of them: that of the last one, or where it stood
    before it was reported with an earlier time.
    """
    customer_id: str | None = None
    contact: str | None = None
    """The first of each by alphabet."""
    name: str | None = None
    """The first of the names that their settled orders go by."""
    settled: Settled = Settled()
    total: History = History()
    """All orders that stand, settled or open."""
    visitors: list[Touch] = []
    tokens: list[TokenClaims] = []

    def named(self, keys: Iterable[str]) -> "Friend":
        """Known by these names (`c:` customer ids, `h:` contacts) too."""
        customer_ids = [key[2:] for key in keys if key[0] == "c"]
        contacts = [key[2:] for key in keys if key[0] == "h"]
        return msgspec.structs.replace(
            self,
            customer_id=_first(*customer_ids, self.customer_id),
            contact=_first(*contacts, self.contact),
        )

    def reported(self, reports: Iterable[OrderReported]) -> "Friend":
        """With what reports of orders lend to the others."""
        reports = list(reports)
        touches = [touch for reported in visitors_reported(reports).values() for touch in reported]
        return msgspec.structs.replace(
            self,
            visitors=newest_visitors((*self.visitors, *touches)) if touches else self.visitors,
            tokens=newest_tokens((*self.tokens, *(t for r in reports for t in r.tokens))),
        )

    def settled_as(self, name: str | None) -> "Friend":
        """With an order that has settled under this name."""
        return msgspec.structs.replace(self, name=_first(self.name, name))

    def name_of(self, order_id: str) -> str:
        """By what name an order settles: as those before it, however many customer ids the person has come to have."""
        return self.name or self.customer_id or self.contact or order_id

    def lends_like(self, other: "Friend") -> bool:
        """Whether an open order that nobody touched would be decided alike, by names and tokens: browsers are apart."""
        return (self.customer_id, self.contact, self.tokens) == (other.customer_id, other.contact, other.tokens)

    def other_browsers(self, other: "Friend") -> set[str]:
        """The browsers that lend to the orders of one of two and not of the other."""
        return {visitor for _, visitor in self.visitors} ^ {visitor for _, visitor in other.visitors}

    def joined(self, other: "Friend") -> "Friend":
        """Of two who turned out to be one. What stands together is summed up anew when the orders are decided."""
        latest = [place for place in (self.latest, other.latest) if place is not None]
        return Friend(
            orders=self.orders + other.orders,
            latest=max(latest, default=None),
            customer_id=_first(self.customer_id, other.customer_id),
            contact=_first(self.contact, other.contact),
            name=_first(self.name, other.name),
            settled=self.settled.joined(other.settled),
            total=self.total.joined(other.total),
            visitors=newest_visitors((*self.visitors, *other.visitors)),
            tokens=newest_tokens((*self.tokens, *other.tokens)),
        )

    def known(self, key: str, orders: Iterable[str], **more: object) -> Known:
        """As an input of deciding some of the orders; `more` says what the others come to."""
        return msgspec.structs.replace(
            Known(
                key=key,
                orders=frozenset(orders),
                leader=self.settled.leader,
                customer_id=self.customer_id,
                contact=self.contact,
                visitors=self.visitors,
                tokens=self.tokens,
            ),
            **more,
        )


def _first(*names: str | None) -> str | None:
    return min(filter(None, names), default=None)


def encode(friend: Friend) -> bytes:
    """As it is kept."""
    return _ENCODER.encode(friend)


def decode(body: bytes) -> Friend:
    """As it was kept."""
    return _DECODER.decode(body)


def _plain(value: object) -> object:
    assert isinstance(value, TokenClaims)
    return value.model_dump()


def _made(kind: type, value: object) -> object:
    assert kind is TokenClaims
    return TokenClaims.model_validate(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
_DECODER = msgspec.json.Decoder(Friend, dec_hook=_made)


class _Won(Struct, frozen=True):
    """The part of a proof that won that orders to come depend on."""

    split: int | None = None


class _Settled(Struct, frozen=True):
    """The part of a settlement that other orders depend on."""

    order_id: str
    placed_at: datetime
    order_number: int
    status: str
    program_id: str | None = None
    ambassador_id: str | None = None
    winner: _Won | None = None


_SETTLED = msgspec.json.Decoder(_Settled)


def step_of(body: bytes) -> Step:
    """What a settled order that stands is to the others."""
    reported = _SETTLED.decode(body)
    won = reported.status == "attributed" and reported.ambassador_id is not None
    return Step(
        reported.placed_at,
        reported.order_id,
        reported.order_number,
        reported.program_id if won else None,
        reported.ambassador_id if won else None,
        reported.winner.split if won and reported.winner is not None else None,
    )
