"""Postings that move available points or store credit, together with the lots that they move, and lots that expire.

The stores must be locked: lots are read, changed and written.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.events.balances import BalanceExpiring, ExpiringAmount
from contracts.events.rewards import Beneficiary
from services.common.contacts import is_hash
from services.common.periods import local_day
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.revisions import Ref
from services.rewards.holders import sql as holders
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Account, Entry, Posting, expiry
from services.rewards.lots.domain import (
    EXPIRY_JOB,
    Clock,
    Debt,
    Holder,
    Lot,
    LotKey,
    Part,
    Term,
    expire,
    expires_at,
    first_to_expire,
    last_day,
    notice_at,
    put_in,
    take_back,
    term_of,
)
from services.rewards.lots.sql import clocks as clocks_sql
from services.rewards.lots.sql import lots as sql
from services.rewards.slices import sql as slices

AT_ONCE: Final = 500
"""Lots that expire in one transaction, and holders that are told of some."""


class Move(Struct, frozen=True, kw_only=True):
    """What a reward adds to what is available of somebody's points or credit, or takes from it."""

    holder: Holder
    program_id: str
    program_version: int
    rule: str
    lot_id: str | None
    """The lot in which it lies; None where it comes in now."""
    amount: int
    term: Term | None = None
    """How long it can be used, where no rule says so."""


class Written(Struct, frozen=True):
    """A set about to be posted, and what it moves among lots."""

    posting: Posting
    move: Move | None = None


class Outcome(Struct, frozen=True):
    """Number of the set, and the lot in which the reward lies since."""

    number: int
    lot_id: str | None


@dataclass(slots=True)
class _Loaded:
    """Lots and debts as they stand on the way through the moves."""

    lots: dict[Ref, Lot]
    by_key: dict[LotKey, Lot]
    new_keys: dict[int, LotKey]
    debts: dict[Holder, Debt]
    before: dict[Holder, int]
    zones: dict[str, ZoneInfo]
    terms: dict[int, Term]
    clocks: dict[LotKey, Clock]
    of_holder: dict[Holder, list[Lot]]
    """Lots of holders of whom more is taken back than lies where it lay."""
    touched: dict[Ref, Lot] = field(default_factory=dict)

    def lot_for(self, place: int, move: Move, new: str) -> Lot | None:
        """The lot that a move is about, made if there is none yet; None for what was released before there were any."""
        store_id = move.holder.store_id
        if move.lot_id is not None:
            lot = self.lots.get((store_id, move.lot_id))
        elif move.amount < 0:
            return None
        else:
            key = self.new_keys[place]
            lot = self.by_key.get(key)
            if lot is None:
                lot = self.by_key[key] = self._made(key, self.terms[place], new)
        if lot is not None:
            self.touched[store_id, lot.lot_id] = lot
        return lot

    def _made(self, key: LotKey, term: Term, lot_id: str) -> Lot:
        zone, clock = self.zones[key.holder.store_id], self.clocks.get(key)
        at = expires_at(key.day, key.expires_days, zone) if clock is None else clock.expires_at
        lot = Lot(
            lot_id=lot_id,
            key=key,
            expires_at=at,
            clock_id=None if clock is None else clock.clock_id,
            notice_at=None if clock is not None else notice_at(at, term.notice_days, zone),
        )
        if key.holder in self.of_holder:
            self.of_holder[key.holder].append(lot)
        return lot

    def take_back(self, lot: Lot, amount: int, now: datetime) -> tuple[int, tuple[Part, ...]]:
        """Takes back from a lot, and where it is not there from the holder's others; as `Taken`."""
        holder = lot.key.holder
        others = [one for one in first_to_expire(self.of_holder.get(holder, ()), now) if one is not lot]
        taken = take_back(lot, self.debts[holder], amount, others)
        moved = {part.lot_id for part in taken.parts}
        self.touched.update({(holder.store_id, one.lot_id): one for one in others if one.lot_id in moved})
        return taken.undone, taken.parts


