"""What is known of who is one person, in the word of a store's server."""

from typing import ClassVar

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class PersonJoined(Payload):
    """The store's server has verified that contacts are a customer's: what lay under these is the customer's now.

    Each contact of a store is joined once, with one customer: sent for those that were not joined before.
    """

    TYPE: ClassVar[str] = "kith.person.joined.v1"
    TOPIC: ClassVar[Topic] = Topic.CONVERSIONS

    customer_id: Id = Field(description="The store's own id of the customer.")
    contact_hashes: tuple[str, ...] = Field(min_length=1, description="Keyed hashes of the folded contacts.")
    joined_at: Moment

    def subject(self) -> str:
        return self.customer_id
