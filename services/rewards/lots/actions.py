"""Postings that move available points or store credit, together with the lots that they move, and lots that expire.

The stores must be locked: lots are read, changed and written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.program import Program
from services.common.contacts import is_hash
from services.common.periods import local_day
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.revisions import Ref
from services.rewards.holders import sql as holders
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Account, Entry, Posting, expiry
from services.rewards.lots import sql
from services.rewards.lots.domain import (
    EXPIRY_JOB,
    Debt,
    Holder,
    Lot,
    LotKey,
    Part,
    expire,
    expires_at,
    put_in,
    take_back,
)
from services.rewards.slices import sql as slices

AT_ONCE: Final = 500
"""Lots that expire in one transaction."""


class Move(Struct, frozen=True, kw_only=True):
    """What a reward adds to what is available of somebody's points or credit, or takes from it."""

    holder: Holder
    program_id: str
    program_version: int
    rule: str
    lot_id: str | None
    """The lot in which it lies; None where it comes in now."""
    amount: int


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
                at = expires_at(key.day, key.expires_days, self.zones[store_id])
                lot = self.by_key[key] = Lot(lot_id=new, key=key, expires_at=at)
        if lot is not None:
            self.touched[store_id, lot.lot_id] = lot
        return lot


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
            debt = loaded.debts[one.move.holder]
            if one.move.amount > 0:
                moved = put_in(lot, debt, one.move.amount)
            else:
                by = lot.expired_by
                taken = take_back(lot, debt, -one.move.amount)
                moved = taken.parts
                if taken.undone:
                    postings.append(_expiry(lot, taken.undone, corrects=by))
                    parts.append((Part(lot.lot_id, taken.undone),))
        places.append((len(postings), None if lot is None else lot.lot_id))
        postings.append(one.posting)
        parts.append(moved)
    numbers = await ledger.post(tx, postings)
    await _keep(tx, loaded.touched.values(), zip(postings, numbers, parts, strict=True))
    await sql.save_debts(tx, {who: debt for who, debt in loaded.debts.items() if debt.amount != loaded.before[who]})
    return [Outcome(numbers[at], lot_id) for at, lot_id in places]


async def expire_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Lets lots expire whose moment has come, some hundreds in all, and says when to look at each store again."""
    await tx.lock_stores(stores)
    lots = await sql.due(tx, stores, now=tx.now, count=max(1, AT_ONCE // len(stores)))
    if lots:
        amounts = [expire(lot) for lot in lots]
        postings = [_expiry(lot, amount) for lot, amount in zip(lots, amounts, strict=True)]
        numbers = await ledger.post(tx, postings)
        for lot, number in zip(lots, numbers, strict=True):
            lot.expired_by = number
        parts = [(Part(lot.lot_id, -amount),) for lot, amount in zip(lots, amounts, strict=True)]
        await _keep(tx, lots, zip(postings, numbers, parts, strict=True))
    return await sql.next_due(tx, stores)


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
    moments = [(lot.key.holder.store_id, lot.expires_at) for lot in lots if lot.expires_at and lot.remaining]
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
    new_keys = {}
    for place, one in coming:
        store_id = one.holder.store_id
        program = programs.get((store_id, one.program_id, one.program_version))
        day = local_day(tx.now, zones[store_id])
        new_keys[place] = LotKey(one.holder, one.program_id, one.rule, day, days_of(program, one.rule))
    lots = await sql.of_ids(tx, {(one.holder.store_id, one.lot_id) for one in real if one.lot_id is not None})
    there = await sql.of_keys(tx, set(new_keys.values()))
    by_id = {(lot.key.holder.store_id, lot.lot_id): lot for lot in [*there, *lots]}
    debts = await sql.debts(tx, {one.holder for one in real})
    return _Loaded(
        lots=by_id,
        by_key={lot.key: lot for lot in by_id.values()},
        new_keys=new_keys,
        debts=debts,
        before={who: debt.amount for who, debt in debts.items()},
        zones=zones,
    )


def days_of(program: Program | None, rule: str) -> int:
    """In how many days what a rule gives expires; 0 for never, and for what no rule gives."""
    if program is None:
        return 0
    rules = (*program.all_rules, *program.milestone_rewards, *program.cashback_rewards, *program.plan_rewards)
    return next((one.expires_after_days or 0 for one in rules if one.name == rule), 0)
