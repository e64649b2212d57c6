"""Facts on their way in: kept once, and each told on by the event that fits what was there before."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.attribution.orders import actions, sql
from services.attribution.orders.schemas import OrderIn, RefundIn
from services.common import order_facts
from services.common.order_facts import Clock, ReportedFact
from services.kernel.db import Database
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
