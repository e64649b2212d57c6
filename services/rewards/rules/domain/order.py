"""An order, or a custom event, as rules read it, and the words that say why a reward is what it is. Pure."""

from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Literal, Self
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.events.actions import Action
from contracts.events.conversions import AtSettling, Circumstances, Conversion, Returned
from services.common.periods import local_day

POINTS = "points"
"""The unit of rewards that are not money. Points never count against a budget, which is money."""

_BEFORE_CONNECTION = "before_connection"
"""Why nobody was looked for who referred an order."""

Side = Literal["ambassador", "friend"]
SourceKind = Literal["order", "person", "event", "period", "cashback"]
PayAs = Literal["cash", "store_credit", "points"]


class Reason(StrEnum):
    """Why a reward is what it is."""

    GRANTED = "granted"
    PARTLY_REFUNDED = "partly_refunded"
    PARTLY_CAPPED = "partly_capped"
    CAPPED_BUDGET = "capped_budget"
    CAPPED_AMBASSADOR = "capped_ambassador"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    NOT_ATTRIBUTED = "not_attributed"
    REASSIGNED = "reassigned"
    """The order now belongs to somebody else, or to another program."""
    REJECTED_BY_PERSON = "rejected_by_person"
    REFUSED_BY_STORE = "refused_by_store"
    """The store's own server, which is asked before a reward becomes available, refused it."""
    CURRENCY_MISMATCH = "currency_mismatch"
    NOT_FIRST_ORDER = "not_first_order"
    NOT_THIS_ORDER = "not_this_order"
    """The rule is for another of the friend's orders, or for those of a time that is over."""
    BELOW_RULE_MINIMUM = "below_rule_minimum"
    OTHER_GOODS = "other_goods"
    """Nothing of what the rule is for is in the order."""
    OTHER_CHANNEL = "other_channel"
    OTHER_GROUP = "other_group"
    OTHER_ROLE = "other_role"
    OTHER_COUNTRY = "other_country"
    """The order goes to another country than those of the rule, or does not say where it goes."""
    OTHER_TIER = "other_tier"
    """The rule is for ambassadors in other tiers."""
    OTHER_BUYER = "other_buyer"
    """The rule is for new customers, and the buyer had bought before; or the other way round."""
    NOT_A_MEMBER = "not_a_member"
    """The ambassador held none of the rule's memberships when the order was placed."""
    OTHER_DAY = "other_day"
    """The order was placed before or after the days of the rule."""
    SPONSOR_INACTIVE = "sponsor_inactive"
    """The rule is for active sponsors, and this one was none when the order was first decided."""
    SPONSOR_BLOCKED = "sponsor_blocked"
    """The sponsor was blocked before the order settled, or erased before it was placed."""
    NOT_FIRST_EVENT = "not_first_event"
    EVENT_CANCELLED = "event_cancelled"
    """The store called the event off that it was for."""
    NOTHING_DUE = "nothing_due"
    """The terms give zero: a share of a zero subtotal, or too little to round up."""
    GOODWILL = "goodwill"
    """A person of the store gave it by hand."""
    TAKEN_BACK = "taken_back"
    """A person of the store took back some or all of what a person gave."""
    NOT_REACHED = "not_reached"
    """The milestone that it was for is not reached any more: settled orders fell away."""


class Line(Struct, frozen=True):
    """A line of an order: its amount before refunds, net of tax, and the id by which refunds name it, if it has one."""

    line_id: str | None
    amount_minor: int
    counts: bool = True
    """Whether it is part of the subtotal: a gift card is not."""
    product_id: str | None = None
    sku: str | None = None
    category: str | None = None
    quantity: int = 1


