"""Facts and reports on their way in: kept once, and each told on by the event that fits."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts.events.tracking import VisitRecorded
from services.attribution.orders import actions, sql
from services.attribution.orders.schemas import OrderIn, RefundIn
from services.attribution.tracking import actions as tracking
from services.attribution.tracking.schemas import TrackIn
from services.common import order_facts
from services.common.order_facts import Clock, ReportedFact
from services.kernel import trace
from services.kernel.db import Database
from services.kernel.outbox import COLUMNS
from tests.support.edge import RING

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
A, B = "str_a", "str_b"


def report(order_id: str, *, of: str = A, total: int = 1000) -> ReportedFact:
    reported: dict[str, Any] = {"order_id": order_id, "placed_at": NOW, "status": "paid", "currency": "EUR"}
    return order_facts.report(RING, of, actions.order_of(OrderIn(**reported, total_minor=total)), Clock(NOW))


async def taken(db: Database, *facts: ReportedFact) -> tuple[list[bool], list[tuple[str, str, str]]]:
    """Which were new, and the events that were sent: type, store, order."""
    async with db.transaction(stores={A, B}) as tx:
        new = await actions.keep(tx, facts)
        rows = await tx.all("delete from outbox returning id, type, store_id, subject, at, data, event_id, topic, key")
    sent = sorted(rows, key=lambda row: row.id)
    by_id = {fact.event_id: fact for fact in facts}
    assert all(bytes(row.data) == by_id[row.event_id].body and row.at == NOW for row in sent)
    assert {(row.topic, row.key == row.store_id) for row in sent} <= {("kith.orders", True)}
    return new, [(row.type.removeprefix("kith.order.").removesuffix(".v1"), row.store_id, row.subject) for row in sent]


async def test_a_first_report_is_received_and_later_ones_amend_it_also_within_one_batch(db: Database) -> None:
    first, second, third = (report("1", total=total) for total in (1000, 2000, 3000))
    new, sent = await taken(db, first, second, first, report("1", of=B), report("2"))
    assert new == [True, True, False, True, True]
    assert sent == [("received", A, "1"), ("amended", A, "1"), ("received", B, "1"), ("received", A, "2")]
    assert await taken(db, second, third) == ([False, True], [("amended", A, "1")])
    assert await taken(db, first, second, third) == ([False] * 3, [])


async def test_refunds_and_a_cancel_may_come_first_and_make_nothing_amended(db: Database) -> None:
    refund = order_facts.refund(A, "1", actions.refund_of(RefundIn(refund_id="r1", amount_minor=100)), Clock(NOW))
    cancel = order_facts.cancel(A, "1", None, Clock(NOW))
    new, sent = await taken(db, refund, cancel, refund, report("1"))
    assert new == [True, True, False, True]
    assert [kind for kind, _, _ in sent] == ["refunded", "cancelled", "received"]


async def test_an_id_that_would_break_a_batch_is_stopped_before_it(db: Database) -> None:
    broken = report("1")._replace(order_id=f"1{sql.SEPARATOR}2")
    with pytest.raises(ValueError, match="control character"):
        await taken(db, broken, report("2"))
    assert await taken(db, report("2")) == ([True], [("received", A, "2")])


@pytest.mark.parametrize("written", ["as it is today", "with its fields in another order"])
async def test_a_pages_report_becomes_the_event_that_it_says(db: Database, written: str) -> None:
    trace.start("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    odd = ["v1", '"token": \\x41 \\\\N', "tab\tline\nend", "Олена \u2028"]
    lines = [tracking.line_of(RING, A, TrackIn(type="visit", visitor_id=text), NOW).text for text in odd]
    if written != "as it is today":
        turned = [orjson.dumps(orjson.loads(parts(line)[2]), option=orjson.OPT_SORT_KEYS) for line in lines]
        lines = [b"\t".join((*parts(line)[:2], body)) for line, body in zip(lines, turned, strict=True)]
    async with db.transaction() as tx:
        await tracking.take_lines(tx, [*lines, lines[0]])
    async with db.transaction() as tx:
        rows = await tx.all(f"select {COLUMNS} from outbox order by id")
    for row, line in zip(rows, lines, strict=True):
        kind, traceparent, body = parts(line)
        visit = VisitRecorded.model_validate_json(row.data)
        assert (row.data, row.type, row.traceparent) == (body, kind.decode(), traceparent.decode())
        assert (row.event_id, row.at) == (f"evt_{visit.track_id[4:]}", NOW)
        assert (row.topic, row.key, row.store_id, row.subject) == (str(VisitRecorded.TOPIC), A, A, A)


def parts(line: bytes) -> list[bytes]:
    return line.split(b"\t", 2)
