"""What became of each code at each connection's checkout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.connectors.store_codes.domain.port import STATES, State
from services.kernel.db import Tx

# What a code is compared with, in one text: its own revision, its program's version, and whether its owner takes part.
_SEEN = "c.revision || ':' || p.version || ':' || coalesce(a.active, true)"
_SET_UP = """
codes c join programs p on p.store_id = c.store_id and p.program_id = c.program_id
left join ambassadors a on a.store_id = c.store_id and a.ambassador_id = c.ambassador_id
"""
_ROW = """
s.code_id is not null as known, s.state, s.reason, s.holder, s.remote_id, s.wanted, s.there,
s.asked_at is not null as asked, coalesce(s.tries, 0) as tries, coalesce(s.revision, 0) as revision
"""
_CODE = f"""
c.code_id, c.code, c.max_uses, c.expires_at, c.retired, coalesce(a.active, true) as active, p.body as program,
{_SEEN} as seen
"""
_DIFFERS = f"""
select {_CODE}, {_ROW}
from {_SET_UP}
left join store_codes s on s.store_id = c.store_id and s.connection_id = :connection and s.code_id = c.code_id
where c.store_id = :store and s.seen is distinct from {_SEEN}
  and (s.code_id is not null or (p.serves and not c.retired))
"""  # noqa: S608  # texts of this file
_STALE = f"{_DIFFERS} and c.code_id > :after order by c.code_id limit :count"
_STALE_OF = f"{_DIFFERS} and c.code_id = any(cast(:ids as text[])) order by c.code_id"
_WAITING = f"""
select {_CODE}, {_ROW}
from store_codes s join ({_SET_UP}) on s.code_id = c.code_id and s.store_id = c.store_id
where s.store_id = :store and s.connection_id = :connection and s.state = 'waiting'
"""  # noqa: S608
# Two texts: each is served by an index of its own, and those that were asked for are few among many.
_ASKED = f"{_WAITING} and s.asked_at is not null order by s.code_id limit :count"
_UNASKED = f"{_WAITING} and s.asked_at is null order by s.code_id limit :count"
_ANY_WAITING = """
select exists (select from store_codes where store_id = :store and connection_id = :connection and state = 'waiting')
"""
_WRITE = """
insert into store_codes (store_id, connection_id, code_id, code, state, reason, holder, remote_id, seen, wanted, there,
                         asked_at, tries, changed_at, revision)
select :store, :connection, i, c, s, r, h, e, n, w, t, case when a then cast(:now as timestamptz) end, y, :now, v
from unnest(cast(:ids as text[]), cast(:codes as text[]), cast(:states as text[]), cast(:reasons as text[]),
            cast(:holders as text[]), cast(:remotes as text[]), cast(:seen as text[]), cast(:wanted as text[]),
            cast(:there as text[]), cast(:asked as boolean[]), cast(:tries as int[]), cast(:revisions as int[]))
     w (i, c, s, r, h, e, n, w, t, a, y, v)
order by i
on conflict (store_id, connection_id, code_id) do update set state = excluded.state, reason = excluded.reason,
    holder = excluded.holder, remote_id = excluded.remote_id, seen = excluded.seen, wanted = excluded.wanted,
    there = excluded.there, asked_at = excluded.asked_at, tries = excluded.tries, revision = excluded.revision,
    changed_at = case when store_codes.state = excluded.state then store_codes.changed_at else excluded.changed_at end
"""
_AGAIN = """
update store_codes set state = 'waiting', reason = null, holder = null, asked_at = null, tries = 0, changed_at = :now,
    revision = revision + 1
where store_id = :store and connection_id = :connection and state = 'refused'
returning code_id, code, revision
"""
_ELSEWHERE = """
update store_codes set seen = '', there = '', remote_id = null, asked_at = null, tries = 0
where store_id = :store and connection_id = :connection
"""
_DOUBT = """
update store_codes set seen = '', there = '?', asked_at = :now, tries = 0
where store_id = :store and connection_id = :connection and wanted <> ''
"""
_COUNTS = """
select connection_id, state, count(*)::int as n from store_codes
where store_id = :store and (cast(:connection as text) is null or connection_id = :connection) group by 1, 2
"""
_PAGE = """
select code_id, code, state, reason, holder, changed_at from store_codes
where store_id = :store and connection_id = :connection and (cast(:state as text) is null or state = :state)
  and (cast(:after as text) is null or code_id < :after)
