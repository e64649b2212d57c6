"""Facts about orders: kept under their own key, stamped once, read by order.

What a store reports by the API is written plain, from text that the outbox shares, and packed when it gets its number:
that writes its row anew anyway. What comes by an event alone (a platform's order) is written once, packed and numbered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

import orjson

from contracts.events.orders import OrderAmended, OrderCancelled, OrderFact, OrderRefunded, OrderReported
from services.common.order_facts import ReportedFact
from services.kernel.db import Row, Tx
from services.kernel.outbox import COLUMNS
from services.kernel.packed import Packing
from services.kernel.revisions import Ref

_TOPIC: Final = str(OrderFact.TOPIC)
FactKind = Literal["report", "refund", "cancel", "use", "settled"]

SEPARATOR: Final = "\x1f"
"""Between the values of a column that travels as one text: the driver looks at each element of an array several times,
and orders come in by the dozen. No id holds it, and JSON escapes it.
"""

# What the second part sees was there before the third; of orders that came before, and of what repeats an order within
# the call, the event says so. Answered is what was not new, which is little.
_TAKE = f"""
with reported as materialized (
  select t.*, cast(received as timestamptz) as received_at, convert_to(text, 'UTF8') as body
  from unnest(string_to_array(:stores, e'\\x1f'), string_to_array(:orders, e'\\x1f'), string_to_array(:facts, e'\\x1f'),
              string_to_array(:kinds, e'\\x1f'), string_to_array(:received, e'\\x1f'),
              string_to_array(:events, e'\\x1f'), string_to_array(:types, e'\\x1f'),
              string_to_array(:traces, e'\\x1f'), string_to_array(:bodies, e'\\x1f'))
       with ordinality t (store_id, order_id, fact_id, kind, received, event_id, type, trace, text, n)
), known as (
  select distinct f.store_id, f.order_id from order_facts f
  join reported t on t.kind = 'report' and f.store_id = t.store_id and f.order_id = t.order_id
  where f.kind = 'report'
), new as (
  insert into order_facts (store_id, order_id, fact_id, kind, seq, received_at, body)
  select store_id, order_id, fact_id, kind, null, received_at, body from reported order by 1, 2, 3
  on conflict do nothing returning store_id, order_id, fact_id
), sent as (
  insert into outbox ({COLUMNS})
  select t.event_id, :topic, t.store_id,
         case when t.kind = 'report' and (k.order_id is not null or row_number() over (
                partition by t.store_id, t.order_id, t.kind order by t.n) > 1) then :amended else t.type end,
         t.store_id, t.order_id, t.received_at, nullif(t.trace, ''), t.body
  from reported t join new using (store_id, order_id, fact_id) left join known k using (store_id, order_id)
  order by t.n
)
select store_id, order_id, fact_id from reported except select store_id, order_id, fact_id from new
"""  # noqa: S608
_INSERT = """
insert into order_facts (store_id, order_id, fact_id, kind, seq, received_at, body)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:kinds as text[]),
                     cast(:seqs as bigint[]), cast(:received as timestamptz[]), cast(:bodies as bytea[]))
order by 1, 2, 3 on conflict do nothing
"""
_NEW = """
select w.s as store_id, w.o as order_id, w.f as fact_id, f.kind, w.seq, f.received_at, f.body
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:seqs as bigint[]))
     w (s, o, f, seq)
left join order_facts f on f.store_id = w.s and f.order_id = w.o and f.fact_id = w.f
where f.seq is null
"""
_STAMP = """
update order_facts f set seq = w.seq, body = w.body
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:seqs as bigint[]),
            cast(:bodies as bytea[])) w (s, o, f, seq, body)
where f.store_id = w.s and f.order_id = w.o and f.fact_id = w.f
"""
# The very fact may have come by the API meanwhile, which takes no lock: it is stamped then, not written twice.
_ADD = """
insert into order_facts (store_id, order_id, fact_id, kind, seq, received_at, body)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:kinds as text[]),
                     cast(:seqs as bigint[]), cast(:received as timestamptz[]), cast(:bodies as bytea[]))
