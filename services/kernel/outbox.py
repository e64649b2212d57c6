"""Events that wait, in the transaction that caused them, for the relay to carry them to the bus."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Self

import asyncpg

from contracts.events import Payload
from services.kernel import trace
from services.kernel.ids import new_id

COPY_FROM: Final = 20
"""From so many rows COPY, whose extra round trip buys half the work per row."""


class Outgoing(NamedTuple):
    """One event, encoded: a row of the outbox, its fields in the columns' order. `data` is the payload's JSON; the
    envelope is added by the bus.
    """

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


COLUMNS: Final = ", ".join(Outgoing._fields)
"""Of the table, in the order of `Outgoing`: whoever writes or reads rows names them by this."""
_INSERT: Final = (
    f"insert into outbox ({COLUMNS}) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"  # noqa: S608
    " $6::text[], $7::timestamptz[], $8::text[], $9::bytea[])"
)
_ENCODED: Final = ("topic", "type", "key", "store_id", "subject", "event_id", "at", "data", "traceparent")
_ESCAPES: Final = ((b"\\", rb"\\"), (b"\t", rb"\t"), (b"\n", rb"\n"), (b"\r", rb"\r"))


def encode_head(*, topic: str, type: str, key: str, store_id: str, subject: str) -> bytes:
    """The beginning of a row as COPY reads it: all that the events of one kind about one subject share."""
    return b"".join(_escape(text.encode()) + b"\t" for text in (topic, type, key, store_id, subject))


def encode_data(data: bytes) -> bytes:
    """A payload's JSON, or a piece of it, as COPY reads it in such a row."""
    return _escape(data.replace(b"\\", rb"\\"))


def encode_row(head: bytes, event_id: bytes, at: bytes, data: bytes) -> bytes:
    """One event's row up to its trace: an event that is encoded when it comes in costs nothing when it is inserted."""
    return b"%b%b\t%b\t%b" % (head, event_id, at, data)


def with_trace(row: bytes, traceparent: bytes = b"") -> bytes:
    """The whole row, without its end; by default of an event that continues no trace."""
    return b"%b\t%b" % (row, traceparent or rb"\N")


def _escape(value: bytes) -> bytes:
    for plain, escaped in _ESCAPES:
        value = value.replace(plain, escaped)
    return value


async def insert_encoded(connection: asyncpg.Connection, rows: Sequence[bytes]) -> None:
    """Inserts rows of `with_trace`, within the connection's transaction. One that is none fails them all."""
    await connection.copy_to_table("outbox", source=_joined(rows), columns=_ENCODED, format="text")


async def _joined(rows: Sequence[bytes]) -> AsyncIterator[bytes]:
    yield b"".join([b"\n".join(rows), b"\n"])


async def insert_outgoing(connection: asyncpg.Connection, outgoing: Sequence[Outgoing]) -> None:
    """Inserts the events in the order given, within the connection's transaction."""
    if len(outgoing) >= COPY_FROM:
        await connection.copy_records_to_table("outbox", records=outgoing, columns=Outgoing._fields)
        return
    await connection.execute(_INSERT, *map(list, zip(*outgoing, strict=True)))
