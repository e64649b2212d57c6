"""SQL of pools. Whoever adds codes claims them first, in the order of their index, and locks the pool's row then: it
counts codes and hand-outs, and who waits for it waits for no writing of many rows.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

import asyncpg

from services.kernel.db import Row, Tx
from services.rewards.pools.domain import HandOut, Kept, Pool

_FIELDS: Final = (
    *("store_id", "pool_id", "name", "prefix", "signs", "low_below", "low_since", "state", "reason", "wanted", "made"),
    *("added", "handed", "last_place", "handed_place", "start", "made_at"),
)
_CHANGING: Final = _FIELDS[2:-1]
EACH: Final = 1_000
"""Places of a row of codes. A row of fewer leaves its last ones empty."""
MOST_TWICE: Final = 100
"""Codes of one pool that a verification names as being there twice."""
# S608 is silenced where statements are put together from our own words.
_ADD = f"insert into pools ({', '.join(_FIELDS)}) values ({', '.join(':' + one for one in _FIELDS)})"  # noqa: S608
_KEEP = f"""
update pools set {", ".join(f"{one} = :{one}" for one in _CHANGING)} where store_id = :store_id and pool_id = :pool_id
"""  # noqa: S608
_ONE = f"select {', '.join(_FIELDS)} from pools where store_id = :store and pool_id = :pool"  # noqa: S608
_LOCKED = _ONE + " for update"
_LIST = f"""
select {", ".join(_FIELDS)} from pools
where store_id = :store and (cast(:before as text) is null or pool_id < :before)
order by pool_id desc limit :count
"""  # noqa: S608
_LOW = """
select pool_id, name from pools where store_id = :store and low_since is not null order by low_since limit :count
"""

_MARK: Final = "hashtextextended({code}, hashtextextended(:store, 0))"
_CLAIM = f"""
insert into pool_codes (store_id, pool_id, mark, code)
select :store, :pool, {_MARK.format(code="w.code")}, w.code from unnest(cast(:codes as text[])) w(code)
order by 3
"""  # noqa: S608
_CLAIM_NEW = _CLAIM + "on conflict (mark) do nothing returning code"
_ADD_SLICES = """
insert into pool_slices (store_id, pool_id, slice, codes)
select :store, :pool, :slices + 1 + (w.n - 1) / :each, array_agg(w.code order by w.n)
from unnest(cast(:codes as text[])) with ordinality w(code, n)
group by 3
"""
_KNOWN = f"""
select w.n, c.pool_id, p.name
from unnest(cast(:codes as text[])) with ordinality w(code, n)
join pool_codes c on c.mark = {_MARK.format(code="w.code")} and c.store_id = :store
join pools p on p.store_id = :store and p.pool_id = c.pool_id
"""  # noqa: S608
_CODES = """
select (s.slice - 1) * :each + k.n as place, s.codes[k.n] as code, h.reference, h.at
from (
  select store_id, pool_id, slice, codes from pool_slices
  where store_id = :store and pool_id = :pool and slice > cast(:after as int) / :each
  order by slice limit :slices
) s
cross join lateral generate_subscripts(s.codes, 1) k(n)
left join pool_handouts h
  on h.store_id = s.store_id and h.pool_id = s.pool_id and h.place = (s.slice - 1) * :each + k.n
where (s.slice - 1) * :each + k.n > :after and (s.slice - 1) * :each + k.n <= :upto
order by 1 limit :count
"""
_NEXT = """
select (s.slice - 1) * :each + k.n as place, s.codes[k.n] as code
from (
  select slice, codes from pool_slices
  where store_id = :store and pool_id = :pool and slice > cast(:after as int) / :each
  order by slice limit 2
) s
cross join lateral generate_subscripts(s.codes, 1) k(n)
where (s.slice - 1) * :each + k.n > :after
order by 1 limit 1
"""
_LAST_HANDED = """
select h.place, s.codes[1 + (h.place - 1) % :each] as code, h.reference, h.at
from pool_handouts h
join pool_slices s on s.store_id = h.store_id and s.pool_id = h.pool_id and s.slice = 1 + (h.place - 1) / :each
where h.store_id = :store and h.pool_id = :pool order by h.place desc limit :count
"""
_HAND_OUT = """
insert into pool_handouts (store_id, pool_id, reference, place, at) values (:store, :pool, :reference, :place, :now)
"""
_HANDED = """
select s.codes[1 + (h.place - 1) % :each] as code, h.reference, h.at from pool_handouts h
join pool_slices s on s.store_id = h.store_id and s.pool_id = h.pool_id and s.slice = 1 + (h.place - 1) / :each
where h.store_id = :store and h.pool_id = :pool and h.reference = :reference
"""
_NEXT_POOL = (
    "select pool_id from pools where store_id = :store and pool_id > :after order by pool_id offset :count limit 1"
)
_PASSED = "least(greatest({upto} - (slice - 1) * :each, 0), cardinality(codes))"
"""How many codes of a row have a place up to another one."""
_MISCOUNTED = f"""
select * from (
  select p.pool_id, p.made + p.added as size, p.handed, p.last_place, p.handed_place, s.codes, s.passed, s.last,
    h.handed as handed_out, h.place
  from pools p
  cross join lateral (
    select coalesce(sum(cardinality(codes)), 0) as codes,
      coalesce(sum({_PASSED.format(upto="p.handed_place")}), 0) as passed,
      coalesce(max((slice - 1) * :each + cardinality(codes)), 0) as last
    from pool_slices where store_id = p.store_id and pool_id = p.pool_id
  ) s
  cross join lateral (
    select count(*) as handed, coalesce(max(place), 0) as place from pool_handouts
    where store_id = p.store_id and pool_id = p.pool_id
  ) h
  where p.store_id = :store and p.pool_id > :after and (cast(:upto as text) is null or p.pool_id <= :upto)
) c
where size <> codes or handed <> handed_out or handed_place <> place or handed <> passed or last > last_place
order by 1
"""  # noqa: S608
_NEXT_SLICE = """
select pool_id, slice from pool_slices where store_id = :store and (pool_id, slice) > (:pool, cast(:slice as int))
order by pool_id, slice offset :count limit 1
"""
_UPTO = """
  and (cast(:last_pool as text) is null or (pool_id, slice) <= (:last_pool, cast(:last_slice as int)))