order by 1, 2, 3 on conflict (store_id, order_id, fact_id) do update
set seq = excluded.seq, received_at = excluded.received_at, body = excluded.body where order_facts.seq is null
"""
_OF_ORDERS = """
select f.store_id, f.order_id, f.fact_id, f.kind, f.seq, f.received_at, f.body from order_facts f
join unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o) on f.store_id = w.s and f.order_id = w.o
where f.seq <= :as_of
"""
_CANCELLED_LAST = """
select coalesce(max(received_at) filter (where kind = 'cancel')
                > coalesce(max(received_at) filter (where kind = 'report'), '-infinity'), false)
from order_facts where store_id = :store and order_id = :order
"""
_REPORTS = """
select body from order_facts where store_id = :store and order_id = :order and kind = 'report'
order by received_at, fact_id
"""

_WORDS_1: Final = b"".join(
    (
        b'"gift_card":false}],"sku":"","product_id":"77","category":"coffee","quantity":1,"amount_minor":4600,"line_id":"1",',
        b'"is_new":true,"cancelled_at":"2027-","source":"shopify"}"status":"rejected","reason":"own_purchase",',
        b'"new_customer":false,"paid_since":"2026-12-03T10:15:31.204000Z"}"winner":{"kind":"click","at":"2026-12-',
        b'","click_id":"clk_01k","link_id":"lnk_01k"},"visitor_id":"v_","tokens":[{"click_id":"clk_01k","link_id":"lnk_01k',
        b'","program_id":"prg_01k","ambassador_id":"amb_01k","at":"2026-12-03T10:15:30Z","quality":"person",',
        b'"embedded":false}],"fact_id":"refund:1","received_at":"2026-12-03T10:15:30.204000Z","refund_id":"1",',
        b'"amount_minor":1000,"at":"2026-12-03T10:15:30.204000Z","lines":[],"status":"succeeded"}',
        b'{"order_id":"10482","settled_at":"2026-12-03T10:15:30.204000Z","revision":1,"placed_at":"2026-12-03T10:15:30.204000Z',
        b'","status":"unattributed","reason":"no_evidence","status":"attributed","reason":"code","figures":{"status":"paid",',
        b'"currency":"EUR","total_minor":5090,"subtotal_minor":4600,"discount_minor":0,"tax_minor":0,"shipping_minor":0,',
        b'"items":[]},"friend_id":"8412","order_number":1,"new_customer":true,"program_id":"prg_01k9x0n2r6t0w4y8b2d6f0h4k8"',
        b',"program_version":1,"ambassador_id":"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","winner":{"kind":"code","at":"2026-12-',
        b'03T10:15:30.204000Z","code":"ANNA10"}}',
        b'{"store_id":"str_01k9x0m0q4s8t2w6y0a4c8e2g6","order_id":"10482","fact_id":"r:4b554d9","received_at":"2026-12-03T',
        b'10:15:30.204000Z","placed_at":"2026-12-03T10:15:30.204000Z","updated_at":"2026-12-03T10:15:30.204000Z","undated":',
        b'false,"figures":{"status":"paid","currency":"EUR","total_minor":5090,"subtotal_minor":4600,"discount_minor":0,',
        b'"tax_minor":0,"shipping_minor":0,"items":[]},"customer":{"contact_hashes":["","id":"8412"},"tokens":[],',
        b'"token_problems":[],"codes":["ANNA10"],"source":"api"}',
    )
)
_PACKING: Final = Packing("a fact of an order", _WORDS_1)
unpack: Final = _PACKING.unpack
"""A fact's text, from its row. Rows of other tables that are plain pass through."""

Key = tuple[str, str, str]
"""Store, order, fact."""


class StoredFact(NamedTuple):
    """One row. `seq` None: the consumer has not seen it."""

    store_id: str
    order_id: str
    fact_id: str
    kind: FactKind
    seq: int | None
    received_at: datetime
    body: bytes

    @property
    def key(self) -> Key:
        """What makes it unique."""
        return self.store_id, self.order_id, self.fact_id


