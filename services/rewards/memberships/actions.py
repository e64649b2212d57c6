"""Memberships follow the orders and events that buy them: what each buys is kept, and who holds what at a moment is
worked out from one person's purchases. Every statement is by key, whatever was bought before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.events.catalog import AmbassadorSaved
from contracts.events.memberships import MembershipChanged
from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.memberships import sql
from services.rewards.memberships.domain import (
    Held,
    HolderKey,
    Purchase,
    SourceOfPurchase,
    Span,
    bought_with,
    by_membership,
    differing,
    held_at,
    spans_of,
    standing,
    why_changed,
)
from services.rewards.memberships.sql import BuyerKey, Stood
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices


class Recounted(NamedTuple):
    """Which stores have memberships, and the open orders whose ambassadors turned out to have held something else when
    they were placed.
    """

    stores: set[str]
    again: set[Ref]


class Holding(NamedTuple):
    """A membership that somebody bought: how they stand, and each purchase with the time that it is good for."""

    program_id: str
    membership: str
    held: Held | None
    spans: list[Span]
    purchases: list[Purchase]


async def recount(tx: Tx, orders: Sequence[Order]) -> Recounted:
    """Counts what these orders, or these custom events, buy now, and tells who holds what by that. Their stores must be
    locked.
    """
    stores = await slices.with_memberships(tx, {order.store_id for order in orders})
    able = [order for order in orders if order.store_id in stores]
    return Recounted(stores, await _recount(tx, able) if able else set())


async def _recount(tx: Tx, able: Sequence[Order]) -> set[Ref]:
    kind: SourceOfPurchase = "order" if able[0].event is None else "event"
    refs = {(order.store_id, order.order_id): order for order in able}
    before = await sql.of_sources(tx, kind, refs)
    after = await _bought(tx, refs, before)
    changed = sorted(differing(before, after))
    named = {ref: refs[ref].buyer_names for ref, some in after.items() if some}
    if not changed:
        # What names somebody may come later than what they bought.
        known = await sql.names_of(tx, kind, named)
        if all(names <= known.get(ref, set()) for ref, names in named.items()):
            return set()
    await sql.keep(
        tx,
        kind,
        [ref for ref in changed if ref in before],
        [one for ref in changed for one in after.get(ref, ())],
        named,
    )
    concerned = await sql.names_of(tx, kind, {*changed, *named})
    names = {(ref[0], name) for ref, some in concerned.items() for name in some}
    holders = await sql.who(tx, names)
    await _tell(tx, [one for ref in changed for one in (*before.get(ref, ()), *after.get(ref, ()))], concerned)
    programs = {one.program_id for ref in {*changed, *named} for one in (*before.get(ref, ()), *after.get(ref, ()))}
    whose = {key for some in holders.values() for key in some if key.program_id in programs}
    return await differing_orders(tx, whose)


async def _bought(
    tx: Tx, refs: Mapping[Ref, Order], before: Mapping[Ref, Sequence[Purchase]]
) -> dict[Ref, list[Purchase]]:
    placed = {ref: order.placed_at for ref, order in refs.items()}
    in_force = await slices.in_force(tx, placed, "memberships")
    programs = await slices.versions(tx, {(ref[0], *one) for ref, some in in_force.items() for one in some})
    zones = await slices.time_zones(tx, {ref[0] for ref in in_force})
    found = {}
    for ref, some in in_force.items():
        under: list[tuple[str, Program]] = [(name, programs[ref[0], name, number]) for name, number in some]
        if one := bought_with(refs[ref], under, zones.get(ref[0], "UTC"), before.get(ref, ())):
            found[ref] = one
    return found


async def differing_orders(tx: Tx, whose: Collection[HolderKey]) -> set[Ref]:
    """Open orders at which these ambassadors held something else than is kept of them."""
    stood = await sql.open_orders(tx, whose) if whose else []
    if not stood:
        return set()
    bought = await sql.of_ambassadors(tx, {one.whose for one in stood})
    return {one.ref for one in stood if held_at(bought.get(one.whose, ()), one.placed_at) != one.held}


async def stand(tx: Tx, asking: Sequence[Order], others: Sequence[Order]) -> dict[Ref, tuple[str, ...]]:
    """What the ambassadors of these orders, whose rules ask, held when they were placed; it is kept, and fixed once an
    order has settled. `others` are orders whose rules do not ask, or that earn nothing: nothing is kept of them.
    """
    dropped = [(order.store_id, order.order_id) for order in others]
    if not asking and not dropped:
        return {}
    kept = await sql.orders(tx, [(order.store_id, order.order_id) for order in asking]) if asking else {}
    open_ = [order for order in asking if not _is_fixed(kept.get((order.store_id, order.order_id)), order)]
    keys = {_whose(order) for order in open_}
    bought = await sql.of_ambassadors(tx, keys) if keys else {}
    known = await sql.known(tx, {key[:2] for key in keys}) if keys else set()
    found = {ref: one.held for ref, one in kept.items()}
    changed = []
    for order in open_:
        ref, key = (order.store_id, order.order_id), _whose(order)
        before = kept.get(ref)
        # Of who is known by nothing any more, since they were erased, what stood goes on standing.
        if before is None or before.whose != key or key[:2] in known:
            found[ref] = held_at(bought.get(key, ()), order.placed_at)
        now = Stood(*ref, key.ambassador_id, key.program_id, order.placed_at, found[ref], order.settled_at is not None)
        if now != before:
            changed.append(now)
    if changed or dropped:
        await sql.stand(tx, changed, dropped)
    return found


async def held_at_orders(tx: Tx, refs: Iterable[Ref]) -> dict[Ref, tuple[str, ...]]:
    """What was held at these orders, as their rewards rest on it; those whose rules asked."""
    return {ref: one.held for ref, one in (await sql.orders(tx, refs)).items()}


async def held_by_buyers(tx: Tx, orders: Sequence[Order], programs: Mapping[Ref, str]) -> dict[Ref, tuple[str, ...]]:
    """What the buyers of these orders held, of these programs, when they placed them."""
    bought = await sql.of_names(tx, {(order.store_id, name) for order in orders for name in order.buyer_names})
    found = {}
    for order in orders:
        ref = (order.store_id, order.order_id)
        some = [one for name in order.buyer_names for one in bought.get((order.store_id, name), ())]
        found[ref] = held_at([one for one in some if one.program_id == programs.get(ref)], order.placed_at)
    return found


async def take_ambassadors(tx: Tx, saved: Sequence[AmbassadorSaved]) -> set[Ref]:
    """Keeps by what ambassadors are known, and returns the open orders at which they held something else by that."""
    fresh = await sql.call(tx, saved)
    stores = await slices.with_memberships(tx, {key.store_id for key in fresh}) if fresh else set()
    whose = {key for key in fresh if key.store_id in stores}
    if not whose:
        return set()
    await tx.lock_stores({key.store_id for key in whose})
    return await differing_orders(tx, whose)


async def of_ambassador(tx: Tx, store_id: str, ambassador_id: str, program_id: str) -> list[Holding]:
    """The memberships that an ambassador has bought of their program."""
    key = HolderKey(store_id, ambassador_id, program_id)
    return _holdings((await sql.of_ambassadors(tx, [key])).get(key, ()))


async def of_customer(tx: Tx, store_id: str, customer_id: str) -> list[Holding]:
    """The memberships that a customer has bought, of whatever program."""
    customer = (store_id, customer_id)
    names = (await sql.names_behind(tx, [customer]))[customer]
    bought = await sql.of_names(tx, {(store_id, name) for name in names})
    return _holdings(one for some in bought.values() for one in some)


def _holdings(purchases: Iterable[Purchase]) -> list[Holding]:
    found = []
    for (program_id, membership), some in by_membership(purchases).items():
        spans = spans_of(some)
        some.sort(key=lambda one: (one.bought_at, one.source_id))
        found.append(Holding(program_id, membership, standing(spans), spans, some))
    return found


def _is_fixed(kept: Stood | None, order: Order) -> bool:
    return kept is not None and kept.settled and kept.whose == _whose(order)


def _whose(order: Order) -> HolderKey:
    return HolderKey(order.store_id, order.ambassador_id or "", order.program_id or "")


async def _tell(tx: Tx, moved: Sequence[Purchase], names: Mapping[Ref, set[str]]) -> None:
    """Tells how who may have what these purchases bought stands now, where that is another standing than was told:
    their buyers, and those who bought under one of their names.
    """
    if not moved:
        return
    known = await _concerned(tx, moved, names)
    called = {(key[0], name) for key, some in known.items() for name in some}
    bought = await sql.of_names(tx, called)
    holders = await sql.who(tx, called)
    told = await sql.standings(tx, known)
    now: dict[BuyerKey, tuple[Held | None, int]] = {}
    for key, some in sorted(known.items()):
        store_id, program_id, membership, buyer = key
        mine = [one for name in some for one in bought.get((store_id, name), ())]
        held = standing(spans_of(by_membership(mine).get((program_id, membership), ())))
        before, revision = told.get(key, (None, 0))
        why = why_changed(before, held)
        if why is None:
            continue
        now[key] = (held, revision + 1)
        who = [one for name in some for one in holders.get((store_id, name), ()) if one.program_id == program_id]
        tx.emit(
            MembershipChanged(
                store_id=store_id,
                program_id=program_id,
                membership=membership,
                customer_id=buyer,
                ambassador_id=min((one.ambassador_id for one in who), default=None),
                since=None if held is None else held.since,
                until=None if held is None else held.until,
                why=why,
                changed_at=tx.now,
                revision=revision + 1,
            )
        )
    if now:
        await sql.tell(tx, now)


async def _concerned(tx: Tx, moved: Sequence[Purchase], names: Mapping[Ref, set[str]]) -> dict[BuyerKey, set[str]]:
    """Whose standing may be another by these purchases, each with all their names."""
    beside = await sql.of_names(tx, {(one.store_id, name) for one in moved for name in names.get(one.source, ())})
    buyers: dict[Ref, set[str]] = {}
    for one in moved:
        some = buyers.setdefault(one.source, set())
        some.add(one.buyer)
        some |= {other.buyer for name in names.get(one.source, ()) for other in beside.get((one.store_id, name), ())}
    behind = await sql.names_behind(tx, {(ref[0], buyer) for ref, some in buyers.items() for buyer in some})
    known: dict[BuyerKey, set[str]] = {}
    for one in moved:
        for buyer in buyers[one.source]:
            key = (one.store_id, one.program_id, one.membership, buyer)
            mine = names.get(one.source, set()) if buyer == one.buyer else set()
            known.setdefault(key, set()).update(behind[one.store_id, buyer], mine)
    return known