order by code_id desc limit :count
"""
_NOTHING: Mapping[State, int] = dict.fromkeys(STATES, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A code of the store beside what is kept of it at a connection's checkout."""

    code_id: str
    code: str
    max_uses: int | None
    expires_at: datetime | None
    retired: bool
    active: bool
    program: str
    seen: str
    known: bool
    """Whether anything is kept of it."""
    state: State | None
    reason: str | None
    holder: str | None
    remote_id: str | None
    wanted: str | None
    there: str | None
    asked: bool
    tries: int
    revision: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A code at a connection's checkout, to be looked at."""

    code_id: str
    code: str
    state: State
    reason: str | None
    holder: str | None
    changed_at: datetime


async def stale(tx: Tx, store_id: str, connection_id: str, *, after: str, count: int) -> list[Kept]:
    """Codes whose set-up changed since they were compared with the shop, in the order of their ids."""
    rows = await tx.all(_STALE, store=store_id, connection=connection_id, after=after, count=count)
    return [Kept(**row._asdict()) for row in rows]


async def stale_of(tx: Tx, store_id: str, connection_id: str, ids: Sequence[str]) -> list[Kept]:
    """Those of these codes whose set-up changed since they were compared with the shop."""
    rows = await tx.all(_STALE_OF, store=store_id, connection=connection_id, ids=list(ids))
    return [Kept(**row._asdict()) for row in rows]


async def waiting(tx: Tx, store_id: str, connection_id: str, *, asked: bool, count: int) -> list[Kept]:
    """Codes that something is to be done about: those that the shop was asked for before, or the others."""
    rows = await tx.all(_ASKED if asked else _UNASKED, store=store_id, connection=connection_id, count=count)
    return [Kept(**row._asdict()) for row in rows]


async def any_waiting(tx: Tx, store_id: str, connection_id: str) -> bool:
    """Whether something is to be done."""
    return bool(await tx.scalar(_ANY_WAITING, store=store_id, connection=connection_id))


async def write(tx: Tx, store_id: str, connection_id: str, rows: Sequence[Kept]) -> None:
    """Writes what became of codes."""
    await tx.execute(
        _WRITE,
        store=store_id,
        connection=connection_id,
        now=tx.now,
        ids=[one.code_id for one in rows],
        codes=[one.code for one in rows],
        states=[one.state for one in rows],
        reasons=[one.reason for one in rows],
        holders=[one.holder for one in rows],
        remotes=[one.remote_id for one in rows],
        seen=[one.seen for one in rows],
        wanted=[one.wanted or "" for one in rows],
        there=[one.there or "" for one in rows],
        asked=[one.asked for one in rows],
        tries=[one.tries for one in rows],
        revisions=[one.revision for one in rows],
    )


async def again(tx: Tx, store_id: str, connection_id: str) -> list[tuple[str, str, int]]:
    """Lets codes that were refused wait again; their ids, texts and revisions."""
    rows = await tx.all(_AGAIN, store=store_id, connection=connection_id, now=tx.now)
    return [(row.code_id, row.code, row.revision) for row in rows]


async def elsewhere(tx: Tx, store_id: str, connection_id: str) -> None:
    """Forgets what was at the shop: it is another one now. What is wanted is compared anew."""
    await tx.execute(_ELSEWHERE, store=store_id, connection=connection_id)


async def doubt(tx: Tx, store_id: str, connection_id: str) -> None:
    """Has all that should be at the shop looked up by the code."""
    await tx.execute(_DOUBT, store=store_id, connection=connection_id, now=tx.now)


async def counts(tx: Tx, store_id: str, connection_id: str | None = None) -> dict[str, dict[State, int]]:
    """How many codes are in which state, by connection."""
    found: dict[str, dict[State, int]] = {}
    for row in await tx.all(_COUNTS, store=store_id, connection=connection_id):
        found.setdefault(row.connection_id, dict(_NOTHING))[row.state] = row.n
    return found


async def page(
    tx: Tx, store_id: str, connection_id: str, *, state: State | None, after: str | None, count: int
) -> list[Shown]:
    """Codes at a connection's checkout, the youngest first."""
    rows = await tx.all(_PAGE, store=store_id, connection=connection_id, state=state, after=after, count=count)
    return [Shown(*tuple(row)) for row in rows]
