"""SQL of when lots expire: the clocks of idle holders, who is told of what, and when to look again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.lots.domain import Clock, Holder, Kind
from services.rewards.lots.sql.lots import OVER_AT, holders_of
from services.rewards.rules.domain import Side

_RUNNING = """
select c.store_id, c.clock_id, c.owner, c.side, c.unit, c.pay_as, c.days, c.notice_days, c.expires_at, c.notice_at
from lot_clocks c
join unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:kinds as text[])) w(store_id, owner, side, unit, pay_as) using (store_id, owner, side, unit, pay_as)
where c.expires_at > :now order by c.store_id, c.clock_id
"""
_SAVE = """
insert into lot_clocks (store_id, owner, side, unit, pay_as, clock_id, days, notice_days, expires_at, notice_at)
select * from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:kinds as text[]), cast(:clocks as text[]), cast(:days as int[]), cast(:notice_days as int[]),
  cast(:ats as timestamptz[]), cast(:notices as timestamptz[]))
on conflict (store_id, clock_id) do update set expires_at = excluded.expires_at, notice_at = excluded.notice_at
"""
_WAKE = """
update lot_clocks set ended = false
where ended and store_id = any(cast(:stores as text[])) and clock_id = any(cast(:clocks as text[]))
"""
_END = """
update lot_clocks c set ended = true
where c.store_id = any(cast(:stores as text[])) and not c.ended and c.expires_at <= :now
  and not exists (select from lots l where l.store_id = c.store_id and l.clock_id = c.clock_id and l.remaining > 0)
"""
_NEXT_DUE = """
select w.store_id, least(l.at, n.at, c.at, m.at) as at from unnest(cast(:stores as text[])) w(store_id)
left join lateral (
  select expires_at as at from lots where store_id = w.store_id and remaining > 0 and expires_at is not null
  order by expires_at limit 1
) l on true
left join lateral (
  select notice_at as at from lots where store_id = w.store_id and remaining > 0 and notice_at is not null
  order by notice_at limit 1
) n on true
left join lateral (
  select expires_at as at from lot_clocks where store_id = w.store_id and not ended order by expires_at limit 1
) c on true
left join lateral (
  select notice_at as at from lot_clocks where store_id = w.store_id and not ended and notice_at is not null
  order by notice_at limit 1
) m on true
where least(l.at, n.at, c.at, m.at) is not null
"""
_NOTICES = """
select distinct d.* from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  (select store_id, side, owner, expires_at from lots
    where store_id = w.store_id and remaining > 0 and notice_at is not null and notice_at <= :now
    order by notice_at limit :count)
  union all
  (select store_id, side, owner, expires_at from lot_clocks
    where store_id = w.store_id and not ended and notice_at is not null and notice_at <= :now
    order by notice_at limit :count)
) d order by 1, 4, 2, 3
"""
_WANTED = """
unnest(cast(:stores as text[]), cast(:sides as text[]), cast(:owners as text[]), cast(:ats as timestamptz[]))
  w(store_id, side, owner, expires_at)
"""
_LEFT_AT = f"""
select w.store_id, w.side, w.owner, w.expires_at, l.unit, l.pay_as, l.idle, l.amount from {_WANTED}
cross join lateral (
  select l.unit, l.pay_as, l.clock_id is not null as idle, sum(l.remaining)::bigint as amount from lots l
  where l.store_id = w.store_id and l.owner = w.owner and l.side = w.side and l.remaining > 0
    and {OVER_AT} = w.expires_at
  group by 1, 2, 3
) l order by l.unit, l.pay_as, l.idle
"""  # noqa: S608
_MARK_LOTS = f"""
update lots l set notice_at = null from {_WANTED}
where l.store_id = w.store_id and l.owner = w.owner and l.side = w.side and l.expires_at = w.expires_at
  and l.notice_at is not null
"""  # noqa: S608
_MARK_CLOCKS = f"""
update lot_clocks c set notice_at = null from {_WANTED}
where c.store_id = w.store_id and c.owner = w.owner and c.side = w.side and c.expires_at = w.expires_at
  and c.notice_at is not null
"""  # noqa: S608


class Expiring(NamedTuple):
    """Whose lots of which moment."""

    store_id: str
    side: Side
    owner: str
    expires_at: datetime


async def running(tx: Tx, holders: Collection[Holder]) -> list[Clock]:
    """Clocks of these holders that have not run out."""
    rows = await tx.all(_RUNNING, **holders_of(sorted(holders)), now=tx.now)
    return [
        Clock(
            clock_id=row.clock_id,
            holder=Holder(row.store_id, row.side, row.owner, row.unit, row.pay_as),
            days=row.days,
            notice_days=row.notice_days,
            expires_at=row.expires_at,
            notice_at=row.notice_at,
        )
        for row in rows
    ]


async def save(tx: Tx, clocks: Sequence[Clock]) -> None:
    """Writes clocks as they stand."""
    await tx.execute(
        _SAVE,
        **holders_of(one.holder for one in clocks),
        clocks=[one.clock_id for one in clocks],
        days=[one.days for one in clocks],
        notice_days=[one.notice_days for one in clocks],
        ats=[one.expires_at for one in clocks],
        notices=[one.notice_at for one in clocks],
    )


async def wake(tx: Tx, clocks: Collection[Ref]) -> None:
    """Something lies by clocks again that have run out: the job lets it expire."""
    keys = sorted(clocks)
    await tx.execute(_WAKE, stores=[k[0] for k in keys], clocks=[k[1] for k in keys])


async def end(tx: Tx, stores: Sequence[str]) -> None:
    """Clocks that have run out, and by which nothing is left, are looked at no more."""
    await tx.execute(_END, stores=list(stores), now=tx.now)


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When something of each store expires next, or somebody is to be told of it."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}


async def notices(tx: Tx, stores: Sequence[str], *, count: int) -> list[Expiring]:
    """Of what holders of these stores are to be told now, the longest waiting first."""
    rows = await tx.all(_NOTICES, stores=sorted(stores), now=tx.now, count=count)
    return [Expiring(row.store_id, row.side, row.owner, row.expires_at) for row in rows]


async def left_at(tx: Tx, wanted: Sequence[Expiring]) -> Mapping[Expiring, list[tuple[str, Kind, bool, int]]]:
    """All that these holders have left that expires then: (unit, kind, whether by idleness, amount)."""
    found: dict[Expiring, list[tuple[str, Kind, bool, int]]] = defaultdict(list)
    for row in await tx.all(_LEFT_AT, **_asked(wanted)):
        one = Expiring(row.store_id, row.side, row.owner, row.expires_at)
        found[one].append((row.unit, row.pay_as, row.idle, row.amount))
    return found


async def mark_noticed(tx: Tx, told: Sequence[Expiring]) -> None:
    """They are told of it."""
    await tx.execute(_MARK_LOTS, **_asked(told))
    await tx.execute(_MARK_CLOCKS, **_asked(told))


def _asked(wanted: Sequence[Expiring]) -> dict[str, object]:
    return {
        "stores": [one.store_id for one in wanted],
        "sides": [one.side for one in wanted],
        "owners": [one.owner for one in wanted],
        "ats": [one.expires_at for one in wanted],
    }
