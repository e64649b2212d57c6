"""Lists of orders as their readers narrow them, the newest first, and what such a list comes to.

Under the stores' policy no index serves a search for text that may stand anywhere. So a number is searched for in two
parts: orders whose number begins or ends with it come first, by indexes, however old they are; then those that hold it
further inside, by walking through the newest orders, so many for one answer. An answer that stops before it has seen
all says where it stopped, and the next one goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from services.attribution.decisions.sql.orders import COLUMNS, OrderRow
from services.kernel.db import Tx

WALKED: Final = 100_000
"""Orders that one answer looks through for a number's inside: about 0.1 s."""

_NEWEST_FIRST = "order by o.placed_at desc, o.order_id desc"
_AMONG = """
where o.store_id = :store
  and (cast(:since as timestamptz) is null or o.placed_at >= :since)
  and (cast(:until as timestamptz) is null or o.placed_at < :until)
  and (cast(:ambassador as text) is null or o.ambassador_id = :ambassador)
  and (cast(:program as text) is null or o.program_id = :program)
"""
"""What an index can narrow the list by."""
_OF_STATE = """
  and (cast(:statuses as text[]) is null or o.status = any(cast(:statuses as text[])))
  and (cast(:reason as text) is null or o.reason = :reason)
"""
_BEFORE = """
  and (cast(:before_at as timestamptz) is null
       or (o.placed_at, o.order_id) < (cast(:before_at as timestamptz), cast(:before_id as text)))
"""
_AT_AN_END = """
  and (cast(:number as text) is null or (o.order_id ~>=~ :number and o.order_id ~<~ :number_end)
                                     or (o.tail ~>=~ :tail and o.tail ~<~ :tail_end))
"""
# Operators of bytes, since those of `like` are held back by the stores' policy until every row was looked at.
_BY_NUMBER = """
select * from orders
where store_id = :store and ((order_id ~>=~ :number and order_id ~<~ :number_end)
                             or (tail ~>=~ :tail and tail ~<~ :tail_end))
"""
_FEW = """
select (select count(*) from (select 1 from orders where store_id = :store
            and order_id ~>=~ :number and order_id ~<~ :number_end limit :heads + 1) h) <= :heads
   and (select count(*) from (select 1 from orders where store_id = :store
            and tail ~>=~ :tail and tail ~<~ :tail_end limit :tails + 1) t) <= :tails
"""
_LIST = f"select {COLUMNS} from orders o {_AMONG} {_OF_STATE} {_AT_AN_END} {_BEFORE} {_NEWEST_FIRST} limit :count"  # noqa: S608  # the columns are ours
# Not merged with the rest (offset): the newest orders would be walked through until enough of them fit, and an old
# number fits none of a million.
_AMONG_FEW = f"({_BY_NUMBER} offset 0) o"
_SEARCH = _LIST.replace("orders o", _AMONG_FEW, 1)
_WALK = f"(select * from orders o {_AMONG} {_BEFORE} {_NEWEST_FIRST} limit :walked) o"  # noqa: S608
_INSIDE = f"""
where position(:number in o.order_id) > 0
  and left(o.order_id, length(:number)) <> :number and right(o.order_id, length(:number)) <> :number {_OF_STATE}
"""
_SEARCH_INSIDE = f"select {COLUMNS} from {_WALK} {_INSIDE} {_NEWEST_FIRST} limit :count"  # noqa: S608
_STOPPED = f"""
select o.placed_at, o.order_id from orders o {_AMONG} {_BEFORE} {_NEWEST_FIRST} limit 2 offset :walked - 1
"""  # noqa: S608
_SUMMED = """
select currency, count(*) as orders, sum(total_minor)::text as total, sum(refunded_minor)::text as refunded from (
    {} limit :most
) counted group by currency order by 2 desc, 1
"""
_FIGURES = "select o.currency, o.total_minor, o.refunded_minor from"
_TOTALS = _SUMMED.format(f"{_FIGURES} orders o {_AMONG} {_OF_STATE} {_AT_AN_END}")
_TOTALS_OF_SEARCH = _TOTALS.replace("orders o", _AMONG_FEW, 1)
_TOTALS_INSIDE = _SUMMED.format(f"{_FIGURES} {_WALK} {_INSIDE}")
_HEADS, _TAILS = 50_000, 2_000
"""So many matches of a number are read before they are put in order: those that begin alike lie side by side, those
that end alike all over the table. More are so common that the newest orders have enough of them."""
_LAST = chr(0x10FFFF)
"""No text of ids sorts after one that begins with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which orders a list shows. None: no condition."""

    statuses: Sequence[str] | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ambassador_id: str | None = None
    program_id: str | None = None
    number: str | None = None
    """Part of the order's number."""

    def arguments(self) -> dict[str, object]:
        """For the statements above."""
        tail = self.number[::-1] if self.number else None
        return {
            "statuses": list(self.statuses) if self.statuses else None,
            "reason": self.reason,
            "since": self.since,
            "until": self.until,
            "ambassador": self.ambassador_id,
            "program": self.program_id,
            "number": self.number,
            "number_end": self.number + _LAST if self.number else None,
            "tail": tail,
            "tail_end": tail + _LAST if tail else None,
        }

    def place_of(self, row: OrderRow) -> "Place":
        """Where an order stands in this list."""
        inside = self.number is not None and not (
            row.order_id.startswith(self.number) or row.order_id.endswith(self.number)
        )
        return Place(row.placed_at, row.order_id, int(inside))