async def post(tx: Tx, written: Sequence[Written]) -> list[Outcome]:
    """Posts these sets in their order, and moves lots by them. Where something is taken back that has expired, the set
    that undoes the expiry goes in front. What is a contact's, and that contact a customer's, the customer holds.
    """
    written = await _held(tx, written)
    if all(one.move is None for one in written):
        return [Outcome(number, None) for number in await ledger.post(tx, [one.posting for one in written])]
    loaded = await _load(tx, [one.move for one in written])
    postings: list[Posting] = []
    parts: list[tuple[Part, ...]] = []
    places: list[tuple[int, str | None]] = []
    for place, one in enumerate(written):
        lot = None
        moved: tuple[Part, ...] = ()
        if one.move is not None and (lot := loaded.lot_for(place, one.move, new_id("lot", at=tx.now))) is not None:
            if one.move.amount > 0:
                moved = put_in(lot, loaded.debts[one.move.holder], one.move.amount)
            else:
                undone, moved = loaded.take_back(lot, -one.move.amount, tx.now)
                if undone:
                    postings.append(_expiry(lot, undone, corrects=lot.expired_by))
                    parts.append((Part(lot.lot_id, undone),))
        places.append((len(postings), None if lot is None else lot.lot_id))
        postings.append(one.posting)
        parts.append(moved)
    numbers = await ledger.post(tx, postings)
    await _keep(tx, loaded.touched.values(), zip(postings, numbers, parts, strict=True))
    await sql.save_debts(tx, {who: debt for who, debt in loaded.debts.items() if debt.amount != loaded.before[who]})
    return [Outcome(numbers[at], lot_id) for at, lot_id in places]


async def spent(tx: Tx, holder: Holder) -> None:
    """A holder spends something: what expires by their idleness expires later. A read by key, and one statement more
    where there is such a clock, however many lots follow it.
    """
    running = await clocks_sql.running(tx, [holder])
    if running:
        names = await slices.time_zones(tx, [holder.store_id])
        await _moved(tx, running, {holder.store_id: ZoneInfo(names.get(holder.store_id, "UTC"))})


