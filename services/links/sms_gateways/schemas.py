"""What callers send and get about a store's SMS."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.actions.setup import Reached, Wanted
from services.links.sms_gateways.domain.numbers import PREFIX
from services.links.sms_gateways.sql import Settings, Spent, State

Prefix = Annotated[str, StringConstraints(pattern=f"^{PREFIX.pattern}$", max_length=8)]
_MOST = 1_000_000


class GatewayIn(BaseModel):
    """How a store sends SMS: all of it, in place of what was set before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1, max_length=2_000, description="The https address that takes messages.")
    secret: str | None = Field(
        None,
        max_length=200,
        description="`whsec_` and the base64 of 24 to 64 random bytes; it signs both ways. Kept sealed, and shown to"
        " nobody. Null keeps the one of before; a new one holds beside it for a day.",
    )
    sender: str = Field(
        min_length=1,
        max_length=15,
        pattern=r"^([A-Za-z0-9][A-Za-z0-9 ._-]{0,10}|\+?[0-9]{3,15})$",
        description="From whom messages come: at most 11 letters and digits, or a number.",
    )
    prefixes: list[Prefix] = Field(
        max_length=100,
        description="How numbers begin that the store sends to, as `+373`: countries, or parts of them. None: nobody.",
    )
    most_a_day: int = Field(200, ge=0, le=_MOST, strict=True, description="Segments a day of the store's time zone.")
    most_a_month: int = Field(3_000, ge=0, le=_MOST, strict=True, description="Segments a calendar month.")
    most_codes_a_day: int = Field(
        50, ge=0, le=_MOST, strict=True, description="Codes within 24 hours by which phones are proved, at most."
    )

    def wanted(self) -> Wanted:
        """As it is kept."""
        return Wanted(**self.model_dump())


class SpentOut(BaseModel):
    """Segments that were used: a text has 160 signs in one and 153 in each of several, or 70 and 67 outside of the GSM
    alphabet.
    """

    today: int
    this_month: int


class GatewayOut(BaseModel):
    """How a store sends SMS."""

    url: str
    secret: str = Field(description="Its last signs.")
    sender: str
    prefixes: list[str]
    most_a_day: int
    most_a_month: int
    most_codes_a_day: int
    state: State = Field(description="`active`, or `refused` since the gateway takes nothing from us: set it anew.")
    reason: str | None
    report_url: str = Field(description="Where the gateway reports what became of messages, and STOP and START.")
    spent: SpentOut
    reached: Reached | None = Field(description="The limit that is used up: until its end people are told by mail.")
    changed_at: datetime

    @classmethod
    def of(cls, one: Settings, spent: Spent, *, base_url: str) -> Self:
        """As callers see it."""
        kept = ("url", "sender", "most_a_day", "most_a_month", "most_codes_a_day", "state", "reason", "changed_at")
        return cls(
            **{name: getattr(one, name) for name in kept},
            secret=f"…{one.secret_end}",
            prefixes=list(one.prefixes),
            report_url=report_url(base_url, one),
            spent=SpentOut(today=spent.today, this_month=spent.month),
            reached=setup.reached(one, spent),
        )


class TryIn(BaseModel):
    """A number of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str = Field(min_length=1, max_length=40, description="With the country's code, as in `+37369123456`.")


class TryOut(BaseModel):
    """What the gateway said to a try."""

    outcome: Literal["taken", "busy", "away", "refused"]
    status: int | None = Field(description="Of a refusal, the status that the gateway answered with.")
    reason: str | None = Field(description="Of a refusal: `unknown_number`, `opted_out`, `message` or `gateway`.")
    segments: int


def report_url(base_url: str, one: Settings) -> str:
    """Where a gateway reports."""
    return f"{base_url}/v1/sms/{one.hook}"
