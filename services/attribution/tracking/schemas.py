"""What a store's pages report."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.events.tracking import Placement
from services.attribution.tracking.domain import known_customer
from services.kernel.http.fields import Blank

TrackType = Literal["visit", "identify", "signup", "share", "widget_view"]


class TrackedCustomer(BaseModel):
    """A customer as a page knows one. Addresses and numbers are hashed at once and kept nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, coerce_numbers_to_str=True)

    id: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None, BeforeValidator(known_customer), Blank
    ] = None
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None

    @property
    def named(self) -> bool:
        """Whether it says anything that could be somebody."""
        return bool(self.id or self.email or self.phone)


class TrackIn(BaseModel):
    """One report of a page."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    type: TrackType
    token: Annotated[Annotated[str, Field(min_length=1, max_length=2048)] | None, Blank] = None
    visitor_id: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    customer: TrackedCustomer | None = None
    proof: Annotated[str, Field(max_length=128)] | None = Field(
        None,
        description="With identify and signup: hex HMAC-SHA256 of the customer id under the store's identify secret,"
        " made by the store's server. Without it the name serves analytics only.",
    )
    url: Annotated[str, Field(max_length=2048)] | None = None
    channel: Annotated[Annotated[str, Field(max_length=40)] | None, Blank] = None
    placement: Placement | None = Field(None, description="With widget_view: where the invitation to share stood.")
    slug: Annotated[Annotated[str, Field(max_length=200)] | None, Blank] = Field(
        None, description="With share: the slug of the link that was shared. What is none is left out."
    )
    seen: bool = Field(False, description="The page is in front of its visitor, and in no frame.")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        # A customer whose fields are blank is a guest: a page that names whoever is signed in is right to say so.
        if self.type == "identify" and (self.customer is None or not self.customer.model_fields_set):
            raise ValueError("identify needs a customer with an id, email or phone")
        return self

    @property
    def url_host(self) -> str | None:
        """The host of the page, which is all that is kept of its address."""
        if self.url is None:
            return None
        try:
            return urlsplit(self.url).netloc.rpartition("@")[2][:255] or None
        except ValueError:
            return None


class IdentifiedCustomer(TrackedCustomer):
    """A customer as the store's own server knows one."""

    verified: bool = Field(
        False,
        description="The store has made sure that email and phone are this customer's, by a message to them: what was"
        " earned under these is the customer's from now on.",
    )

    @model_validator(mode="after")
    def _of_a_customer(self) -> Self:
        if self.verified and (self.id is None or not (self.email or self.phone)):
            raise ValueError("verified needs the customer's id, and the email or phone that was verified")
        return self


class IdentifyIn(BaseModel):
    """The customer behind a visitor, in the word of the store's own server."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    visitor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="What kith.js calls the visitor. May be left out where a customer's contacts are verified."
    )
    customer: IdentifiedCustomer

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.customer.named:
            raise ValueError("customer needs an id, email or phone of somebody")
        if self.visitor_id is None and not self.customer.verified:
            raise ValueError("visitor_id is needed, unless the customer's contacts are verified")
        return self


class Tracked(BaseModel):
    """The report is safe."""

    status: Literal["accepted"] = "accepted"
    proven: bool | None = Field(None, description="Whether the proof was right; absent where none was sent.")


class Identified(BaseModel):
    """The fact is safe; what follows from it can be read a moment later."""

    status: Literal["accepted"] = "accepted"
    duplicate: bool = Field(False, description="Whether this was reported before; then nothing has changed.")
    joined: bool | None = Field(
        None,
        exclude_if=lambda joined: joined is None,
        description="Of verified contacts: whether what was earned under them is this customer's. Not where one is"
        " another customer's already, or stands for anybody.",
    )