async def take(tx: Tx, facts: Sequence[ReportedFact]) -> set[Key]:
    """Keeps facts that were reported and sends the events of the new ones, whose keys it returns. Of equal facts in one
    call the first counts.
    """
    distinct: dict[Key, ReportedFact] = {}
    for fact in facts:
        distinct.setdefault(fact[:3], fact)
    if not distinct:
        return set()
    stores, orders, ids, kinds, received, events, types, traces, bodies = zip(*distinct.values(), strict=True)
    joined = SEPARATOR.join(orders)
    if joined.count(SEPARATOR) != len(orders) - 1:
        raise ValueError("an order's id holds a control character")
    rows = await tx.all(
        _TAKE,
        stores=SEPARATOR.join(stores),
        orders=joined,
        facts=SEPARATOR.join(ids),
        kinds=SEPARATOR.join(kinds),
        received=orjson.dumps(received)[2:-2].decode().replace('","', SEPARATOR),
        events=SEPARATOR.join(events),
        types=SEPARATOR.join(types),
        traces=SEPARATOR.join([trace or "" for trace in traces]),
        bodies=b"\x1f".join(bodies).decode(),
        topic=_TOPIC,
        amended=OrderAmended.TYPE,
    )
    new = distinct.keys() - {(row.store_id, row.order_id, row.fact_id) for row in rows}
    tx.sent(len(new))
    return new


async def insert(tx: Tx, facts: Sequence[StoredFact]) -> None:
    """Keeps facts of our own; what is there already stays as it is. Nothing is reported of them."""
    if facts:
        await tx.execute(_INSERT, **_columns(facts))


async def stamp(tx: Tx, numbered: Sequence[tuple[Key, int]], reported: Mapping[Key, OrderFact]) -> list[StoredFact]:
    """Gives unseen facts their number and adds those that only their event reports; returns these facts. What has a
    number keeps it and is not returned. The stores must be locked.
    """
    if not numbered:
        return []
    rows = await tx.all(
        _NEW,
        stores=[key[0] for key, _ in numbered],
        orders=[key[1] for key, _ in numbered],
        facts=[key[2] for key, _ in numbered],
        seqs=[seq for _, seq in numbered],
    )
    kept = [_stored(row) for row in rows if row.kind is not None]
    if kept:
        await tx.execute(
            _STAMP,
            stores=[fact.store_id for fact in kept],
            orders=[fact.order_id for fact in kept],
            facts=[fact.fact_id for fact in kept],
            seqs=[fact.seq for fact in kept],
            bodies=[_PACKING.pack(fact.body) for fact in kept],
        )
    added = [
        _of_event(reported[row.store_id, row.order_id, row.fact_id], seq=row.seq) for row in rows if row.kind is None
    ]
    if added:
        await tx.execute(_ADD, **_columns(added))
    return kept + added


def _columns(facts: Sequence[StoredFact]) -> dict[str, object]:
    stores, orders, ids, kinds, seqs, received, bodies = map(list, zip(*facts, strict=True))
    packed = list(map(_PACKING.pack, bodies))
    columns = {"stores": stores, "orders": orders, "facts": ids, "kinds": kinds}
    return {**columns, "seqs": seqs, "received": received, "bodies": packed}


def _of_event(fact: OrderFact, *, seq: int) -> StoredFact:
    """A fact as its event reports it."""
    kind: FactKind = (
        "refund" if isinstance(fact, OrderRefunded) else "cancel" if isinstance(fact, OrderCancelled) else "report"
    )
    body = fact.__pydantic_serializer__.to_json(fact, exclude_none=True)
    return StoredFact(fact.store_id, fact.order_id, fact.fact_id, kind, seq, fact.received_at, body)


async def of_orders(tx: Tx, orders: Iterable[Ref], *, as_of: int) -> list[StoredFact]:
    """Everything known about these orders up to a fact number; unseen facts are not known."""
    pairs = sorted(set(orders))
    if not pairs:
        return []
    rows = await tx.all(_OF_ORDERS, stores=[s for s, _ in pairs], orders=[o for _, o in pairs], as_of=as_of)
    return list(map(_stored, rows))


async def cancelled_last(tx: Tx, store_id: str, order_id: str) -> bool:
    """Whether the order was cancelled and nothing was reported of it since."""
    return bool(await tx.scalar(_CANCELLED_LAST, store=store_id, order=order_id))


async def reports(tx: Tx, store_id: str, order_id: str) -> list[OrderReported]:
    """Every report of an order, seen or not, in the order of receipt."""
    rows = await tx.all(_REPORTS, store=store_id, order=order_id)
    return [OrderAmended.model_validate_json(unpack(bytes(row.body)), extra="ignore") for row in rows]


def _stored(row: Row) -> StoredFact:
    return StoredFact(*tuple(row))._replace(body=unpack(bytes(row.body)))
