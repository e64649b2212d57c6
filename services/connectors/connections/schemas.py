"""Connections as a store sets them up."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.connectors.platforms.domain.port import PrivacyKind

Former = Literal["shopify"]
PlatformName = Literal["shopify", "woocommerce", "insales", "stripe", "tilda", "bitrix", "generic"]
Secret = Annotated[str, Field(min_length=8, max_length=200)]
Prefix = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="Stands before the ids of all orders that come this way, so that two shops' order 1001 are two. "
        "A store's second connection has to name one; an empty one says that its ids mean the same orders.",
    ),
]


class _In(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class HookIn(_In):
    """A new address for a platform's deliveries."""

    platform: Former
    secret: Annotated[Secret, Field(description="What the platform signs deliveries with.")]


class HookOut(BaseModel):
    """An address that a platform delivers to. Its secret is never shown."""

    id: str
    platform: Former
    url: str
    created_at: datetime


class OptionsIn(_In):
    """What a store says of its account where deliveries do not."""

    currency: Annotated[
        str | None, Field(pattern=r"^[A-Z]{3}$", description="Of amounts that come without one (ISO 4217).")
    ] = None
    paid_on_arrival: Annotated[
        bool, Field(strict=True, description="The platform delivers orders once they are paid, and not before.")
    ] = False


class AccessIn(_In):
    """What opens the platform's own API: to read orders back, and to put codes into the shop. Never shown.

    WooCommerce: `user` is the consumer key, `password` the consumer secret. Shopify: the Admin API's access token as
    `password`. Stripe: a restricted key as `password`. InSales: the key's identifier and password.
    """

    user: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="The key's identifier, or the app's. Null where the platform's key is one text.",
        ),
    ] = None
    password: Annotated[str | None, Field(min_length=1, max_length=300)] = None
    app_secret: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Of an app, which learns its password by being installed."),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.password is None) == (self.app_secret is None):
            raise ValueError("Give the password, or the app's secret.")
        return self


Host = Annotated[
    str,
    Field(min_length=4, max_length=253, pattern=r"^[A-Za-z0-9.-]+$", description="The shop's host at the platform."),
]


class ConnectionIn(_In):
    """A new account with a platform."""

    platform: PlatformName
    secret: Annotated[
        Secret | None,
        Field(description="What the platform signs with. Made, and shown once, where the platform makes none."),
    ] = None
    order_prefix: Prefix | None = None
    options: OptionsIn = OptionsIn()
    host: Host | None = None
    access: AccessIn | None = None


class ConnectionPatch(_In):
    """What may change of a connection; what is left out stays. Another host drops the access to the one before."""

    options: OptionsIn | None = None
    host: Host | None = None
    access: AccessIn | None = None
    codes: Annotated[
        bool | None,
        Field(
            strict=True,
            description="Whether Kith puts the store's promo codes into the shop and keeps them there as the programs"
            " say. Switched off, what is in the shop stays as it is.",
        ),
    ] = None
    applies_discounts: Annotated[
        bool | None,
        Field(
            strict=True,
            description="Whether links lead to the shop by an address that applies the friend's code, where the code is"
            " in the shop and the link's page at one of its hosts. Shopify and WooCommerce; on unless switched off.",
        ),
    ] = None


class RotateIn(_In):
    """Another secret."""

    secret: Annotated[Secret | None, Field(description="Made, and shown once, where the platform makes none.")] = None
    overlap_hours: Annotated[
        int, Field(ge=0, le=168, strict=True, description="So long the former secret is believed as well.")
    ] = 24


class OptionsOut(BaseModel):
    """What a store said of its account."""

    currency: str | None
    paid_on_arrival: bool


class KeptOrder(BaseModel):
    """What is kept of an order as the platform reported it. What was decided on it is at `/v1/orders/{order_id}`."""

    order_id: str
    deliveries: int = Field(description="Sealed, with the buyer's name and contacts in them.")
    kept_until: datetime | None = Field(description="When the last of them is dropped; null where there is none.")


class PrivacyRequestOut(BaseModel):
    """What a platform asks in people's name."""

    id: str = Field(description="The delivery's.")
    kind: PrivacyKind = Field(
        description="data_request: the store has to tell the customer what is kept; the others: forget."
    )
    at: datetime
    orders: list[KeptOrder] | None = Field(description="Those that it names; null for all of the shop.")
    done_at: datetime | None = Field(None, description="When the store said that it was done.")


class LastDelivery(BaseModel):
    """The newest delivery."""

    id: str
    at: datetime
    outcome: str
    reason: str | None


class CodesOut(BaseModel):
    """The store's promo codes at the connection's checkout."""

    on: bool
    problem: str | None = Field(
        description="Why nothing goes on: `no_access`, what the shop answered (`http_401`), or how it was away."
    )
    applies_discounts: bool = Field(
        description="Whether links lead to the shop by an address that applies the code; false where there is none."
    )
    discount_hosts: list[str] = Field(
        description="The shop's hosts, as it says: at these a link's page is reached by such an address."
    )
    waiting: int
    in_store: int
    refused: int
    disabled: int


class ConnectionOut(BaseModel):
    """An account with a platform, and the address that it delivers to."""

    id: str
    platform: PlatformName
    url: str = Field(description="What the platform is told. Where it holds the secret, only the answer that made it.")
    secret_hint: str | None = Field(description="The secret's last characters; null if its sealing key is gone.")
    former_secret_until: datetime | None = Field(None, description="Until then the secret of before is believed, too.")
    order_prefix: str
    options: OptionsOut
    host: str | None
    has_access: bool = Field(description="Whether Kith can ask the platform's API.")
    access_hint: str | None = Field(None, description="The last characters of what opens it.")
    codes: CodesOut | None = Field(None, description="Null where its platform takes no codes from Kith.")
    topics: list[str] = Field(description="What to subscribe the address to.")
    last_delivery: LastDelivery | None
    created_at: datetime


class ConnectionMade(ConnectionOut):
    """A connection whose secret was made just now: it is shown this once."""

    secret: str | None = Field(None, description="Null where the store gave it.")
