"""SQL of runs: how far each is, and what each ambassador would get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from services.kernel.db import Row, Tx
from services.rewards.simulations.domain.figures import Figures, Share

State = Literal["running", "done", "cancelled", "failed"]

_START = """
insert into simulations (store_id, simulation_id, program_id, draft, from_at, to_at, state, made_at, spent, figures)
values (:store, :simulation, :program, :draft, :from_at, :to_at, 'running', :now, '{}', :figures)
on conflict (store_id) where state = 'running' do nothing
"""

_ONE = "select * from simulations where store_id = :store and simulation_id = :simulation"

_LIST = """
select * from simulations where store_id = :store and (cast(:before as text) is null or simulation_id < :before)
order by simulation_id desc limit :count
"""

_COUNTED = """
update simulations set orders = :orders, spent = :spent
where store_id = :store and simulation_id = :simulation and state = 'running' and orders is null
"""

_ADVANCE = """
update simulations set part = part + 1, done = done + :done, after_at = :after_at, after_order = :after_order,
  spent = :spent, figures = :figures
where store_id = :store and simulation_id = :simulation and state = 'running' and part = :part
"""

_END = """
update simulations set state = :state, reason = :reason, ended_at = :now
where store_id = :store and simulation_id = :simulation and state = 'running'
"""

_RESUME = """
update simulations set state = 'running', reason = null, ended_at = null, start = start + 1
where store_id = :store and simulation_id = :simulation and state in ('cancelled', 'failed')
  and not exists (select from simulations where store_id = :store and state = 'running')
"""

_TAKE_SHARES = """
insert into simulation_shares as s (store_id, simulation_id, ambassador_id, unit, rewards, own_minor, friends_minor,
  granted_own_minor, granted_friends_minor)
select :store, :simulation, w.* from unnest(cast(:ambassadors as text[]), cast(:units as text[]),
  cast(:rewards as int[]), cast(:own as bigint[]), cast(:friends as bigint[]), cast(:granted_own as bigint[]),
  cast(:granted_friends as bigint[])) w
on conflict (store_id, simulation_id, ambassador_id, unit) do update set rewards = s.rewards + excluded.rewards,
  own_minor = s.own_minor + excluded.own_minor, friends_minor = s.friends_minor + excluded.friends_minor,
  granted_own_minor = s.granted_own_minor + excluded.granted_own_minor,
  granted_friends_minor = s.granted_friends_minor + excluded.granted_friends_minor
"""

_SHARES = """
select * from simulation_shares
where store_id = :store and simulation_id = :simulation
  and (cast(:unit as text) is null or (unit, own_minor + friends_minor, ambassador_id) < (:unit, :amount, :ambassador))
