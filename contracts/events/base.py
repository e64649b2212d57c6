"""What every event payload has in common."""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.fields import Id


class Topic(StrEnum):
    """The pipes between services. `catalog` keeps the newest event of each key; the others keep some days."""

    CATALOG = "kith.catalog"
    CLICKS = "kith.clicks"
    TRACKING = "kith.tracking"
    ORDERS = "kith.orders"
    CONVERSIONS = "kith.conversions"
    REWARDS = "kith.rewards"
    CHECKOUTS = "kith.checkouts"
    AUDIT = "kith.audit"


class Payload(BaseModel):
    """The data of one event. Producers may send no field that the model lacks; readers ignore what they do not know.

    Frozen, and only ever extended by optional fields: another meaning needs another type with the next version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]

    store_id: Id

    def partition_key(self) -> str:
        """The key that keeps related events in order. The store, unless a payload says otherwise."""
        return self.store_id

    def subject(self) -> str:
        """What the event is about, for the envelope: the entity's id."""
        return self.partition_key()
