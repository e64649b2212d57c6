"""Codes at a connection's checkout, as a store reads them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.connectors.store_codes.domain.port import State


class StoreCodeOut(BaseModel):
    """A promo code at the checkout of a connection's shop."""

    code_id: str
    code: str
    state: State = Field(
        description="`waiting`: something is to be done; `in_store`: a buyer can use it; `refused`: the shop will not"
        " have it; `disabled`: it takes nothing off there."
    )
    reason: str | None = Field(
        description="Why the shop will not have it: `taken` (`holder` says by what), `currency` (the shop's own is"
        " `holder`), `unclear` (the shop says it has it and does not show it), `too_many` (the shop has more codes than"
        " can be looked through), or the shop's own word."
    )
    holder: str | None = Field(description="What the shop has under this code already, as the shop calls it.")
    changed_at: datetime


class TriedAgain(BaseModel):
    """What is asked for once more."""

    codes: Annotated[int, Field(ge=0, description="Codes that had been refused.")]
