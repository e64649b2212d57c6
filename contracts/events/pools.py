"""Pools of codes that are good once, and when one runs low."""

from typing import ClassVar

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class PoolNearlyEmptied(Payload):
    """A pool has fewer free codes than the store wants it to have. Sent once, until it was filled again."""

    TYPE: ClassVar[str] = "kith.pool.nearly_emptied.v1"
    TOPIC: ClassVar[Topic] = Topic.REWARDS

    pool_id: Id
    name: str = Field(description="As the store calls it.")
    free: int = Field(description="Codes that are left.")
    low_below: int = Field(description="Fewer than that are too few.")
    low_since: Moment

    def subject(self) -> str:
        return self.pool_id
