"""Balances of points and store credit: what of one is about to expire."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.base import Payload, Topic
from contracts.events.rewards import Beneficiary
from contracts.fields import Currency, Minor, Moment


class ExpiringAmount(BaseModel):
    """What is left of points, or of store credit in one currency, that expires."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int | None = Field(None, description="Left out for store credit.")
    amount_minor: Minor | None = Field(None, description="Store credit; left out for points.")
    currency: Currency | None = None
    idle: bool = Field(
        False, description="It expires because its holder is idle: it stays where they earn or spend some before then."
    )


class BalanceExpiring(Payload):
    """All that somebody has left that expires at one moment, as many days ahead as the rule says that gave it. Sent
    once; again, with all of it, where more that expires then was given after that.
    """

    TYPE: ClassVar[str] = "kith.balance.nearly_expired.v1"
    TOPIC: ClassVar[Topic] = Topic.REWARDS

    beneficiary: Beneficiary
    amounts: tuple[ExpiringAmount, ...]
    last_day: date = Field(description="The last day on which it can be used, where the store is.")
    expires_at: Moment = Field(description="The first moment at which it can no longer be used.")
    noticed_at: Moment = Field(description="As it stood then.")

    def subject(self) -> str:
        return self.beneficiary.id
