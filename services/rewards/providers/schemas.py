"""Bodies of the API of providers."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.providers.actions import setup
from services.rewards.providers.actions.setup import Mode
from services.rewards.providers.domain.port import Kind
from services.rewards.providers.sql import Account

_IN = ConfigDict(extra="forbid", frozen=True)


class HttpIn(BaseModel):
    """A store's own endpoint for payouts."""

    model_config = _IN

    url: str = Field(min_length=1, max_length=2_000, description="The https address that takes payouts.")
    secret: str | None = Field(
        None,
        max_length=200,
        description="`whsec_` and the base64 of 24 to 64 random bytes; it signs both ways. Kept sealed, and shown to"
        " nobody. Null keeps the one of before, or has one made; a new one holds beside it for a day.",
    )


class PayPalIn(BaseModel):
    """An app of a store's PayPal account."""

    model_config = _IN

    client_id: str = Field(min_length=10, max_length=120)
    client_secret: str | None = Field(
        None,
        max_length=200,
        description="Kept sealed, and shown to nobody. Null keeps the one of before.",
    )
    mode: Mode = Field(description="`live`, or `sandbox` to try without money.")


class ProviderOut(BaseModel):
    """A provider that is called for payouts."""

    id: str
    kind: Kind
    url: str | None = Field(description="Of a store's own endpoint.")
    mode: Mode | None = Field(description="Of PayPal.")
    client_id: str | None
    secret: str = Field(description="Its last signs; empty once it was dropped.")
    event_url: str = Field(description="Where it reports what became of payouts.")
    trouble: str | None = Field(description="Why its last call was not taken or not answered; null since one was.")
    heard_at: datetime | None = Field(description="When it was last called; of many calls in a minute the first.")
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None = Field(
        description="Since when nothing new goes there; what was sent is still asked about."
    )

    @classmethod
    def of(cls, one: Account, *, base_url: str) -> Self:
        """As callers see it."""
        return cls(
            id=one.provider_id,
            kind=one.kind,
            url=one.place if one.kind == "http" else None,
            mode=mode_of(one),
            client_id=one.client_id,
            secret=f"…{one.secret_end}" if one.sealed is not None else "",
            event_url=base_url + setup.report_path(one),
            trouble=one.trouble,
            heard_at=one.heard_at,
            made_at=one.made_at,
            changed_at=one.changed_at,
            ended_at=one.ended_at,
        )


class HttpMadeOut(ProviderOut):
    """A store's own endpoint, with its secret where that was made just now."""

    new_secret: str | None = Field(None, description="Shown in this answer only.")


class ProvidersOut(BaseModel):
    """All providers that were ever set up, oldest first."""

    data: list[ProviderOut]


class TriedOut(BaseModel):
    """What came of a try. Nothing was paid by it."""

    outcome: Literal["ok", "failed"]
    reason: str | None = Field(
        description="`credentials`, `no_payouts` (PayPal has not let the app pay out), `status_…` for an answer that is"
        " none of ours, `timeout`, `unreachable`, `tls`, and others."
    )


def mode_of(one: Account) -> Mode | None:
    """Live or sandbox, of what has one."""
    if one.kind != "paypal":
        return None
    return "live" if one.place == "live" else "sandbox"
