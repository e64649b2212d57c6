"""Events that wait, in the transaction that caused them, for the relay to carry them to the bus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Payload
from services.kernel import trace
from services.kernel.ids import new_id

_INSERT = text(
    "insert into outbox (event_id, topic, key, type, store_id, subject, at, traceparent, data)"
    " select * from unnest(cast(:event_id as text[]), cast(:topic as text[]), cast(:key as text[]),"
    " cast(:type as text[]),"
    " cast(:store_id as text[]), cast(:subject as text[]), cast(:at as timestamptz[]), cast(:traceparent as text[]),"
    " cast(:data as bytea[]))"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event, encoded. `data` is the payload's JSON; the envelope is added by the bus."""

    event_id: str
    topic: str
    key: str
    type: str
    store_id: str
    subject: str
    at: datetime
    traceparent: str | None
    data: bytes

    @classmethod
    def of(cls, payload: Payload, *, at: datetime, event_id: str | None = None) -> Self:
        """Encodes a payload. `at` is the moment of the fact's recording."""
        return cls(
            event_id=event_id or new_id("evt"),
            topic=str(payload.TOPIC),
            key=payload.partition_key(),
            type=payload.TYPE,
            store_id=payload.store_id,
            subject=payload.subject(),
            at=at,
            traceparent=trace.current((payload.store_id, payload.subject())),
            data=payload.__pydantic_serializer__.to_json(payload, exclude_none=True),
        )


async def insert_outgoing(connection: AsyncConnection, outgoing: Sequence[Outgoing]) -> None:
    """Inserts the events in the order given, in one statement."""
    await connection.execute(
        _INSERT,
        {
            "event_id": [o.event_id for o in outgoing],
            "topic": [o.topic for o in outgoing],
            "key": [o.key for o in outgoing],
            "type": [o.type for o in outgoing],
            "store_id": [o.store_id for o in outgoing],
            "subject": [o.subject for o in outgoing],
            "at": [o.at for o in outgoing],
            "traceparent": [o.traceparent for o in outgoing],
            "data": [o.data for o in outgoing],
        },
    )
