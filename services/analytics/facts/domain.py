"""States of what is counted, and how events change them: pure, and the same in any order of arrival.

A state holds everything its figures depend on, so that what it counted before can always be taken back. Not here: what
a state counts as (`rollups`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.events.conversions import Conversion
from contracts.events.rewards import AnyReward, SourcedReward
from contracts.events.tracking import ShareRecorded, TrackingPayload
from services.analytics.slices.domain import Ambassador, Offer, VersionKey
from services.common.benefit import program_part
from services.common.money import share_half_up
from services.common.periods import local_day
from services.kernel.revisions import Ref

UNKNOWN_CHANNEL = ""
CODE_CHANNEL = "code"
CUSTOMER_CHANNEL = "customer"
_WITHOUT_CLICK = {"code": CODE_CHANNEL, "customer": CUSTOMER_CHANNEL}
POINTS = "points"
"""Pseudo currency of rewards in points: never added to money."""


class Click(Struct, frozen=True):
    """What later facts ask of a click: its channel, and the visitor whom a page saw with its token."""

    channel: str | None
    visitor_id: str | None


class Touch(Struct, frozen=True):
    """A visitor seen with the token of a link."""

    at: datetime
    click_id: str
    program_id: str
    ambassador_id: str
    link_id: str = ""


class Friend(Struct, frozen=True):
    """A visitor whom a link brought. The first touch says by which program, ambassador and channel they count.

    `kept`, `held` and `refunded` are their attributed orders: settled, not settled yet, wholly paid back.
    """

    store_id: str
    visitor_id: str
    first_at: datetime | None = None
    day: date | None = None
    program_id: str = ""
    ambassador_id: str = ""
    click_id: str = ""
    channel: str = UNKNOWN_CHANNEL
    signed_up_at: datetime | None = None
    kept: int = 0
    held: int = 0
    refunded: int = 0
    link_id: str = ""

    def touched(self, touch: Touch, zone: ZoneInfo) -> "Friend":
        """With this touch known too: the earliest one names the friend."""
        if self.first_at is not None and (self.first_at, self.click_id) <= (touch.at, touch.click_id):
            return self
        return replace(
            self,
            first_at=touch.at,
            day=local_day(touch.at, zone),
            program_id=touch.program_id,
            ambassador_id=touch.ambassador_id,
            click_id=touch.click_id,
            channel=UNKNOWN_CHANNEL,
            link_id=touch.link_id,
        )

    def signed_up(self, at: datetime) -> "Friend":
        """With this sign-up known too."""
        return self if self.signed_up_at is not None and self.signed_up_at <= at else replace(self, signed_up_at=at)

    def placed(self, click: Click | None) -> "Friend":
        """With the first click's channel, once that click is known."""
        if self.channel != UNKNOWN_CHANNEL or click is None or click.channel is None:
            return self
        return replace(self, channel=click.channel)


class Share(Struct, frozen=True):
    """An ambassador's share. `names` are what the page called the person; the ambassador is found by them."""

    store_id: str
    track_id: str
    at: datetime
    day: date
    channel: str
    name: str
    ambassador_id: str = ""
    program_id: str = ""
    joined_at: datetime | None = None
    joined_day: date | None = None

    @classmethod
    def of(cls, event: ShareRecorded, zone: ZoneInfo) -> "Share":
        """The state of a new share."""
        return cls(
            store_id=event.store_id,
            track_id=event.track_id,
            at=event.at,
            day=local_day(event.at, zone),
            channel=event.channel or UNKNOWN_CHANNEL,
            name=person_of(event) or "",
        )

    def by(self, ambassador: Ambassador | None) -> "Share":
        """With its ambassador, once known. Of several who are that person, the one who joined first shares."""
        if ambassador is None:
            return self
        known = (self.joined_at, self.ambassador_id)
        if self.joined_at is not None and known <= (ambassador.joined_at, ambassador.ambassador_id):
            return self
        return replace(
            self,
            ambassador_id=ambassador.ambassador_id,
            program_id=ambassador.program_id,
            joined_at=ambassador.joined_at,
            joined_day=ambassador.day,
        )