async def expire_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Tells holders of what expires soon, lets lots expire whose moment has come, some hundreds in all, and says when
    to look at each store again.
    """
    await tx.lock_stores(stores)
    count = max(1, AT_ONCE // len(stores))
    await _announce_due(tx, stores, count)
    lots = await sql.due(tx, stores, now=tx.now, count=count)
    if lots:
        amounts = [expire(lot) for lot in lots]
        postings = [_expiry(lot, amount) for lot, amount in zip(lots, amounts, strict=True)]
        numbers = await ledger.post(tx, postings)
        for lot, number in zip(lots, numbers, strict=True):
            lot.expired_by = number
        parts = [(Part(lot.lot_id, -amount),) for lot, amount in zip(lots, amounts, strict=True)]
        await _keep(tx, lots, zip(postings, numbers, parts, strict=True))
    await clocks_sql.end(tx, stores)
    return await clocks_sql.next_due(tx, stores)


async def _announce_due(tx: Tx, stores: Sequence[str], count: int) -> None:
    """Reports what holders have left that expires soon: all of it that expires at one moment as one event."""
    due = await clocks_sql.notices(tx, stores, count=count)
    if not due:
        return
    names = await slices.time_zones(tx, {one.store_id for one in due})
    left = await clocks_sql.left_at(tx, due)
    for one in due:
        # What was spent meanwhile, or whose time is over already, is nothing to be told of.
        if one.expires_at > tx.now and (amounts := left.get(one)):
            zone = ZoneInfo(names.get(one.store_id, "UTC"))
            tx.emit(
                BalanceExpiring(
                    store_id=one.store_id,
                    beneficiary=Beneficiary(kind=one.side, id=one.owner),
                    amounts=tuple(
                        ExpiringAmount(
                            points=amount if kind == "points" else None,
                            amount_minor=None if kind == "points" else amount,
                            currency=None if kind == "points" else unit,
                            idle=idle,
                        )
                        for unit, kind, idle, amount in amounts
                    ),
                    last_day=last_day(one.expires_at, zone),
                    expires_at=one.expires_at,
                    noticed_at=tx.now,
                )
            )
    await clocks_sql.mark_noticed(tx, due)


async def _held(tx: Tx, written: Sequence[Written]) -> Sequence[Written]:
    """The same sets, each by who holds it. Looks by key, where there is any contact among them."""
    named = {
        (one.posting.store_id, entry.owner) for one in written for entry in one.posting.entries if _of_contact(entry)
    }
    customers = await holders.of(tx, named) if named else {}
    return [_by_holder(one, customers) for one in written] if customers else written


def _of_contact(entry: Entry) -> bool:
    return entry.account is not Account.PROGRAM_EXPENSE and is_hash(entry.owner)


def _by_holder(written: Written, customers: Mapping[Ref, str]) -> Written:
    posting, move = written.posting, written.move
    entries = tuple(
        Entry(
            entry.account, customers.get((posting.store_id, entry.owner), entry.owner), entry.unit, entry.amount_minor
        )
        if _of_contact(entry)
        else entry
        for entry in posting.entries
    )
    if entries == posting.entries:
        return written
    if move is not None:
        owner = customers[posting.store_id, move.holder.owner]
        move = replace(move, holder=move.holder._replace(owner=owner))
    return Written(replace(posting, entries=entries), move)


def _expiry(lot: Lot, amount: int, *, corrects: int | None = None) -> Posting:
    holder = lot.key.holder
    return expiry(
        store_id=holder.store_id,
        lot_id=lot.lot_id,
        program_id=lot.key.program_id,
        side=holder.side,
        beneficiary_id=holder.owner,
        unit=holder.unit,
        amount=amount,
        corrects=corrects,
    )


async def _keep(tx: Tx, lots: Collection[Lot], done: Iterable[tuple[Posting, int, Sequence[Part]]]) -> None:
    await sql.save(tx, list(lots))
    await sql.add_entries(tx, [(posting.store_id, number, parts) for posting, number, parts in done])
    left = [lot for lot in lots if lot.remaining and lot.expires_at]
    if over := [lot for lot in left if lot.clock_id and lot.expires_at and lot.expires_at <= tx.now]:
        await clocks_sql.wake(tx, [(lot.key.holder.store_id, str(lot.clock_id)) for lot in over])
    moments = [(lot.key.holder.store_id, at) for lot in left for at in (lot.expires_at, lot.notice_at) if at]
    by_store = groupby(sorted(moments), key=lambda one: one[0])
    await due.schedule(tx, EXPIRY_JOB, {store: next(of)[1] for store, of in by_store})


async def _load(tx: Tx, moves: Sequence[Move | None]) -> _Loaded:
    """What these moves need. A fixed number of statements."""
    real = [move for move in moves if move is not None]
    names = await slices.time_zones(tx, {one.holder.store_id for one in real})
    zones = {one.holder.store_id: ZoneInfo(names.get(one.holder.store_id, "UTC")) for one in real}
    coming = [(at, one) for at, one in enumerate(moves) if one is not None and one.lot_id is None and one.amount > 0]
    programs = await slices.versions(
        tx, {(one.holder.store_id, one.program_id, one.program_version) for _, one in coming if one.rule}
    )
    new_keys, terms = {}, {}
    for place, one in coming:
        store_id = one.holder.store_id
        program = programs.get((store_id, one.program_id, one.program_version))
        day = local_day(tx.now, zones[store_id])
        terms[place] = one.term or term_of(program, one.rule)
        new_keys[place] = LotKey(one.holder, one.program_id, one.rule, day, terms[place].days)
    clocks = await _clocks(tx, real, {key: terms[place] for place, key in new_keys.items()}, zones)
    lots = await sql.of_ids(tx, {(one.holder.store_id, one.lot_id) for one in real if one.lot_id is not None})
    there = await sql.of_keys(tx, set(new_keys.values()))
    by_id = {(lot.key.holder.store_id, lot.lot_id): lot for lot in [*there, *lots]}
    debts = await sql.debts(tx, {one.holder for one in real})
    of_holder = await _others(tx, real, by_id)
    return _Loaded(
        lots=by_id,
        by_key={lot.key: lot for lot in by_id.values() if not lot.joined_from},
        new_keys=new_keys,
        debts=debts,
        before={who: debt.amount for who, debt in debts.items()},
        zones=zones,
        terms=terms,
        clocks=clocks,
        of_holder=of_holder,
    )


async def _clocks(
    tx: Tx, moves: Sequence[Move], keys: dict[LotKey, Term], zones: dict[str, ZoneInfo]
) -> dict[LotKey, Clock]:
    """The clocks of lots that may be made, running from today; and all others of whom something comes in to."""
    active = {one.holder for one in moves if one.amount > 0}
    if not active:
        return {}
    running = await clocks_sql.running(tx, active)
    known = {(one.holder, one.days, one.notice_days): one for one in running}
    found, new = {}, []
    for key, term in keys.items():
        if term.days >= 0:
            continue
        which = (key.holder, -term.days, term.notice_days)
        if which not in known:
            known[which] = Clock(
                clock_id=new_id("clk", at=tx.now),
                holder=key.holder,
                days=-term.days,
                notice_days=term.notice_days,
                expires_at=tx.now,
                notice_at=None,
            )
            new.append(known[which])
        found[key] = known[which]
    await _moved(tx, [*running, *new], zones)
    return found


async def _moved(tx: Tx, clocks: Sequence[Clock], zones: dict[str, ZoneInfo]) -> None:
    """These run from today; those that do so already are left alone."""
    changed = []
    for one in clocks:
        zone, before = zones[one.holder.store_id], one.expires_at
        if one.runs_out(local_day(tx.now, zone), zone) != before:
            one.move_to(local_day(tx.now, zone), zone)
            changed.append(one)
    if changed:
        await clocks_sql.save(tx, changed)
        moments: dict[str, datetime] = {}
        for one in changed:
            at, store = one.notice_at or one.expires_at, one.holder.store_id
            moments[store] = min(at, moments.get(store, at))
        await due.schedule(tx, EXPIRY_JOB, moments)


async def _others(tx: Tx, moves: Sequence[Move], lots: dict[Ref, Lot]) -> dict[Holder, list[Lot]]:
    """The lots of holders of whom more is taken back than lies in the lots that it is taken back from."""
    asked: Counter[Holder] = Counter()
    of_lot: Counter[Ref] = Counter()
    for one in moves:
        if one.amount < 0:
            asked[one.holder] -= one.amount
            if one.lot_id is not None:
                of_lot[one.holder.store_id, one.lot_id] -= one.amount
    short = {lots[ref].key.holder for ref, n in of_lot.items() if ref in lots and n > _there(lots[ref])}
    if not short:
        return {}
    found: dict[Holder, dict[Ref, Lot]] = defaultdict(dict)
    for lot in await sql.usable(tx, {holder: asked[holder] for holder in short}):
        ref = (lot.key.holder.store_id, lot.lot_id)
        found[lot.key.holder][ref] = lots.setdefault(ref, lot)
    for ref, lot in lots.items():
        if lot.key.holder in short:
            found[lot.key.holder].setdefault(ref, lot)
    return {holder: list(found[holder].values()) for holder in short}


def _there(lot: Lot) -> int:
    return lot.remaining + lot.expired
