"""SQL of the books: appending sets, folding them into balances, reading them back."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from services.kernel.db import Row, Tx
from services.kernel.packed import Packing
from services.rewards.ledger.domain import (
    GENESIS,
    Account,
    Entry,
    HolderKey,
    Holding,
    Posted,
    TotalKey,
)

_ENDS = """
select w.store_id, s.hash, greatest(s.at, m.ends_at) as not_before
from unnest(cast(:stores as text[])) w(store_id)
cross join lateral (
  select hash, at from posting_sets where store_id = w.store_id order by number desc limit 1
) s
left join lateral (
  select ends_at from month_closes where store_id = w.store_id order by month desc limit 1
) m on true
"""

_ADD_SETS = """
insert into posting_sets (store_id, number, at, movement, reward_id, payout_id, corrects, packed_basis, hash)
select * from unnest(cast(:stores as text[]), cast(:numbers as bigint[]), cast(:ats as timestamptz[]),
  cast(:movements as text[]), cast(:rewards as text[]), cast(:payouts as text[]), cast(:corrects as bigint[]),
  cast(:bases as bytea[]), cast(:hashes as bytea[]))
"""

_ADD_ENTRIES = """
insert into entries (store_id, number, line, account, owner, unit, amount_minor)
select * from unnest(cast(:stores as text[]), cast(:numbers as bigint[]), cast(:lines as int[]),
  cast(:accounts as text[]), cast(:owners as text[]), cast(:units as text[]), cast(:amounts as bigint[]))
"""

_ADD_TO_BALANCES = """
insert into balances as b (
  store_id, owner, side, unit, granted, clawed_back, pending, available, in_payout, paid, expired, reserved, used)
select * from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:granted as bigint[]), cast(:clawed as bigint[]), cast(:pending as bigint[]), cast(:available as bigint[]),
  cast(:in_payout as bigint[]), cast(:paid as bigint[]), cast(:expired as bigint[]),
  cast(:reserved as bigint[]), cast(:used as bigint[]))
on conflict (store_id, owner, side, unit) do update set granted = b.granted + excluded.granted,
  clawed_back = b.clawed_back + excluded.clawed_back, pending = b.pending + excluded.pending,
  available = b.available + excluded.available, in_payout = b.in_payout + excluded.in_payout,
  paid = b.paid + excluded.paid, expired = b.expired + excluded.expired,
  reserved = b.reserved + excluded.reserved, used = b.used + excluded.used
"""

_CHANGE_BALANCES = """
update balances b set granted = b.granted + w.granted, clawed_back = b.clawed_back + w.clawed,
  pending = b.pending + w.pending, available = b.available + w.available, in_payout = b.in_payout + w.in_payout,
  paid = b.paid + w.paid, expired = b.expired + w.expired, reserved = b.reserved + w.reserved, used = b.used + w.used
from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:granted as bigint[]), cast(:clawed as bigint[]), cast(:pending as bigint[]), cast(:available as bigint[]),
  cast(:in_payout as bigint[]), cast(:paid as bigint[]), cast(:expired as bigint[]),
  cast(:reserved as bigint[]), cast(:used as bigint[]))
  w(store_id, owner, side, unit, granted, clawed, pending, available, in_payout, paid, expired, reserved, used)
where (b.store_id, b.owner, b.side, b.unit) = (w.store_id, w.owner, w.side, w.unit)
"""

_ADD_TO_TOTALS = """
insert into account_totals as t (store_id, account, unit, debits, credits)
select * from unnest(cast(:stores as text[]), cast(:accounts as text[]), cast(:units as text[]),
  cast(:debits as bigint[]), cast(:credits as bigint[]))
on conflict (store_id, account, unit) do update
  set debits = t.debits + excluded.debits, credits = t.credits + excluded.credits
"""

_SETS_AFTER = """
select s.number, s.at, s.movement, s.reward_id, s.payout_id, s.corrects, s.basis, s.packed_basis, s.hash
from posting_sets s where s.store_id = :store and s.number > :after order by s.number limit :count
"""

_ENTRIES_BETWEEN = """
select number, account, owner, unit, amount_minor from entries
where store_id = :store and number > :after and number <= :last order by number, line
"""

_LINES = """
select e.number, e.line, s.at, s.movement, s.reward_id, s.payout_id, s.corrects, e.account, e.owner, e.unit,
  e.amount_minor, s.hash
from entries e join posting_sets s using (store_id, number)
where e.store_id = :store
  and (cast(:number as bigint) is null or (e.number, e.line) < (:number, :line))
  {filters}
