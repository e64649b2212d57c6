"""SQL of memberships: what was bought by whom, who is known by what, and what stood at which order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.events.catalog import AmbassadorSaved
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.memberships.domain import Held, HolderKey, Purchase, SourceOfPurchase

# S608 is silenced where statements share these pieces, which no caller can touch.
_FIELDS = (
    "p.store_id, p.kind, p.source_id, p.program_id, p.membership, p.buyer, p.bought_at, p.ended_at, p.days, p.months,"
    " p.zone"
)

_OF_SOURCES = f"""
select {_FIELDS} from membership_purchases p
join unnest(cast(:stores as text[]), cast(:sources as text[])) w(store_id, source_id) using (store_id, source_id)
where p.kind = :kind
"""  # noqa: S608

_DROP = """
delete from membership_purchases p
using unnest(cast(:stores as text[]), cast(:sources as text[])) w(store_id, source_id)
where p.store_id = w.store_id and p.kind = :kind and p.source_id = w.source_id
"""

_KEEP = """
insert into membership_purchases (store_id, kind, source_id, program_id, membership, buyer, bought_at, ended_at, days,
  months, zone)
select * from unnest(cast(:stores as text[]), cast(:kinds as text[]), cast(:sources as text[]),
  cast(:programs as text[]), cast(:memberships as text[]), cast(:buyers as text[]), cast(:bought as timestamptz[]),
  cast(:ended as timestamptz[]), cast(:days as int[]), cast(:months as int[]), cast(:zones as text[]))
"""

_NAME = """
insert into membership_names (store_id, name, kind, source_id)
select w.store_id, w.name, :kind, w.source_id
from unnest(cast(:stores as text[]), cast(:names as text[]), cast(:sources as text[])) w(store_id, name, source_id)
on conflict do nothing
"""

_OF_AMBASSADORS = f"""
select distinct a.ambassador_id, {_FIELDS}
from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]))
  w(store_id, ambassador_id, program_id)
join ambassador_names a on a.store_id = w.store_id and a.ambassador_id = w.ambassador_id
join membership_names n on n.store_id = a.store_id and n.name = a.name
join membership_purchases p on p.store_id = n.store_id and p.kind = n.kind and p.source_id = n.source_id
  and p.program_id = w.program_id
"""  # noqa: S608

_OF_NAMES = f"""
select distinct w.name, {_FIELDS}
from unnest(cast(:stores as text[]), cast(:names as text[])) w(store_id, name)
join membership_names n on n.store_id = w.store_id and n.name = w.name
join membership_purchases p on p.store_id = n.store_id and p.kind = n.kind and p.source_id = n.source_id
"""  # noqa: S608

_NAMED = """
select distinct n.store_id, n.source_id, n.name from membership_names n
join unnest(cast(:stores as text[]), cast(:sources as text[])) w(store_id, source_id) using (store_id, source_id)
where n.kind = :kind
"""

_BEHIND = """
select distinct p.store_id, p.buyer, o.name
from unnest(cast(:stores as text[]), cast(:buyers as text[])) w(store_id, buyer)
join membership_names n on n.store_id = w.store_id and n.name = w.buyer
join membership_purchases p on p.store_id = n.store_id and p.kind = n.kind and p.source_id = n.source_id
  and p.buyer = w.buyer
join membership_names o on o.store_id = n.store_id and o.kind = n.kind and o.source_id = n.source_id
"""

_WHO = """
select distinct a.store_id, a.ambassador_id, a.program_id, a.name from ambassador_names a
join unnest(cast(:stores as text[]), cast(:names as text[])) w(store_id, name) using (store_id, name)
"""

_KNOWN = """
select distinct store_id, ambassador_id from ambassador_names
join unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(store_id, ambassador_id)
  using (store_id, ambassador_id)
"""

_CALL = """
insert into ambassador_names (store_id, ambassador_id, name, program_id)
select * from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:names as text[]),
  cast(:programs as text[])) order by 1, 2, 3
on conflict do nothing returning store_id, ambassador_id, program_id
"""

_FORGET = """
delete from ambassador_names a
using unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(store_id, ambassador_id)
where a.store_id = w.store_id and a.ambassador_id = w.ambassador_id
"""

_ORDERS = """
select store_id, order_id, ambassador_id, program_id, placed_at, held, settled from membership_orders
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_OPEN = """
select o.store_id, o.order_id, o.ambassador_id, o.program_id, o.placed_at, o.held, o.settled from membership_orders o
join unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]))
  w(store_id, ambassador_id, program_id) using (store_id, ambassador_id, program_id)
where not o.settled
"""

_STAND = """
insert into membership_orders as o (store_id, order_id, ambassador_id, program_id, placed_at, held, settled)
select w.store_id, w.order_id, w.ambassador_id, w.program_id, w.placed_at, string_to_array(w.held, chr(31)), w.settled
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:placed as timestamptz[]), cast(:held as text[]), cast(:settled as boolean[]))
  w(store_id, order_id, ambassador_id, program_id, placed_at, held, settled)
on conflict (store_id, order_id) do update set ambassador_id = excluded.ambassador_id,
  program_id = excluded.program_id, placed_at = excluded.placed_at, held = excluded.held, settled = excluded.settled
"""

