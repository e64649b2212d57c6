"""Keeps what stores report of their orders, once, and passes it on."""

from collections.abc import Sequence

import msgspec

from services.attribution.orders import sql
from services.attribution.orders.schemas import OrderIn, RefundIn
from services.common.order import Order
from services.common.order_facts import Refund, ReportedFact
from services.kernel.db import Tx


def order_of(body: OrderIn) -> Order:
    """The order in a body of the API that its schema has read."""
    return msgspec.convert(body.model_dump(), Order)


def refund_of(body: RefundIn) -> Refund:
    """The refund in a body of the API."""
    return Refund(**dict(body))


async def keep(tx: Tx, facts: Sequence[ReportedFact]) -> list[bool]:
    """Keeps facts and sends events of the new ones. Says of each whether it is new; they may be many stores'."""
    new = await sql.take(tx, facts)
    answers: list[bool] = []
    for fact in facts:
        key = fact[:3]
        answers.append(key in new)
        new.discard(key)
    return answers
