"""What the API says about orders."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.conversions import Returned, Winner
from contracts.events.orders import Figures, Item
from contracts.program import EvidenceKind

Status = Literal["attributed", "unattributed", "rejected", "pending"]


class _Read(BaseModel):
    """Base: read from what is stored, where later engines may have written more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CandidateOut(_Read):
    """One proof that somebody referred the order, and what became of it."""

    kind: EvidenceKind
    at: datetime | None = None
    verdict: Literal["won", "outranked", "refused", "waiting"]
    reason: str
    ambassador_id: str | None = None
    program_id: str | None = None
    program_version: int | None = None
    click_id: str | None = None
    link_id: str | None = None
    code: str | None = None
    detail: dict[str, Any] = {}
    text: str = Field("", description="The reason as a sentence in the reader's language.")


class CheckOut(_Read):
    """One rule that was held against the winner, or against the strongest candidate where nobody won."""

    rule: str
    result: Literal["passed", "failed", "noted", "waiting"]
    reason: str | None = None
    detail: dict[str, Any] = {}
    text: str = ""


class ForeignRefund(_Read):
    """A refund in another currency than its order's."""

    currency: str
    amount_minor: int


class SettledOut(_Read):
    """When the winner was fixed."""

    at: datetime
    revision: int = Field(description="The revision that holds candidates and checks.")


class DecisionBody(_Read):
    """A decision as it is kept."""

    engine: str
    order_id: str
    placed_at: datetime
    status: Status
    reason: str
    pending: tuple[str, ...] = ()
    cancelled: bool = False
    figures: Figures
    refunded_minor: int = 0
    over_refunded: bool = False
    returned: Returned | None = None
    foreign_refunds: tuple[ForeignRefund, ...] = ()
    friend_id: str
    order_number: int
    new_customer: bool
    program_id: str | None = None
    program_version: int | None = None
    ambassador_id: str | None = None
    winner: Winner | None = None
    candidates: tuple[CandidateOut, ...] = ()
    candidates_total: int = 0
    checks: tuple[CheckOut, ...] = ()
    settled: SettledOut | None = None


class DecisionOut(BaseModel):
    """Who referred the order, and why."""

    status: Status
    reason: str
    explanation: str = Field(description="In the language of Accept-Language or ?lang: en, ru, uk or ro.")
    language: str
    settled: bool
    settled_at: datetime | None = None
    settles_at: datetime | None = Field(None, description="When it may settle, if nothing changes.")
    revision: int
    decided_at: datetime
    engine: str
    as_of: int = Field(description="The store's fact number up to which facts were read.")
    pending: tuple[str, ...] = ()
    ambassador_id: str | None = None
    program_id: str | None = None
    program_version: int | None = None
    order_number: int
    new_customer: bool
    winner: Winner | None = None
    candidates: tuple[CandidateOut, ...] = ()
    candidates_total: int = 0
    checks: tuple[CheckOut, ...] = ()
    late_facts: int = Field(0, description="Facts that came after settling and no longer change the winner.")


class OrderOut(BaseModel):
    """An order with its decision."""

    order_id: str
    placed_at: datetime = Field(description="The earliest that was reported; once settled, the one that was settled.")
    placed_at_others: tuple[datetime, ...] = Field(
        (), description="Other times of placing that revisions reported. They are kept as reported and move nothing."
    )
    status: Literal["paid", "pending"]
    cancelled: bool
    currency: str
    total_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    paid_with_credit_minor: int = 0
    refunded_minor: int
    over_refunded: bool
    returned: Returned | None = Field(None, description="What went back, where some refund says more than a sum.")
    foreign_refunds: tuple[ForeignRefund, ...] = Field(
        (), description="Refunds reported in another currency than the order's: kept, and subtracted from nothing."
    )
    items: tuple[Item, ...] = ()
    friend_id: str | None = None
    friend_orders: int | None = Field(None, description="How many orders this friend has.")
    friend_looks_shared: bool = Field(
        False,
        description="Whether so many orders name this friend that many people seem to share the id, as a till's"
        ' "walk-in" does. They count as one friend; leave the customer out of an order whose buyer is not known.',
    )
    decision: DecisionOut | None = Field(None, description="Null for the moment in which nothing is decided yet.")


class OrderRowOut(BaseModel):
    """An order in a list."""

    order_id: str
    placed_at: datetime
    status: Status
    reason: str
    cancelled: bool
    settled_at: datetime | None
    currency: str
    total_minor: int
    refunded_minor: int
    ambassador_id: str | None