_LET_GO = """
delete from membership_orders o
using unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where o.store_id = w.store_id and o.order_id = w.order_id and not o.settled
"""

_STANDINGS = """
select s.store_id, s.program_id, s.membership, s.buyer, s.since, s.until, s.revision from membership_standings s
join unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:memberships as text[]), cast(:buyers as text[]))
  w(store_id, program_id, membership, buyer) using (store_id, program_id, membership, buyer)
"""

_TELL = """
insert into membership_standings (store_id, program_id, membership, buyer, since, until, revision)
select * from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:memberships as text[]),
  cast(:buyers as text[]), cast(:since as timestamptz[]), cast(:until as timestamptz[]), cast(:revisions as int[]))
on conflict (store_id, program_id, membership, buyer) do update
  set since = excluded.since, until = excluded.until, revision = excluded.revision
"""

BuyerKey = tuple[str, str, str, str]
"""Store, program, membership, buyer."""


class Stood(NamedTuple):
    """What an order's ambassador held when it was placed, and whether that is fixed."""

    store_id: str
    order_id: str
    ambassador_id: str
    program_id: str
    placed_at: datetime
    held: tuple[str, ...]
    settled: bool

    @property
    def ref(self) -> Ref:
        """The order."""
        return self.store_id, self.order_id

    @property
    def whose(self) -> HolderKey:
        """The ambassador, in the program."""
        return HolderKey(self.store_id, self.ambassador_id, self.program_id)


async def of_sources(tx: Tx, kind: SourceOfPurchase, sources: Iterable[Ref]) -> dict[Ref, list[Purchase]]:
    """What these orders, or these custom events, have bought so far."""
    found: dict[Ref, list[Purchase]] = {}
    for row in await tx.all(_OF_SOURCES, **_columns(sources, "sources"), kind=kind):
        one = _purchase(row)
        found.setdefault(one.source, []).append(one)
    return found


async def keep(
    tx: Tx,
    kind: SourceOfPurchase,
    sources: Sequence[Ref],
    purchases: Sequence[Purchase],
    names: Mapping[Ref, Iterable[str]],
) -> None:
    """Keeps what these sources buy now instead of what they bought, and by what their buyers are known."""
    await tx.execute(_DROP, **_columns(sources, "sources"), kind=kind)
    if purchases:
        await tx.execute(
            _KEEP,
            stores=[p.store_id for p in purchases],
            kinds=[p.kind for p in purchases],
            sources=[p.source_id for p in purchases],
            programs=[p.program_id for p in purchases],
            memberships=[p.membership for p in purchases],
            buyers=[p.buyer for p in purchases],
            bought=[p.bought_at for p in purchases],
            ended=[p.ended_at for p in purchases],
            days=[p.days for p in purchases],
            months=[p.months for p in purchases],
            zones=[p.zone for p in purchases],
        )
    called = sorted({(ref[0], name, ref[1]) for ref, some in names.items() for name in some})
    if called:
        await tx.execute(
            _NAME,
            kind=kind,
            stores=[one[0] for one in called],
            names=[one[1] for one in called],
            sources=[one[2] for one in called],
        )


async def names_of(tx: Tx, kind: SourceOfPurchase, sources: Iterable[Ref]) -> dict[Ref, set[str]]:
    """By what the buyers of these sources are known."""
    found: dict[Ref, set[str]] = {}
    for row in await tx.all(_NAMED, **_columns(sources, "sources"), kind=kind):
        found.setdefault((row.store_id, row.source_id), set()).add(row.name)
    return found


async def of_ambassadors(tx: Tx, keys: Iterable[HolderKey]) -> dict[HolderKey, list[Purchase]]:
    """What these ambassadors have bought of their programs."""
    found: dict[HolderKey, list[Purchase]] = {}
    for row in await tx.all(_OF_AMBASSADORS, **_holders(keys)):
        one = _purchase(row)
        found.setdefault(HolderKey(one.store_id, row.ambassador_id, one.program_id), []).append(one)
    return found


async def of_names(tx: Tx, names: Iterable[Ref]) -> dict[Ref, list[Purchase]]:
    """What was bought under each of these (store, name), of whatever program."""
    found: dict[Ref, list[Purchase]] = {}
    for row in await tx.all(_OF_NAMES, **_columns(names, "names")):
        found.setdefault((row.store_id, row.name), []).append(_purchase(row))
    return found


async def names_behind(tx: Tx, buyers: Iterable[Ref]) -> dict[Ref, set[str]]:
    """By what each of these (store, buyer) is known, as their own purchases of memberships have it."""
    found = {ref: {ref[1]} for ref in buyers}
    for row in await tx.all(_BEHIND, **_columns(found, "buyers")):
        found[row.store_id, row.buyer].add(row.name)
    return found


