"""Counts uses of limited codes, under the store's lock."""

from collections.abc import Iterable, Sequence

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_COUNT = """
select u.store_id, u.code_id, count(*) as uses from code_uses u
join unnest(cast(:stores as text[]), cast(:codes as text[])) w (s, c) on u.store_id = w.s and u.code_id = w.c
group by 1, 2
"""
_HELD = """
select u.store_id, u.code_id, u.use_id from code_uses u
join unnest(cast(:stores as text[]), cast(:codes as text[]), cast(:uses as text[])) w (s, c, u)
  on u.store_id = w.s and u.code_id = w.c and u.use_id = w.u
"""
_ADD = """
insert into code_uses (store_id, code_id, use_id, at)
select s, c, u, :now from unnest(cast(:stores as text[]), cast(:codes as text[]), cast(:uses as text[])) w (s, c, u)
order by 1, 2, 3 on conflict do nothing
"""

_REMOVE = """
delete from code_uses u
using unnest(cast(:stores as text[]), cast(:codes as text[]), cast(:uses as text[])) w (s, c, u)
where u.store_id = w.s and u.code_id = w.c and u.use_id = w.u
"""


async def count(tx: Tx, codes: Iterable[Ref]) -> dict[Ref, int]:
    """How often each code was used."""
    pairs = sorted(set(codes))
    if not pairs:
        return {}
    rows = await tx.all(_COUNT, stores=[s for s, _ in pairs], codes=[c for _, c in pairs])
    return {(row.store_id, row.code_id): row.uses for row in rows}


async def held(tx: Tx, uses: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Which of these (store, code, use) were granted before."""
    wanted = sorted(set(uses))
    if not wanted:
        return set()
    rows = await tx.all(_HELD, stores=[u[0] for u in wanted], codes=[u[1] for u in wanted], uses=[u[2] for u in wanted])
    return {(row.store_id, row.code_id, row.use_id) for row in rows}


async def add(tx: Tx, uses: Sequence[tuple[str, str, str]]) -> None:
    """Counts uses, as (store, code, use)."""
    if uses:
        await tx.execute(
            _ADD, now=tx.now, stores=[u[0] for u in uses], codes=[u[1] for u in uses], uses=[u[2] for u in uses]
        )


async def remove(tx: Tx, uses: Sequence[tuple[str, str, str]]) -> None:
    """Gives uses back, as (store, code, use)."""
    if uses:
        await tx.execute(_REMOVE, stores=[u[0] for u in uses], codes=[u[1] for u in uses], uses=[u[2] for u in uses])
