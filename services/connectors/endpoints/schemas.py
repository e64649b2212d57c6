"""Endpoints, deliveries and tries as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.connectors.endpoints.domain.tries import Off, State

WebhookType = Literal[
    "ambassador.joined",
    "link.created",
    "order.attributed",
    "order.rejected",
    "order.unattributed",
    "order.reversed",
    "order.settled",
    "action.attributed",
    "action.rejected",
    "action.unattributed",
    "action.reversed",
    "action.settled",
    "reward.granted",
    "reward.adjusted",
    "reward.released",
    "reward.reversed",
    "tier.changed",
    "membership.changed",
    "balance.expiring",
    "program.exhausted",
    "program.refilled",
    "payout.prepared",
    "payout.approved",
    "payout.submitted",
    "payout.unanswered",
    "payout.completed",
    "payout.failed",
    "payout.returned",
    "payout.cancelled",
    "redemption.requested",
    "redemption.fulfilled",
    "redemption.cancelled",
    "redemption.returned",
    "pool.nearly_emptied",
]
Url = Annotated[str, Field(min_length=8, max_length=2000, description="An https address, without a user or a #.")]
Events = Annotated[list[WebhookType], Field(min_length=1, max_length=50, description="What it is told of.")]


class EndpointIn(BaseModel):
    """A new address for webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    url: Url
    events: Events


class EndpointPatch(BaseModel):
    """What may change of an endpoint; what is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(None, description="True turns it on again after it was turned off, for any reason.")


class EndpointOut(BaseModel):
    """An address that webhooks are sent to. Its secret is not shown."""

    id: str
    url: str
    events: list[str]
    enabled: bool
    disabled: Off | None = Field(None, description="Why it is off, if it is.")
    disabled_at: datetime | None = None
    failing_since: datetime | None = Field(None, description="Since when it took nothing that it was sent.")
    created_at: datetime


class EndpointMade(EndpointOut):
    """An endpoint with its newest secret, which is shown this once."""

    secret: str = Field(description="`whsec_` and base64: what the receiver verifies signatures with.")


class RotateIn(BaseModel):
    """Another secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlap_hours: Annotated[
        int, Field(ge=0, le=168, strict=True, description="So long the former secret signs as well.")
    ] = 24


class TestIn(BaseModel):
    """A sample to be sent."""

    __test__ = False
    model_config = ConfigDict(frozen=True, extra="forbid")

    type: WebhookType = "order.attributed"


class ReplayIn(BaseModel):
    """From when on deliveries are sent again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: AwareDatetime
    all: bool = Field(False, description="Also those that were delivered.")


class ReplayOut(BaseModel):
    """How much is sent again."""

    count: int
    next_since: datetime | None = Field(None, description="Where there is more: ask again from here.")


class DeliveryOut(BaseModel):
    """One message for one endpoint, and what became of it."""

    id: str
    endpoint_id: str
    message_id: str = Field(description="The header `webhook-id`: equal in all tries, and when it is sent again.")
    type: str
    test: bool
    state: State
    tries: int
    next_try_at: datetime | None
    status: int | None = Field(description="HTTP status of the newest answer.")
    reason: str | None = Field(description="Why the newest try was no delivery.")
    at: datetime = Field(description="When it happened.")
    created_at: datetime


class RequestOut(BaseModel):
    """What a try was sent with."""

    url: str
    headers: dict[str, str] = Field(description="Of `webhook-signature` the beginning of each signature only.")


class TryOut(BaseModel):
    """One call."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    reason: str | None
    answer: str | None = Field(description="The first 2 kB of what was answered.")
    request: RequestOut | None = Field(None, description="What it was sent with; null of tries before it was kept.")


class DeliveryDetail(DeliveryOut):
    """A delivery with what is sent, and its tries, the newest first."""

    body: dict[str, JsonValue] | None = Field(description="Null where it was about a person or a link that is gone.")
    attempts: list[TryOut]
