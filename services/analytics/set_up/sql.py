"""How far a store has come, in one look: the first row of its kind is enough, each found by the store's own key. And
checks, with what was seen while they went on.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.set_up.domain.steps import Connection, Reached, Sight
from services.kernel.db import Tx

_REACHED = """
select exists (select from programs where store_id = :store_id) as program,
  exists (select from ambassadors where store_id = :store_id and status <> 'erased') as ambassador,
  exists (select from activity where store_id = :store_id and action in ('hook.made', 'hook.ended')) as connection,
  exists (select from daily where store_id = :store_id and (visits > 0 or widget_views > 0)) as page,
  exists (select from clicks where store_id = :store_id and at is not null) as click,
  exists (select from orders where store_id = :store_id) as orders,
  exists (select from rewards where store_id = :store_id and amount_minor > 0) as reward
"""
# The condition is the partial index's own. What was connected and has ended cancels out, in whatever order it is noted.
_CONNECTIONS = """
select subject, max(after ->> 'platform') as platform from activity
where store_id = :store and action in ('hook.made', 'hook.ended')
group by subject having not bool_or(action = 'hook.ended') order by min(at), subject limit 20
"""
_ADD = """
insert into checks (store_id, check_id, started_at, ends_at, without)
values (:store, :check, :now, :ends_at, cast(:without as text[]))
"""
_OVER = """
update checks set ends_at = :now where store_id = :store and ends_at > :now and check_id not in (
    select check_id from checks where store_id = :store order by started_at desc, check_id desc limit :open)
"""
_FORGET_SIGHTS = """
delete from sights s where store_id = :store and not exists (
    select from checks c where c.store_id = s.store_id and c.check_id = s.check_id)
"""
_FORGET = """
delete from checks where store_id = :store and check_id not in (
    select check_id from checks where store_id = :store order by started_at desc, check_id desc limit :most)
"""
_ONE = """
select store_id, check_id, started_at, ends_at, without from checks where store_id = :store and check_id = :check
"""
_NEWEST = """
select store_id, check_id, started_at, ends_at, without from checks where store_id = :store
order by started_at desc, check_id desc limit 1
"""
_OPEN = """
select c.store_id, min(c.started_at) as since, s.domains from checks c join stores s on s.store_id = c.store_id
where c.store_id = any(cast(:stores as text[])) and c.ends_at > :now group by c.store_id, s.domains
"""
_NOTE = """
insert into sights (store_id, check_id, step, on_what, said, at, detail)
select c.store_id, c.check_id, w.step, w.on_what, w.said, w.at, w.detail
from unnest(cast(:stores as text[]), cast(:steps as text[]), cast(:ons as text[]), cast(:saids as text[]),
            cast(:ats as timestamptz[]), cast(:details as text[])) as w (store_id, step, on_what, said, at, detail)
join checks c on c.store_id = w.store_id and c.started_at <= w.at and c.ends_at > w.at
order by 1, 2, 3, 4, 5
on conflict (store_id, check_id, step, on_what, said) do update set at = excluded.at, detail = excluded.detail
where sights.at < excluded.at
"""
_SIGHTS = """
select step, said, at, detail, on_what from sights where store_id = :store and check_id = :check order by at, step, said
"""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a store. It sees what happens until it ends."""

    store_id: str
    check_id: str
    started_at: datetime
    ends_at: datetime
    without: Sequence[str]


@dataclass(frozen=True, slots=True)
class Watched:
    """A store of which a check goes on, since when at the earliest, and the domains that are its own."""

    store_id: str
    since: datetime
    domains: Sequence[str]


async def reached(tx: Tx, store_id: str) -> Reached:
    """What there is of a store already."""
    row = await tx.one(_REACHED, store_id=store_id)
    return Reached(
        program=row.program,
        ambassador=row.ambassador,
        connection=row.connection,
        page=row.page,
        click=row.click,
        order=row.orders,
        reward=row.reward,
    )


async def connections(tx: Tx, store_id: str) -> list[Connection]:
    """The accounts with platforms that the store has, the oldest first."""
    return [Connection(row.subject, row.platform or "") for row in await tx.all(_CONNECTIONS, store=store_id)]


async def add(tx: Tx, check: Check, *, most: int, most_open: int) -> None:
    """Begins a check. Of the store's others the newest few stay, and of these some go on."""
    await tx.execute(
        _ADD,
        store=check.store_id,
        check=check.check_id,
        now=check.started_at,
        ends_at=check.ends_at,
        without=list(check.without),
    )
    await tx.execute(_OVER, store=check.store_id, now=check.started_at, open=most_open)
    await tx.execute(_FORGET, store=check.store_id, most=most)
    await tx.execute(_FORGET_SIGHTS, store=check.store_id)


async def one(tx: Tx, store_id: str, check_id: str) -> Check | None:
    """A check of the store."""
    row = await tx.one_or_none(_ONE, store=store_id, check=check_id)
    return Check(*row) if row else None


async def newest(tx: Tx, store_id: str) -> Check | None:
    """The store's newest check."""
    row = await tx.one_or_none(_NEWEST, store=store_id)
    return Check(*row) if row else None


async def watched(tx: Tx, stores: Collection[str]) -> dict[str, Watched]:
    """Those of these stores of which a check goes on."""
    rows = await tx.all(_OPEN, stores=sorted(stores), now=tx.now)
    return {row.store_id: Watched(row.store_id, row.since, row.domains) for row in rows}


async def note(tx: Tx, sights: Iterable[tuple[str, Sight]]) -> None:
    """Notes what was seen at stores, for the checks that went on then. Of one kind the newest."""
    newest_of: dict[tuple[str, str, str, str], Sight] = {}
    for store_id, sight in sights:
        key = (store_id, sight.step, sight.on, sight.reason)
        if key not in newest_of or newest_of[key].at < sight.at:
            newest_of[key] = sight
    if not newest_of:
        return
    await tx.execute(
        _NOTE,
        stores=[key[0] for key in newest_of],
        steps=[key[1] for key in newest_of],
        ons=[key[2] for key in newest_of],
        saids=[key[3] for key in newest_of],
        ats=[sight.at for sight in newest_of.values()],
        details=[sight.detail[:255] for sight in newest_of.values()],
    )


async def sights(tx: Tx, check: Check) -> list[Sight]:
    """What a check has seen."""
    rows = await tx.all(_SIGHTS, store=check.store_id, check=check.check_id)
    return [Sight(row.step, row.said, row.at, row.detail, row.on_what) for row in rows]