"""
# Each by itself, by index: joined, the codes would be looked for among those of all stores. A row is unpacked once.
_STRANGE = f"""
select s.pool_id, (s.slice - 1) * :each + k.n as place
from (
  select pool_id, slice, codes from pool_slices
  where store_id = :store and (pool_id, slice) > (:pool, cast(:slice as int)) {_UPTO}
) s cross join lateral unnest(s.codes) with ordinality k(code, n)
where (
    select c.pool_id from pool_codes c
    where c.mark = {_MARK.format(code="k.code")} and c.store_id = :store and c.code = k.code
  ) is distinct from s.pool_id
order by 1, 2
"""  # noqa: S608
_LEAPT = f"""
select * from (
  select s.pool_id, s.slice, {_PASSED.format(upto="p.handed_place")} as passed, (
      select count(*) from pool_handouts h
      where h.store_id = s.store_id and h.pool_id = s.pool_id and h.place > (s.slice - 1) * :each
        and h.place <= (s.slice - 1) * :each + cardinality(s.codes)
    ) as handed
  from (
    select * from pool_slices where store_id = :store and (pool_id, slice) > (:pool, cast(:slice as int)) {_UPTO}
  ) s join pools p on p.store_id = s.store_id and p.pool_id = s.pool_id
) c where passed <> handed order by 1, 2
"""  # noqa: S608
_POOLS_AFTER = "select pool_id from pools where store_id = :store and pool_id > :after order by pool_id limit :count"
_TWICE = """
select code, count(*) as times from pool_slices cross join lateral unnest(codes) code
where store_id = :store and pool_id = :pool group by 1 having count(*) > 1 order by 1 limit :most
"""


class Low(NamedTuple):
    """A pool that runs low."""

    pool_id: str
    name: str


class Known(NamedTuple):
    """A code of a list, by its place there from 1, that the store has already, and in which pool."""

    number: int
    pool_id: str
    name: str


async def add(tx: Tx, pool: Pool) -> None:
    """Keeps a new pool."""
    await tx.execute(_ADD, **{name: getattr(pool, name) for name in _FIELDS})


async def keep(tx: Tx, pool: Pool) -> None:
    """Keeps how a pool stands now. It is locked."""
    await tx.execute(_KEEP, store_id=pool.store_id, pool_id=pool.pool_id, **{f: getattr(pool, f) for f in _CHANGING})


async def one(tx: Tx, store_id: str, pool_id: str) -> Pool | None:
    """A pool by its id."""
    return _pool(await tx.one_or_none(_ONE, store=store_id, pool=pool_id))


async def locked(tx: Tx, store_id: str, pool_id: str) -> Pool | None:
    """The same, and nobody else changes it, its codes or its hand-outs before this transaction ends."""
    return _pool(await tx.one_or_none(_LOCKED, store=store_id, pool=pool_id))


async def listed(tx: Tx, store_id: str, *, before: str | None, count: int) -> list[Pool]:
    """A store's, youngest first, below the id `before`."""
    rows = await tx.all(_LIST, store=store_id, before=before, count=count)
    return [Pool(**row._asdict()) for row in rows]


async def low(tx: Tx, store_id: str, *, count: int = 20) -> list[Low]:
    """Pools that run low, the one that has for longest first."""
    return [Low(row.pool_id, row.name) for row in await tx.all(_LOW, store=store_id, count=count)]