class Place(NamedTuple):
    """A place in a list: behind the order that was placed then. `inside` is 1 among those that hold the number that
    is searched for neither at their beginning nor at their end.
    """

    at: datetime
    order_id: str
    inside: int = 0


class Part(NamedTuple):
    """Some orders of a list. `stopped` is where the walk through numbers stopped before it had seen all of them: there
    may be more orders behind it, though fewer came than were asked for.
    """

    rows: list[OrderRow]
    stopped: Place | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """What orders of one currency come to, by the figures of the list, in minor units."""

    currency: str
    orders: int
    total_minor: int
    refunded_minor: int


async def page(tx: Tx, store_id: str, wanted: Filter, *, before: Place | None, count: int) -> Part:
    """Up to so many orders from behind a place of the list."""
    rows: list[OrderRow] = []
    if not (before and before.inside):
        few = await _few(tx, store_id, wanted)
        arguments = _arguments(store_id, wanted, before)
        rows = [OrderRow(*tuple(row)) for row in await tx.all(_SEARCH if few else _LIST, **arguments, count=count)]
        before = None
    if wanted.number is None or len(rows) >= count:
        return Part(rows)
    arguments = _arguments(store_id, wanted, before) | {"walked": WALKED}
    inside = await tx.all(_SEARCH_INSIDE, **arguments, count=count - len(rows))
    rows += [OrderRow(*tuple(row)) for row in inside]
    return Part(rows, None if len(rows) >= count else await _stopped(tx, arguments))


async def totals(tx: Tx, store_id: str, wanted: Filter, *, most: int) -> list[Total] | None:
    """What the orders of a list come to, by currency; None where there are more than `most`, or more to look through
    for a number than one answer does: these are not summed.
    """
    arguments = _arguments(store_id, wanted, None) | {"most": most + 1}
    rows = list(await tx.all(_TOTALS_OF_SEARCH if await _few(tx, store_id, wanted) else _TOTALS, **arguments))
    if wanted.number is not None and sum(row.orders for row in rows) <= most:
        if await _stopped(tx, arguments | {"walked": WALKED}):
            return None
        rows += await tx.all(_TOTALS_INSIDE, **arguments, walked=WALKED)
    if sum(row.orders for row in rows) > most:
        return None
    sums: dict[str, Total] = {}
    for row in rows:
        known = sums.get(row.currency, Total(row.currency, 0, 0, 0))
        sums[row.currency] = Total(
            row.currency,
            known.orders + row.orders,
            known.total_minor + int(row.total),
            known.refunded_minor + int(row.refunded),
        )
    return sorted(sums.values(), key=lambda total: (-total.orders, total.currency))


async def _few(tx: Tx, store_id: str, wanted: Filter) -> bool:
    """Whether a number is asked for that few orders begin or end with."""
    if wanted.number is None:
        return False
    return bool(await tx.scalar(_FEW, store=store_id, **wanted.arguments(), heads=_HEADS, tails=_TAILS))


async def _stopped(tx: Tx, arguments: dict[str, object]) -> Place | None:
    """The last order that a walk saw, if there are some behind it."""
    found = await tx.all(_STOPPED, **arguments)
    return Place(found[0].placed_at, found[0].order_id, 1) if len(found) > 1 else None


def _arguments(store_id: str, wanted: Filter, before: Place | None) -> dict[str, object]:
    return {
        "store": store_id,
        **wanted.arguments(),
        "before_at": before.at if before else None,
        "before_id": before.order_id if before else None,
    }