order by e.number desc, e.line desc limit :count
"""

_LINE_FILTERS = {
    "account": "and e.account = :account",
    "owner": "and e.owner = :owner and e.account <> 'program_expense'",
    # Each half has an index.
    "program": "and e.owner = :owner and (e.account = 'program_expense' or e.account <> 'program_expense')",
    "reward_id": "and s.reward_id = :reward_id",
    "payout_id": "and s.payout_id = :payout_id",
}

_HOLDINGS = """
select owner, side, unit, granted, clawed_back, pending, available, in_payout, paid, expired, reserved, used
from balances where store_id = :store and owner = :owner and side = :side order by unit
"""

_TOTALS = "select account, unit, debits, credits from account_totals where store_id = :store order by unit, account"

_LAST_NUMBER_GIVEN = "select seq from head where store_id = :store"


_WORDS_1: Final = b"".join(
    (
        b'"reason":"rejected_by_person","reason":"capped_ambassador","reason":"capped_budget","reason":"currency_mismatch",',
        b'"reason":"not_first_order","reason":"nothing_due","reason":"reassigned","reason":"not_attributed",',
        b'"reason":"partly_capped","reason":"cancelled","reason":"partly_refunded","reason":"refunded","refunded":1000,',
        b'"rule":"recruiter","rule":"friend","target":0,"total":0,"want":0}{"granted_by":null}',
        b'{"base":3250,"bound":325,"order":"1","order_revision":2,"program_version":2,"reason":"granted","refunded":0,',
        b'"rule":"ambassador","target":325,"total":3600,"want":325}{"granted_by":',
        b'{"base":3250,"bound":null,"order":"1","order_revision":1,"program_version":1,"reason":"granted",',
        b'"refunded":0,"rule":"ambassador","target":325,"total":3600,"want":325}{"granted_by":1',
    )
)
_PACKING: Final = Packing("the reason of a posting set", _WORDS_1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry with what its set says, as lists show it."""

    number: int
    line: int
    at: datetime
    movement: str
    reward_id: str | None
    payout_id: str | None
    corrects: int | None
    account: str
    owner: str
    unit: str
    amount_minor: int
    hash: bytes


def pack_basis(basis: str) -> bytes:
    """What a set's basis is kept as."""
    return _PACKING.pack(basis.encode())


def unpack_basis(kept: bytes) -> str:
    """The text that the chain's hash covers. Raises `ValueError` for what was never written."""
    return _PACKING.unpack(kept).decode()


@dataclass(frozen=True, slots=True)
class End:
    """Where a store's books end: the last set's hash, and the moment before which nothing more may be posted, which is
    when that set was posted, or the end of the last month that was closed if it is later.
    """

    hash: bytes = GENESIS
    not_before: datetime | None = None


async def ends(tx: Tx, stores: Iterable[str]) -> dict[str, End]:
    """Where each store's books end."""
    wanted = sorted(set(stores))
    found = {row.store_id: End(bytes(row.hash), row.not_before) for row in await tx.all(_ENDS, stores=wanted)}
    return {store: found.get(store, End()) for store in wanted}


async def append(tx: Tx, posted: Sequence[Posted]) -> None:
    """Writes sets with their entries. The database refuses a set that does not balance."""
    await tx.execute(
        _ADD_SETS,
        stores=[p.store_id for p in posted],
        numbers=[p.number for p in posted],
        ats=[p.at for p in posted],
        movements=[p.movement for p in posted],
        rewards=[p.reward_id for p in posted],
        payouts=[p.payout_id for p in posted],
        corrects=[p.corrects for p in posted],
        bases=[pack_basis(p.basis) for p in posted],
        hashes=[p.hash for p in posted],
    )
    lines = [(p, line, entry) for p in posted for line, entry in enumerate(p.entries, start=1)]
    await tx.execute(
        _ADD_ENTRIES,
        stores=[p.store_id for p, _, _ in lines],
        numbers=[p.number for p, _, _ in lines],
        lines=[line for _, line, _ in lines],
        accounts=[str(entry.account) for _, _, entry in lines],
        owners=[entry.owner for _, _, entry in lines],
        units=[entry.unit for _, _, entry in lines],
        amounts=[entry.amount_minor for _, _, entry in lines],
    )


async def add_to_balances(tx: Tx, changes: Mapping[HolderKey, Holding]) -> None:
    """Adds differences to beneficiaries' balances."""
    # A difference may break the table's checks by itself (a claw-back without its grant), and PostgreSQL checks the
    # row proposed for insertion before it looks for a conflict. So: new grants may insert, all else updates.
    for sql, wanted in (
        (_ADD_TO_BALANCES, {k: h for k, h in changes.items() if _could_stand_alone(h)}),
        (_CHANGE_BALANCES, {k: h for k, h in changes.items() if not _could_stand_alone(h)}),
    ):
        if wanted:
            keys = sorted(wanted)
            await tx.execute(
                sql,
                stores=[k[0] for k in keys],
                sides=[k[1] for k in keys],
                owners=[k[2] for k in keys],
                units=[k[3] for k in keys],
                granted=[wanted[k].granted for k in keys],
                clawed=[wanted[k].clawed_back for k in keys],
                pending=[wanted[k].pending for k in keys],
                available=[wanted[k].available for k in keys],
                in_payout=[wanted[k].in_payout for k in keys],
                paid=[wanted[k].paid for k in keys],
                expired=[wanted[k].expired for k in keys],
                reserved=[wanted[k].reserved for k in keys],
                used=[wanted[k].used for k in keys],
            )