order by unit desc, own_minor + friends_minor desc, ambassador_id desc limit :count
"""

_OLD = """
select store_id, simulation_id from simulations
where store_id = any(cast(:stores as text[])) and made_at <= :before and state <> 'running'
"""
_FORGET = """
delete from {table} where ctid = any(array(
  select t.ctid from {table} t
  join unnest(cast(:stores as text[]), cast(:simulations as text[])) w(store_id, simulation_id)
    using (store_id, simulation_id)
  limit :count
))
"""
_OLDEST = """
select store_id, min(made_at) as made_at from simulations where store_id = any(cast(:stores as text[])) group by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A past period under rules, and how far it is."""

    store_id: str
    simulation_id: str
    program_id: str
    draft: str | None
    """The rules as JSON; None: for each order those that were in force."""
    from_at: datetime
    to_at: datetime
    state: State
    reason: str | None
    made_at: datetime
    ended_at: datetime | None
    orders: int | None
    done: int
    part: int
    start: int
    after: tuple[datetime, str] | None
    spent: dict[str, int]
    figures: Figures


def _run(row: Row) -> Run:
    return Run(
        store_id=row.store_id,
        simulation_id=row.simulation_id,
        program_id=row.program_id,
        draft=row.draft,
        from_at=row.from_at,
        to_at=row.to_at,
        state=row.state,
        reason=row.reason,
        made_at=row.made_at,
        ended_at=row.ended_at,
        orders=row.orders,
        done=row.done,
        part=row.part,
        start=row.start,
        after=None if row.after_at is None else (row.after_at, row.after_order),
        spent=msgspec.json.decode(row.spent, type=dict[str, int]),
        figures=Figures.loaded(row.figures),
    )


async def start(
    tx: Tx,
    store_id: str,
    simulation_id: str,
    *,
    program_id: str,
    draft: str | None,
    from_at: datetime,
    to_at: datetime,
) -> bool:
    """Writes a run that is to begin. False, and nothing, while another one of the store is on."""
    return bool(
        await tx.execute(
            _START,
            store=store_id,
            simulation=simulation_id,
            program=program_id,
            draft=draft,
            from_at=from_at,
            to_at=to_at,
            now=tx.now,
            figures=Figures().dumped(),
        )
    )


async def one(tx: Tx, store_id: str, simulation_id: str) -> Run | None:
    """A run by its id."""
    row = await tx.one_or_none(_ONE, store=store_id, simulation=simulation_id)
    return None if row is None else _run(row)


async def listed(tx: Tx, store_id: str, *, before: str | None, count: int) -> list[Run]:
    """Runs of a store, youngest first, below the id `before`."""
    return [_run(row) for row in await tx.all(_LIST, store=store_id, before=before, count=count)]


async def counted(tx: Tx, store_id: str, simulation_id: str, *, orders: int, spent: Mapping[str, int]) -> bool:
    """Notes how much there is to do and what counts against budgets. False where the run is on no longer, or that was
    noted before.
    """
    return bool(
        await tx.execute(_COUNTED, store=store_id, simulation=simulation_id, orders=orders, spent=_encoded(spent))
    )


async def advance(
    tx: Tx, run: Run, *, done: int, after: tuple[datetime, str], spent: Mapping[str, int], figures: Figures
) -> bool:
    """Takes in a part. False, and nothing, where the run was stopped or somebody else took this part in."""
    return bool(
        await tx.execute(
            _ADVANCE,
            store=run.store_id,
            simulation=run.simulation_id,
            part=run.part,
            done=done,
            after_at=after[0],
            after_order=after[1],
            spent=_encoded(spent),
            figures=figures.dumped(),
        )
    )


def _encoded(spent: Mapping[str, int]) -> str:
    return msgspec.json.encode(dict(spent)).decode()


async def end(tx: Tx, store_id: str, simulation_id: str, *, state: State, reason: str | None = None) -> bool:
    """Ends a run that is on; False where it is not."""
    return bool(
        await tx.execute(_END, store=store_id, simulation=simulation_id, state=state, reason=reason, now=tx.now)
    )


async def resume(tx: Tx, store_id: str, simulation_id: str) -> bool:
    """Has a run go on that was stopped; False where it was not, or another one is on."""
    return bool(await tx.execute(_RESUME, store=store_id, simulation=simulation_id))


async def take_shares(tx: Tx, store_id: str, simulation_id: str, shares: Mapping[tuple[str, str], Share]) -> None:
    """Adds to what each ambassador and their friends would get."""
    if not shares:
        return
    keys = sorted(shares)
    found = [shares[key] for key in keys]
    await tx.execute(
        _TAKE_SHARES,
        store=store_id,
        simulation=simulation_id,
        ambassadors=[key[0] for key in keys],
        units=[key[1] for key in keys],
        rewards=[one.rewards for one in found],
        own=[one.own_minor for one in found],
        friends=[one.friends_minor for one in found],
        granted_own=[one.granted_own_minor for one in found],
        granted_friends=[one.granted_friends_minor for one in found],
    )


ShareRow = tuple[str, str, Share]
"""Ambassador, unit, and their share."""


async def shares(
    tx: Tx, store_id: str, simulation_id: str, *, after: tuple[str, int, str] | None, count: int
) -> Sequence[ShareRow]:
    """What ambassadors would get, the most first in each unit, behind (unit, amount, ambassador)."""
    unit, amount, ambassador = after or (None, 0, "")
    rows = await tx.all(
        _SHARES,
        store=store_id,
        simulation=simulation_id,
        unit=unit,
        amount=amount,
        ambassador=ambassador,
        count=count,
    )
    return [
        (
            row.ambassador_id,
            row.unit,
            Share(
                row.rewards,
                row.own_minor,
                row.friends_minor,
                row.granted_own_minor,
                row.granted_friends_minor,
            ),
        )
        for row in rows
    ]


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime, count: int) -> bool:
    """Deletes runs made at that moment or earlier, with what they counted, `count` rows of a kind at a time. Returns
    whether more are to be deleted.
    """
    rows = await tx.all(_OLD, stores=sorted(stores), before=before)
    old = {"stores": [row.store_id for row in rows], "simulations": [row.simulation_id for row in rows]}
    for table in ("simulation_shares", "simulation_counts", "simulations") if rows else ():
        if await tx.execute(_FORGET.format(table=table), **old, count=count) == count:
            return True
    return False


async def oldest(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the oldest run of each store was made."""
    return {row.store_id: row.made_at for row in await tx.all(_OLDEST, stores=sorted(stores))}
