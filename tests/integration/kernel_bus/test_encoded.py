"""Events that are encoded as rows when they come in, and copied into the outbox as they are."""

from datetime import UTC, datetime
from typing import Any

import pytest
from asyncpg import PostgresError

from services.kernel.db import Database
from services.kernel.outbox import Outgoing, encode_data, encode_head, encode_row, with_trace

AT = datetime(2026, 11, 27, 9, 30, 0, 123456, tzinfo=UTC)
FIELDS = "event_id, topic, key, type, store_id, subject, at, traceparent, data"


def event(data: bytes, *, key: str = "lnk_1") -> Outgoing:
    return Outgoing("evt_1", "clicks", key, "kith.click.recorded.v1", "str_a", key, AT, None, data)


def encoded(reported: Outgoing) -> bytes:
    head = encode_head(
        topic=reported.topic, type=reported.type, key=reported.key, store_id=reported.store_id, subject=reported.subject
    )
    at, data = reported.at.isoformat().encode(), encode_data(reported.data)
    return with_trace(encode_row(head, reported.event_id.encode(), at, data), (reported.traceparent or "").encode())


async def rows(db: Database) -> list[tuple[Any, ...]]:
    async with db.transaction() as tx:
        return [tuple(row) for row in await tx.all(f"select {FIELDS} from outbox order by id")]


@pytest.mark.parametrize(
    "data",
    [
        b'{"click_id":"clk_1"}',
        rb'{"quoted":"\"","backslash":"\\","tab":"\t","line":"\n","octal":"\101","hex":"\x41"}',
        '{"written":"Олена, 你好, \u2028"}'.encode(),
        b'{"raw":"\t\r\n\\."}',
    ],
)
async def test_a_spelled_event_is_the_same_row(db: Database, data: bytes) -> None:
    reported = event(data)
    async with db.transaction() as tx:
        tx.emit_all([reported])
        tx.emit_encoded([encoded(reported)])
    usual, copied = await rows(db)
    assert copied == usual
    assert copied[-1] == data


async def test_odd_texts_stay_in_their_columns(db: Database) -> None:
    reported = event(b"{}", key="a\tb\\N\nc")
    async with db.transaction() as tx:
        tx.emit_encoded([encoded(reported)])
    assert (await rows(db))[0][2] == reported.key


async def test_rows_keep_their_order(db: Database) -> None:
    async with db.transaction() as tx:
        tx.emit_encoded([encoded(event(b'{"n":%d}' % n)) for n in range(50)])
    assert [row[-1] for row in await rows(db)] == [b'{"n":%d}' % n for n in range(50)]


async def test_what_is_no_row_takes_the_others_with_it(db: Database) -> None:
    with pytest.raises(PostgresError):
        async with db.transaction() as tx:
            tx.emit_encoded([encoded(event(b"{}")), b"not a row"])
    assert await rows(db) == []
