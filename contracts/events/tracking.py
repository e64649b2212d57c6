"""What friends do before they buy: clicks on links, and what the store's pages report."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment

Quality = Literal["person", "bot", "prefetch"]
Mark = Literal["person", "bot", "prefetch", "embedded"]
"""What opened a link: a person; software by its name; a browser ahead of its user; a page that loaded it by itself."""

LIFTED: frozenset[Mark] = frozenset({"bot", "prefetch"})
"""Guesses that fall once somebody sees the store's page: a robot buys nothing, and a page fetched ahead was opened."""

Placement = Literal[
    "home-banner", "menu-link", "ribbon", "product-card", "order-confirmation", "after-payment", "own-page",
    "customer-account",
]  # fmt: skip
"""Where on a store's pages the invitation to share stands."""

TokenProblem = Literal["malformed", "forged", "other_store"]
Voucher = Literal["proof", "server"]
_VOUCHED = Field(
    None,
    description="Who vouches for the customer: the page's proof, or the store's server itself. Absent: nobody, and the"
    " name serves analytics only.",
)


class TokenClaims(BaseModel):
    """What a verified click token proves. The token is the click's proof; no table has to know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    click_id: Id
    link_id: Id
    program_id: Id
    ambassador_id: Id
    at: Moment
    quality: Quality = "person"
    embedded: bool = Field(False, description="A page loaded the link by itself; quality then says prefetch.")
    channel: str | None = Field(None, description="How the link was passed on, of the channels that have a name here.")
    split: int | None = Field(
        None, ge=0, le=10_000, description="The ambassador's part of the reward that the link carries, in basis points."
    )

    @property
    def mark(self) -> Mark:
        """What opened the link, in one word."""
        return "embedded" if self.embedded else self.quality

    def lifted(self) -> "TokenClaims":
        """The same click, known to have come to a person: an order carries its token, or a page somebody looks at."""
        return self.model_copy(update={"quality": "person"}) if self.mark in LIFTED else self


class Customer(BaseModel):
    """A buyer as events know one: the store's customer id and keyed hashes of folded contacts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id | None = None
    contact_hashes: tuple[str, ...] = ()


class ClickRecorded(Payload):
    """Somebody opened a share link."""

    TYPE: ClassVar[str] = "kith.click.recorded.v1"
    TOPIC: ClassVar[Topic] = Topic.CLICKS

    click_id: Id
    link_id: Id
    program_id: Id
    ambassador_id: Id
    at: Moment
    quality: Quality
    channel: str | None = None
    referer_host: str | None = None
    embedded: bool = Field(False, description="A page loaded the link by itself; quality then says prefetch.")

    def partition_key(self) -> str:
        return self.link_id


class TrackingPayload(Payload):
    """Base of what a store's page reports through the browser. `track_id` is unique per report."""

    TOPIC: ClassVar[Topic] = Topic.TRACKING

    track_id: Id
    at: Moment
    visitor_id: Id | None = None
    token: TokenClaims | None = Field(None, description="The verified click token that came along, if any.")
    token_problem: TokenProblem | None = Field(None, description="Why the token that came along proves no click.")
    channel: str | None = None
    seen: bool = Field(False, description="Reported from a page that its visitor looks at: in front, not in a frame.")

    @property
    def touched(self) -> bool:
        """Whether the token that came along came to a person."""
        token = self.token
        return token is not None and (token.mark == "person" or (self.seen and token.mark in LIFTED))


class VisitRecorded(TrackingPayload):
    """A page of the store was opened."""

    TYPE: ClassVar[str] = "kith.visit.recorded.v1"
    url_host: str | None = None


class CustomerIdentified(TrackingPayload):
    """The store's page, or its server, named the customer behind a visitor."""

    TYPE: ClassVar[str] = "kith.customer.identified.v1"
    customer: Customer
    vouched: Voucher | None = _VOUCHED


class SignupRecorded(TrackingPayload):
    """A visitor opened an account at the store."""

    TYPE: ClassVar[str] = "kith.signup.recorded.v1"
    customer: Customer = Customer()
    vouched: Voucher | None = _VOUCHED


class ShareRecorded(TrackingPayload):
    """An ambassador shared a link or code."""

    TYPE: ClassVar[str] = "kith.share.recorded.v1"
    customer: Customer = Customer()
    slug: str | None = Field(None, description="Of the link that was shared, folded, where the page said which.")


class WidgetViewed(TrackingPayload):
    """Somebody saw the invitation to share: a visitor is told of once a day and placement."""

    TYPE: ClassVar[str] = "kith.widget.viewed.v1"
    customer: Customer = Customer()
    placement: Placement | None = Field(None, description="Where it stood, where the page said so.")
