"""Promo codes at stores' own checkouts: which connections carry them there, and what became of each.

Each payload is the whole state, and links keeps a slice of it, so that a page shows a code as a discount where a buyer
can use it. A topic of their own: nobody but links writes the set-up.
"""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class CodesCarried(Payload):
    """A connection puts the store's codes into its shop from now on, or no longer."""

    TYPE: ClassVar[str] = "kith.store_codes.carried.v1"
    TOPIC: ClassVar[Topic] = Topic.CHECKOUTS

    connection_id: Id
    platform: str
    carries: bool
    discount_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts of its shop at which links can apply a code, in lower-case ASCII. Empty where none is known,"
        " or where links are not to apply codes.",
    )
    revision: int = Field(ge=1)

    def partition_key(self) -> str:
        return f"carrier:{self.connection_id}"

    def subject(self) -> str:
        return self.connection_id


class StoreCodeChanged(Payload):
    """What became of a code at the checkout of a connection's shop."""

    TYPE: ClassVar[str] = "kith.store_code.changed.v1"
    TOPIC: ClassVar[Topic] = Topic.CHECKOUTS

    connection_id: Id
    platform: str
    code_id: Id
    code: str
    state: Literal["waiting", "in_store", "refused", "disabled"] = Field(
        description="Something is to be done; a buyer can use it; the shop will not have it; it takes nothing off."
    )
    reason: str | None = Field(None, description="Why the shop will not have it: `taken`, or a word of the shop's.")
    changed_at: Moment
    revision: int = Field(ge=1)

    def partition_key(self) -> str:
        return f"{self.connection_id}:{self.code_id}"

    def subject(self) -> str:
        return self.code_id
