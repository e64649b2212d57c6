"""What a shop asks about a friend, and the answer."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import Currency
from contracts.program import FriendBenefit
from services.common.benefit import FriendGift
from services.common.click_token import MAX_LENGTH


class OfferIn(BaseModel):
    """The click tokens that a visitor has, oldest first, as kith.js keeps them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: Annotated[tuple[Annotated[str, Field(max_length=MAX_LENGTH)], ...], Field(max_length=20)]


class OfferOut(BaseModel):
    """What the friend is promised, by the newest token that still counts. `code` is what the order has to name."""

    valid: bool
    code: str | None = None
    program_id: str | None = None
    ambassador_id: str | None = None
    currency: Currency | None = None
    benefit: FriendBenefit = "none"
    friend: list[FriendGift] = []
    new_customers_only: bool = False
    min_subtotal_minor: int = Field(0, description="Goods after the discount from which an order counts.")
    until: datetime | None = Field(None, description="Up to when an order counts for the click.")
