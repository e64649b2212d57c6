"""Decisions: who, if anybody, referred an order. One payload, the whole state, ordered by `revision`."""

from datetime import timedelta
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.countries import CountryCode
from contracts.events.base import Payload, Topic
from contracts.events.orders import Figures
from contracts.fields import Id, Minor, Moment, Role
from contracts.program import EvidenceKind
from contracts.sponsors import MOST_LEVELS

WAIT_WITHOUT_WINNER: Final = timedelta(days=14)
"""How long after its purchase an order settles at the earliest that nobody referred."""


class Winner(BaseModel):
    """The proof that won."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EvidenceKind
    at: Moment | None = None
    click_id: Id | None = None
    link_id: Id | None = None
    code: str | None = None
    split: int | None = Field(
        None,
        ge=0,
        le=10_000,
        description="The ambassador's part of the reward, as the link or code has it, in basis points.",
    )


class ReturnedLine(BaseModel):
    """What went back of one line, over all refunds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: Id
    amount_minor: Minor = Field(description="Net of tax. Never more than the line's own amount, where that is known.")


class Returned(BaseModel):
    """What the refunds of an order took back, each refund once, by its newest report, in the order's currency.

    Refunds that say which lines or how much of the shipping went back are reported by that; the others are bare sums.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: tuple[ReturnedLine, ...] = ()
    shipping_minor: Minor = 0
    named_minor: Minor = Field(0, description="Everything that refunds returned which say what went back, with tax.")
    bare_minor: Minor = Field(0, description="Everything that the other refunds returned.")


class AtSettling(BaseModel):
    """What an order came to when it settled: no reward of it is ever worth more than by this."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figures: Figures
    refunded_minor: Minor = 0
    returned: Returned | None = None


class Named(BaseModel):
    """Somebody whom a proof named, and why the order is not theirs, or not yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ambassador_id: Id
    program_id: Id | None = None
    verdict: Literal["waiting", "refused"]
    reason: str


class Sponsor(BaseModel):
    """Somebody above the ambassador. Who is blocked or was erased gets nothing, and nobody moves up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ambassador_id: Id
    status: Literal["active", "blocked", "erased"] = "active"


class Circumstances(BaseModel):
    """How things stood when the order was placed, where a rule of the program's version asks for any of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str | None = Field(None, description="The ambassador's.")
    role: Role | None = Field(None, description="The ambassador's.")
    channel: str | None = Field(
        None, description="How the link was passed on by whose click the buyer came: of the winner, or beside it."
    )
    brought_at: Moment | None = Field(
        None, description="When the first order was placed by which the program won this buyer; it may be this one."
    )
    country: CountryCode | None = Field(None, description="Where the order goes, where a rule asks for countries.")
    sponsors: tuple[Sponsor, ...] | None = Field(
        None,
        max_length=MOST_LEVELS,
        description="The ambassador's, level 1 first, where a rule gives sponsors something.",
    )


class Conversion(Payload):
    """The state of the decision on one order. Readers keep the highest revision and ignore the event's type."""

    TOPIC: ClassVar[Topic] = Topic.CONVERSIONS

    order_id: Id
    revision: int = Field(ge=1)
    status: Literal["attributed", "unattributed", "rejected", "pending"]
    reason: str = Field(description="Machine word for why: of the winner, or of the last refusal.")
    cancelled: bool = False
    rejected_by_person: bool = False
    settled_at: Moment | None = None
    placed_at: Moment
    decided_at: Moment
    figures: Figures
    refunded_minor: Minor = Field(0, description="Sum of refunds so far, at most the order's total.")
    over_refunded: bool = False
    returned: Returned | None = Field(
        None, description="What went back, where some refund says more than a sum; else `refunded_minor` is all."
    )
    returned_at: Moment | None = Field(
        None, description="When the order was cancelled, else when the last of what went back did. Absent otherwise."
    )
    at_settling: AtSettling | None = Field(
        None, description="What the order came to when it settled, where that is known and not what it comes to now."
    )
    friend_id: Id = Field(description="The buyer: a customer id, else a contact hash, else the order.")
    person: Id | None = Field(
        None,
        description="One name for the buyer, under whichever customer ids they order. Settling fixes it: no order"
        " has one before, nor one that settled before there was this field.",
    )
    friend_contacts: tuple[str, ...] = Field(
        (), max_length=20, description="Keyed hashes of the buyer's contacts, as far as known: they may join by these."
    )
    visitor_id: Id | None = Field(None, description="The browser that the order named, so that funnels can follow it.")
    click_id: Id | None = Field(
        None, description="The newest good click that came with the order, where another proof won: how the buyer came."
    )
    order_number: int = Field(ge=1, description="1 for the friend's first standing order.")
    new_customer: bool = False
    program_id: Id | None = None
    program_version: int | None = None
    ambassador_id: Id | None = None
    winner: Winner | None = None
    named: tuple[Named, ...] = Field(
        (), max_length=20, description="Whom proofs named, the best first, where nobody was found or it is undecided."
    )
    circumstances: Circumstances | None = Field(
        None, description="How things stood when it was placed. Absent where no rule of the version asks."
    )
    as_of: int = Field(description="The store's fact number up to which facts were read.")
    engine: str

    def subject(self) -> str:
        return self.order_id


class ConversionAttributed(Conversion):
    """An ambassador was found."""

    TYPE: ClassVar[str] = "kith.conversion.attributed.v1"


class ConversionRejected(Conversion):
    """Something named an ambassador, and every candidate was refused."""

    TYPE: ClassVar[str] = "kith.conversion.rejected.v1"


class ConversionUnattributed(Conversion):
    """Nothing named an ambassador within its window."""

    TYPE: ClassVar[str] = "kith.conversion.unattributed.v1"


class ConversionDeferred(Conversion):
    """Nothing is decided yet: the order is not paid, or a program that it names is not known here."""

    TYPE: ClassVar[str] = "kith.conversion.deferred.v1"


class ConversionReversed(Conversion):
    """A decision that stood no longer does: the order was cancelled, or waits for a missing piece again."""

    TYPE: ClassVar[str] = "kith.conversion.reversed.v1"


class ConversionSettled(Conversion):
    """The winner is fixed; from here on only money that goes back still counts."""

    TYPE: ClassVar[str] = "kith.conversion.settled.v1"
