"""What is asked about promo codes at checkout, and the answers."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.fields import Currency
from contracts.program import FriendBenefit
from services.common.benefit import FriendGift
from services.kernel.http.fields import Blank


class RedeemIn(BaseModel):
    """Uses a code. With the order's id the use and the order that names the code count once."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    order_id: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    redemption_id: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = Field(
        None, description="Where there is no order id yet: your own id of this use, so that a repetition counts once."
    )


class CodeState(BaseModel):
    """Whether a code would count for an order placed now."""

    code: str = Field(description="As it is kept: upper case; as it was typed where it cannot be a code.")
    valid: bool
    reason: str | None = Field(None, description="Why not: code_unknown, code_expired, code_used_up, program_paused, …")
    program_id: str | None = None
    ambassador_id: str | None = None
    currency: Currency | None = None
    benefit: FriendBenefit = Field("none", description="How the friend is served: at the checkout, by a credit, both.")
    friend: list[FriendGift] = []
    expires_at: AwareDatetime | None = None
    max_uses: int | None = None
    uses: int | None = Field(None, description="Counted for codes with max_uses only.")


class Redeemed(BaseModel):
    """The code's use is counted."""

    code: str
    uses: int | None = Field(None, description="Counted for codes with max_uses only.")
    max_uses: int | None = None