def _could_stand_alone(holding: Holding) -> bool:
    within = 0 <= holding.clawed_back <= holding.granted
    parts = (holding.pending, holding.in_payout, holding.paid, holding.expired, holding.reserved, holding.used)
    return within and min(parts) >= 0


async def add_to_totals(tx: Tx, changes: Mapping[TotalKey, tuple[int, int]]) -> None:
    """Adds debits and credits to the totals of each kind of account."""
    keys = sorted(changes)
    await tx.execute(
        _ADD_TO_TOTALS,
        stores=[k[0] for k in keys],
        accounts=[str(k[1]) for k in keys],
        units=[k[2] for k in keys],
        debits=[changes[k][0] for k in keys],
        credits=[changes[k][1] for k in keys],
    )


async def sets_after(tx: Tx, store_id: str, *, after: int, count: int) -> list[Posted]:
    """The next sets of a store with their entries, in order."""
    heads = await tx.all(_SETS_AFTER, store=store_id, after=after, count=count)
    if not heads:
        return []
    rows = await tx.all(_ENTRIES_BETWEEN, store=store_id, after=after, last=heads[-1].number)
    entries = {
        number: tuple(Entry(Account(r.account), r.owner, r.unit, r.amount_minor) for r in group)
        for number, group in groupby(rows, key=lambda row: int(row.number))
    }
    return [
        Posted(
            store_id=store_id,
            number=head.number,
            at=head.at,
            movement=head.movement,
            reward_id=head.reward_id,
            payout_id=head.payout_id,
            corrects=head.corrects,
            basis=_basis(head),
            entries=entries.get(head.number, ()),
            hash=bytes(head.hash),
        )
        for head in heads
    ]


def _basis(head: Row) -> str:
    """The text that the set's hash covers. For what was changed by hand, so that it cannot be read or is there twice,
    a text that no set ever had: an audit reports the set and goes on.
    """
    if head.packed_basis is None:
        return head.basis or ""
    try:
        return unpack_basis(bytes(head.packed_basis)) if head.basis is None else ""
    except (ValueError, zlib.error):
        return ""


async def last_number_given(tx: Tx, store_id: str) -> int:
    """The last number that the store's head gave out; 0 for a store without any."""
    return int(await tx.scalar(_LAST_NUMBER_GIVEN, store=store_id) or 0)


async def lines(
    tx: Tx, store_id: str, *, before: tuple[int, int] | None, count: int, filters: Mapping[str, str]
) -> list[Line]:
    """Entries of a store, newest first, below the (number, line) of `before`. Filters: account, owner, reward_id,
    payout_id.

    Ambassadors' and friends' entries lie in the order of lists in their index. A program's do not: it has many, of
    which the newest are found on the way through all, or few.
    """
    named = ["program" if name == "owner" and _may_be_program(filters[name]) else name for name in sorted(filters)]
    sql = _LINES.format(filters="\n  ".join(_LINE_FILTERS[name] for name in named))
    number, line = before or (None, None)
    rows = await tx.all(sql, store=store_id, number=number, line=line, count=count, **filters)
    return [
        Line(
            number=r.number,
            line=r.line,
            at=r.at,
            movement=r.movement,
            reward_id=r.reward_id,
            payout_id=r.payout_id,
            corrects=r.corrects,
            account=r.account,
            owner=r.owner,
            unit=r.unit,
            amount_minor=r.amount_minor,
            hash=bytes(r.hash),
        )
        for r in rows
    ]


def _may_be_program(owner: str) -> bool:
    """Only programs have expenses, and their ids begin so. A store may call a customer alike."""
    return owner.startswith("prg_")


async def holdings_of(tx: Tx, store_id: str, *, owner: str, side: str) -> dict[str, Holding]:
    """What one beneficiary has, by unit."""
    rows = await tx.all(_HOLDINGS, store=store_id, owner=owner, side=side)
    return {r.unit: _holding(r) for r in rows}


def _holding(r: Row) -> Holding:
    kept = (r.granted, r.clawed_back, r.pending, r.available, r.in_payout, r.paid, r.expired, r.reserved, r.used)
    return Holding(*kept)


async def totals_of(tx: Tx, store_id: str) -> list[tuple[str, str, int, int]]:
    """(account, unit, debits, credits) of each kind of account of a store."""
    return [(r.account, r.unit, r.debits, r.credits) for r in await tx.all(_TOTALS, store=store_id)]