async def claim_codes(tx: Tx, store_id: str, pool_id: str, codes: Sequence[str]) -> Sequence[str]:
    """Makes codes the pool's. Returns those that the store had in none, in this order; they have no place yet.

    They are written in the order of their index, whose pages are then each touched once, and first as if all were new:
    asking of each whether it is there costs half as much again. The pool must not be locked: others who claim the same
    codes wait for this transaction to end, and would be waited for.
    """
    wanted = {"store": store_id, "pool": pool_id, "codes": codes}
    await tx.execute("savepoint claiming")
    try:
        await tx.execute(_CLAIM, **wanted)
    except asyncpg.UniqueViolationError:
        await tx.execute("rollback to savepoint claiming")
        claimed = {row.code for row in await tx.all(_CLAIM_NEW, **wanted)}
        return [code for code in dict.fromkeys(codes) if code in claimed]
    return codes


async def place_codes(tx: Tx, pool: Pool, codes: Sequence[str]) -> int:
    """Puts claimed codes behind the last place of a locked pool, in this order. Returns the highest place that one may
    have now.
    """
    slices = pool.last_place // EACH
    await tx.execute(_ADD_SLICES, store=pool.store_id, pool=pool.pool_id, codes=codes, slices=slices, each=EACH)
    return pool.last_place + -(-len(codes) // EACH) * EACH


async def known(tx: Tx, store_id: str, codes: Sequence[str]) -> list[Known]:
    """Those of these codes that the store has, in any pool."""
    rows = await tx.all(_KNOWN, store=store_id, codes=codes)
    return [Known(row.n, row.pool_id, row.name) for row in rows]


async def codes(tx: Tx, pool: Pool, *, after: int, upto: int, count: int) -> list[Kept]:
    """Its codes behind a place, up to another one, in the order in which they are handed out."""
    wanted = {"store": pool.store_id, "pool": pool.pool_id, "upto": upto, "slices": 2 + count // EACH, "each": EACH}
    found: list[Kept] = []
    while len(found) < count:  # rows may hold few codes each
        some = await tx.all(_CODES, **wanted, after=after, count=count - len(found))
        if not some:
            break
        found += [Kept(*row) for row in some]
        after = found[-1].place
    return found


async def last_handed(tx: Tx, pool: Pool, *, count: int) -> list[Kept]:
    """The codes that were handed out last, the newest first."""
    rows = await tx.all(_LAST_HANDED, store=pool.store_id, pool=pool.pool_id, count=count, each=EACH)
    return [Kept(*row) for row in rows]


async def next_code(tx: Tx, pool: Pool) -> tuple[int, str] | None:
    """Place and code of what is handed out next; None where nothing is left."""
    row = await tx.one_or_none(_NEXT, store=pool.store_id, pool=pool.pool_id, after=pool.handed_place, each=EACH)
    return None if row is None else (row.place, row.code)


async def hand_out(tx: Tx, pool: Pool, *, reference: str, place: int) -> None:
    """Notes for what the code of a place was handed out. The pool is locked."""
    await tx.execute(_HAND_OUT, store=pool.store_id, pool=pool.pool_id, reference=reference, place=place, now=tx.now)


async def handed(tx: Tx, store_id: str, pool_id: str, reference: str) -> HandOut | None:
    """What was handed out for something, if anything was."""
    row = await tx.one_or_none(_HANDED, store=store_id, pool=pool_id, reference=reference, each=EACH)
    return None if row is None else HandOut(code=row.code, reference=row.reference, at=row.at)


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with pools, in words: counts that are not those of the codes and hand-outs, a code that is there
    twice, or that its store does not know as the pool's, a place that was passed over, or handed out without a code.
    For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_POOL, store=store_id, after=after, count=count)
        for row in await tx.all(_MISCOUNTED, store=store_id, after=after, upto=upto, each=EACH):
            yield (
                f"{row.pool_id} counts {row.size} codes up to place {row.last_place}, {row.handed} handed out up to"
                f" place {row.handed_place}; there are {row.codes} up to place {row.last}, {row.handed_out} handed out"
                f" up to place {row.place}, where {row.passed} should be"
            )
        after = upto
    behind: tuple[str, int] | None = ("", 0)
    while behind is not None:
        rows = await tx.all(_NEXT_SLICE, store=store_id, pool=behind[0], slice=behind[1], count=1 + count // EACH)
        last = (rows[0].pool_id, rows[0].slice) if rows else None
        span = {
            "store": store_id,
            "pool": behind[0],
            "slice": behind[1],
            "last_pool": last[0] if last else None,
            "last_slice": last[1] if last else None,
            "each": EACH,
        }
        for row in await tx.all(_STRANGE, **span):
            yield f"{row.pool_id} has a code in place {row.place} that its store does not have as that pool's"
        for row in await tx.all(_LEAPT, **span):
            yield f"{row.pool_id} should have handed out {row.passed} codes of row {row.slice}, it did {row.handed}"
        behind = last
    after = ""
    while after is not None:
        pools = [one.pool_id for one in await tx.all(_POOLS_AFTER, store=store_id, after=after, count=count)]
        for pool_id in pools:
            for row in await tx.all(_TWICE, store=store_id, pool=pool_id, most=MOST_TWICE):
                yield f"{pool_id} has one code {row.times} times"
        after = pools[-1] if pools else None


def _pool(row: Row | None) -> Pool | None:
    return None if row is None else Pool(**row._asdict())