async def who(tx: Tx, names: Iterable[Ref]) -> dict[Ref, list[HolderKey]]:
    """The ambassadors who are known by each of these (store, name)."""
    found: dict[Ref, list[HolderKey]] = {}
    for row in await tx.all(_WHO, **_columns(names, "names")):
        found.setdefault((row.store_id, row.name), []).append(
            HolderKey(row.store_id, row.ambassador_id, row.program_id)
        )
    return found


async def known(tx: Tx, ambassadors: Iterable[Ref]) -> set[Ref]:
    """Those of these (store, ambassador) who are known by anything."""
    rows = await tx.all(_KNOWN, **_columns(ambassadors, "ambassadors"))
    return {(row.store_id, row.ambassador_id) for row in rows}


async def call(tx: Tx, saved: Sequence[AmbassadorSaved]) -> set[HolderKey]:
    """Keeps by what ambassadors are known, beside what they were known by before; drops it of who was erased. Returns
    those who are known by something more.
    """
    if erased := [(one.store_id, one.ambassador_id) for one in saved if one.status == "erased"]:
        await tx.execute(_FORGET, **_columns(erased, "ambassadors"))
    called = [
        (one, name)
        for one in saved
        if one.status != "erased"
        for name in sorted({*one.contact_hashes, *filter(None, (one.external_id,))})
    ]
    if not called:
        return set()
    rows = await tx.all(
        _CALL,
        stores=[one.store_id for one, _ in called],
        ambassadors=[one.ambassador_id for one, _ in called],
        names=[name for _, name in called],
        programs=[one.program_id for one, _ in called],
    )
    return {HolderKey(row.store_id, row.ambassador_id, row.program_id) for row in rows}


async def orders(tx: Tx, refs: Iterable[Ref]) -> dict[Ref, Stood]:
    """What is kept of these orders, where their rules asked."""
    return {one.ref: one for one in map(_stood, await tx.all(_ORDERS, **_columns(refs, "orders")))}


async def open_orders(tx: Tx, keys: Iterable[HolderKey]) -> list[Stood]:
    """Orders of these ambassadors that have not settled and whose rules asked."""
    return [_stood(row) for row in await tx.all(_OPEN, **_holders(keys))]


async def stand(tx: Tx, stood: Sequence[Stood], gone: Iterable[Ref]) -> None:
    """Keeps what stood at these orders; of those that are `gone` it is dropped, unless it is fixed."""
    if dropped := sorted(gone):
        await tx.execute(_LET_GO, **_columns(dropped, "orders"))
    if stood:
        ordered = sorted(stood, key=lambda one: one.ref)
        await tx.execute(
            _STAND,
            stores=[one.store_id for one in ordered],
            orders=[one.order_id for one in ordered],
            ambassadors=[one.ambassador_id for one in ordered],
            programs=[one.program_id for one in ordered],
            placed=[one.placed_at for one in ordered],
            held=["\x1f".join(one.held) for one in ordered],
            settled=[one.settled for one in ordered],
        )


async def standings(tx: Tx, keys: Iterable[BuyerKey]) -> dict[BuyerKey, tuple[Held | None, int]]:
    """How these buyers stood, as it was told last, with its revision."""
    rows = await tx.all(_STANDINGS, **_buyers(keys))
    return {
        (row.store_id, row.program_id, row.membership, row.buyer): (
            None if row.since is None else Held(row.since, row.until),
            row.revision,
        )
        for row in rows
    }


async def tell(tx: Tx, stand_now: Mapping[BuyerKey, tuple[Held | None, int]]) -> None:
    """Keeps how these buyers stand, as it is told now."""
    keys = sorted(stand_now)
    await tx.execute(
        _TELL,
        **_buyers(keys),
        since=[held.since if (held := stand_now[key][0]) else None for key in keys],
        until=[held.until if (held := stand_now[key][0]) else None for key in keys],
        revisions=[stand_now[key][1] for key in keys],
    )


def _purchase(row: Row) -> Purchase:
    return Purchase(
        store_id=row.store_id,
        kind=row.kind,
        source_id=row.source_id,
        program_id=row.program_id,
        membership=row.membership,
        buyer=row.buyer,
        bought_at=row.bought_at,
        ended_at=row.ended_at,
        days=row.days,
        months=row.months,
        zone=row.zone,
    )


def _stood(row: Row) -> Stood:
    return Stood(**{**row._asdict(), "held": tuple(row.held)})


def _columns(refs: Iterable[Ref], name: str) -> dict[str, list[str]]:
    listed = sorted(set(refs))
    return {"stores": [ref[0] for ref in listed], name: [ref[1] for ref in listed]}


def _holders(keys: Iterable[HolderKey]) -> dict[str, list[str]]:
    listed = sorted(set(keys))
    return {
        "stores": [key.store_id for key in listed],
        "ambassadors": [key.ambassador_id for key in listed],
        "programs": [key.program_id for key in listed],
    }


def _buyers(keys: Iterable[BuyerKey]) -> dict[str, list[str]]:
    listed = sorted(keys)
    return {
        "stores": [key[0] for key in listed],
        "programs": [key[1] for key in listed],
        "memberships": [key[2] for key in listed],
        "buyers": [key[3] for key in listed],
    }