class Order(Struct, frozen=True, kw_only=True):
    """The state of the decision on an order, as rules read it, with amounts in minor units of `currency`. Or of that on
    a custom event, which rules of its own read: it has a name, and no figures.
    """

    store_id: str
    order_id: str
    revision: int
    attributed: bool
    cancelled: bool
    rejected_by_person: bool
    settled_at: datetime | None
    placed_at: datetime
    currency: str
    total_minor: int
    subtotal_minor: int
    refunded_minor: int
    friend_id: str
    order_number: int
    program_id: str | None
    program_version: int | None
    ambassador_id: str | None
    split: int | None = None
    """The ambassador's part in basis points, as the link or code says by which the friend came; None: as usual."""
    person: str | None = None
    discount_minor: int = 0
    """What was taken off at the checkout, by whatever discount."""
    credit_minor: int = 0
    """How much of the total was paid with store credit or points: that part of the order earns nothing."""
    lines: tuple[Line, ...] = ()
    """What was sold, as far as it was reported."""
    returned: Returned | None = None
    """What went back, where some refund says more than a sum."""
    then: "Order | None" = None
    """The order as it settled, where that is reported and it is another now."""
    circumstances: Circumstances | None = None
    """How things stood at the purchase, where the rules ask."""
    day: date | None = None
    """The calendar day of the purchase where the store is, where the rules ask for days (`in_zone`)."""
    new_customer: bool = False
    """Whether the buyer had not bought before."""
    brought_on: date | None = None
    """The same of the order by which the program won the friend."""
    unreferred: bool = False
    """Whether nobody referred the buyer: nothing named an ambassador, or all of what did was refused. Not of orders
    from before the store was connected.
    """
    paid: bool = True
    """Whether its money has come."""
    returned_at: datetime | None = None
    """When it was cancelled or called off, else when the last of what went back did."""
    contacts: tuple[str, ...] = ()
    """Keyed hashes of the buyer's contacts."""
    memberships: tuple[str, ...] = ()
    """What the ambassador held at the purchase, where the rules ask (`held_by`)."""
    event: str | None = None
    """Name of the custom event that it is; `order_id` is then the event's, `order_number` counts those of its name."""

    @classmethod
    def of(cls, conversion: Conversion) -> Self:
        """From the event. An over-refund counts as a full one."""
        then = conversion.at_settling
        return replace(cls._of(conversion, conversion), then=then and cls._of(conversion, then))

    @classmethod
    def _of(cls, conversion: Conversion, money: Conversion | AtSettling) -> Self:
        figures = money.figures
        return cls(
            store_id=conversion.store_id,
            order_id=conversion.order_id,
            revision=conversion.revision,
            attributed=conversion.status == "attributed",
            cancelled=conversion.cancelled,
            rejected_by_person=conversion.rejected_by_person,
            # In UTC, where adding days adds hours: on another wall clock it would add calendar days.
            settled_at=conversion.settled_at.astimezone(UTC) if conversion.settled_at else None,
            placed_at=conversion.placed_at.astimezone(UTC),
            currency=figures.currency,
            total_minor=figures.total_minor,
            subtotal_minor=figures.subtotal_minor,
            discount_minor=figures.discount_minor,
            new_customer=conversion.new_customer,
            credit_minor=min(figures.paid_with_credit_minor, figures.total_minor),
            refunded_minor=min(money.refunded_minor, figures.total_minor),
            lines=tuple(
                Line(
                    item.line_id,
                    item.amount_minor,
                    not item.gift_card,
                    item.product_id,
                    item.sku,
                    item.category,
                    item.quantity,
                )
                for item in figures.items
            ),
            returned=money.returned,
            friend_id=conversion.friend_id,
            person=conversion.person,
            order_number=conversion.order_number,
            program_id=conversion.program_id,
            program_version=conversion.program_version,
            ambassador_id=conversion.ambassador_id,
            split=conversion.winner.split if conversion.winner else None,
            circumstances=conversion.circumstances,
            paid=figures.status == "paid",
            returned_at=conversion.returned_at,
            contacts=conversion.friend_contacts,
            unreferred=conversion.status in ("unattributed", "rejected") and conversion.reason != _BEFORE_CONNECTION,
        )

    def earning(self, amount_minor: int) -> Fraction | int:
        """What of an amount of the order's was not paid with store credit: credit pays for all of it alike."""
        if not self.credit_minor:
            return amount_minor
        return Fraction(amount_minor * (self.total_minor - self.credit_minor), self.total_minor)

    @property
    def unsold(self) -> Fraction:
        """The share of the order that went back to the buyer."""
        if self.cancelled:
            return Fraction(1)
        return Fraction(self.refunded_minor, self.total_minor) if self.total_minor else Fraction(0)

    @property
    def group(self) -> str | None:
        """The ambassador's group at the purchase, where the rules ask."""
        return None if self.circumstances is None else self.circumstances.group

    def in_zone(self, zone: ZoneInfo, *, day: date | None = None) -> Self:
        """The same with its days where the store is. `day`: that of the purchase, where it was kept."""
        brought_at = None if self.circumstances is None else self.circumstances.brought_at
        day = day or local_day(self.placed_at, zone)
        brought_on = None if brought_at is None else local_day(brought_at, zone)
        then = None if self.then is None else replace(self.then, day=day, brought_on=brought_on)
        return replace(self, day=day, brought_on=brought_on, then=then)

    def held_by(self, memberships: tuple[str, ...]) -> Self:
        """The same, of an ambassador who held these memberships at the purchase."""
        then = None if self.then is None else replace(self.then, memberships=memberships)
        return replace(self, memberships=memberships, then=then)

    @property
    def buyer_names(self) -> frozenset[str]:
        """By what the buyer is known: a customer id, hashes of contacts. None of a guest who gave none."""
        own = () if self.friend_id == self.order_id else (self.friend_id,)
        return frozenset((*own, *self.contacts))

    @classmethod
    def of_event(cls, state: Action) -> Self:
        """A custom event, from the state of the decision on it."""
        return cls(
            store_id=state.store_id,
            order_id=state.event_id,
            revision=state.revision,
            attributed=state.status == "attributed",
            cancelled=state.cancelled,
            rejected_by_person=False,
            settled_at=state.settled_at.astimezone(UTC) if state.settled_at else None,
            placed_at=state.happened_at.astimezone(UTC),
            currency="",
            total_minor=0,
            subtotal_minor=0,
            refunded_minor=0,
            friend_id=state.friend_id,
            order_number=state.event_number,
            program_id=state.program_id,
            program_version=state.program_version,
            ambassador_id=state.ambassador_id,
            returned_at=(state.cancelled_at or state.decided_at).astimezone(UTC) if state.cancelled else None,
            contacts=state.friend_contacts,
            event=state.name,
        )

    @property
    def source_kind(self) -> SourceKind:
        """What its rewards come of."""
        return "order" if self.event is None else "event"

    @property
    def refusal(self) -> Reason | None:
        """Why the order earns nothing under whatever rule."""
        if self.cancelled:
            return Reason.CANCELLED if self.event is None else Reason.EVENT_CANCELLED
        if self.rejected_by_person:
            return Reason.REJECTED_BY_PERSON
        if not self.attributed or self.program_id is None or self.program_version is None or self.ambassador_id is None:
            return Reason.NOT_ATTRIBUTED
        return None