class Order(Struct, frozen=True):
    """A decision with what its figures need from elsewhere.

    `click_id`: the click that won, else the one that came along beside another proof. Found later: `channel` and
    `friend` (the visitor) by that click, `joined_at` by the ambassador, `turned_at` when the buyer of this first
    purchase became an ambassador, the first time, `promised_minor` by the program's version: what of the order's
    discounts it promised the friend.
    """

    store_id: str
    order_id: str
    revision: int
    status: str
    reason: str
    cancelled: bool
    settled: bool
    placed_at: datetime
    day: date
    currency: str
    total_minor: int
    refunded_minor: int
    buyer: str
    order_number: int
    new_customer: bool
    program_id: str
    ambassador_id: str
    kind: str
    click_id: str
    visitor_id: str
    channel: str = UNKNOWN_CHANNEL
    friend: str = ""
    joined_at: datetime | None = None
    joined_day: date | None = None
    turned_at: datetime | None = None
    turned_day: date | None = None
    program_version: int = 0
    subtotal_minor: int = 0
    discount_minor: int = 0
    promised_minor: int | None = None
    link_id: str = ""
    """The link whose click won; none where a code or a known friend did."""

    @classmethod
    def of(cls, event: Conversion, zone: ZoneInfo) -> "Order":
        """The state that a decision's event holds, before anything is found."""
        winner = event.winner
        return cls(
            store_id=event.store_id,
            order_id=event.order_id,
            revision=event.revision,
            status=event.status,
            reason=event.reason,
            cancelled=event.cancelled,
            settled=event.settled_at is not None,
            placed_at=event.placed_at,
            day=local_day(event.placed_at, zone),
            currency=event.figures.currency,
            total_minor=event.figures.total_minor,
            refunded_minor=event.refunded_minor,
            buyer=event.friend_id,
            order_number=event.order_number,
            new_customer=event.new_customer,
            program_id=event.program_id or "",
            ambassador_id=event.ambassador_id or "",
            kind=winner.kind if winner else "",
            click_id=(winner.click_id if winner else None) or event.click_id or "",
            visitor_id=event.visitor_id or "",
            program_version=event.program_version or 0,
            subtotal_minor=event.figures.subtotal_minor,
            discount_minor=event.figures.discount_minor,
            link_id=(winner.link_id if winner else None) or "",
        )

    @property
    def key(self) -> Ref:
        """Where it is found."""
        return self.store_id, self.order_id

    @property
    def attributed(self) -> bool:
        """Whether it counts as a referred order: attributed, and not cancelled."""
        return self.status == "attributed" and not self.cancelled

    @property
    def disposition(self) -> str:
        """The one word under which invariant sums count it."""
        if self.cancelled:
            return "cancelled"
        return "waiting" if self.status == "pending" else self.status

    @property
    def paid_back(self) -> bool:
        """Whether all of its money went back."""
        return self.refunded_minor >= self.total_minor > 0

    @property
    def discount_cost_minor(self) -> int:
        """What the program's discount costs: with the part of the price that is refunded, that part of it goes."""
        if not self.promised_minor or not self.total_minor:
            return self.promised_minor or 0
        kept = max(0, self.total_minor - self.refunded_minor)
        return share_half_up(self.promised_minor, kept, self.total_minor)

    def after(self, old: "Order") -> "Order":
        """This newer decision with what was found for the older one and still applies."""
        same_ambassador = old.ambassador_id == self.ambassador_id
        same_buyer = old.buyer == self.buyer and old.placed_at == self.placed_at
        return replace(
            self,
            joined_at=old.joined_at if same_ambassador else None,
            joined_day=old.joined_day if same_ambassador else None,
            turned_at=old.turned_at if same_buyer else None,
            turned_day=old.turned_day if same_buyer else None,
        )

    def resolved(
        self,
        *,
        clicks: Mapping[Ref, Click],
        ambassadors: Mapping[Ref, Ambassador],
        persons: Mapping[Ref, Sequence[Ambassador]],
        offers: Mapping[VersionKey, Offer],
    ) -> "Order":
        """With everything found that is known by now. `persons`: the ambassadors that a buyer is."""
        click = clicks.get((self.store_id, self.click_id)) if self.click_id else None
        ambassador = ambassadors.get((self.store_id, self.ambassador_id)) if self.ambassador_id else None
        turns = [
            (a.joined_at, a.day)
            for a in persons.get((self.store_id, self.buyer), ())
            if self.new_customer and a.joined_at >= self.placed_at
        ]
        if self.turned_at is not None and self.turned_day is not None:
            turns.append((self.turned_at, self.turned_day))
        turned_at, turned_day = min(turns, default=(None, None))
        return replace(
            self,
            channel=self._channel(click),
            friend=self.visitor_id or (click.visitor_id if click else None) or "",
            joined_at=self.joined_at or (ambassador.joined_at if ambassador else None),
            joined_day=self.joined_day or (ambassador.day if ambassador else None),
            turned_at=turned_at,
            turned_day=turned_day,
            promised_minor=self._promised(offers.get((self.store_id, self.program_id, self.program_version))),
        )

    def _promised(self, offer: Offer | None) -> int | None:
        if offer is None:
            return None
        return program_part(
            offer.discount,
            same_currency=offer.currency == self.currency,
            order_number=self.order_number,
            subtotal_minor=self.subtotal_minor,
            discount_minor=self.discount_minor,
        )

    def _channel(self, click: Click | None) -> str:
        """How the buyer came: by the click's channel, whatever won; a code or an old friend has none of its own."""
        if click is not None and click.channel:
            return click.channel
        return _WITHOUT_CLICK.get(self.kind, UNKNOWN_CHANNEL)


class Reward(Struct, frozen=True):
    """A reward's newest state."""

    store_id: str
    reward_id: str
    revision: int
    program_id: str
    kind: str
    beneficiary_id: str
    status: str
    day: date
    currency: str
    amount_minor: int

    @classmethod
    def of(cls, event: AnyReward, zone: ZoneInfo) -> "Reward":
        """The state that an event holds. It counts on the day its order was placed, like the order's revenue; without
        an order, on the day it was earned.
        """
        return cls(
            store_id=event.store_id,
            reward_id=event.reward_id,
            revision=event.revision,
            program_id=event.program_id,
            kind=event.beneficiary.kind,
            beneficiary_id=event.beneficiary.id,
            status=event.status,
            day=local_day(event.earned_at if isinstance(event, SourcedReward) else event.placed_at, zone),
            currency=POINTS if event.pay_as == "points" else event.currency,
            amount_minor=event.amount_minor,
        )

    @property
    def costs(self) -> bool:
        """Whether it is, or may still become, a cost."""
        return self.status not in {"rejected", "reversed", "expired"}


def person_of(event: TrackingPayload) -> str | None:
    """The one name by which a report counts a person: customer id, else contact hash, else visitor."""
    customer = getattr(event, "customer", None)
    if customer is not None and customer.id:
        return str(customer.id)
    if customer is not None and customer.contact_hashes:
        return str(customer.contact_hashes[0])
    return event.visitor_id


def touch_of(event: TrackingPayload) -> Touch | None:
    """The touch that a report proves: a visitor together with a link's token that came to a person."""
    token = event.token
    if token is None or event.visitor_id is None or not event.touched:
        return None
    return Touch(event.at, token.click_id, token.program_id, token.ambassador_id, token.link_id)
