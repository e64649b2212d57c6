"""The store's own codes, as a list: each line is added, or the report says why not."""

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.rewards.pools import sql
from services.rewards.pools.actions.fill import get, keep, locked
from services.rewards.pools.domain import MOST_CODES, BadList, Line, Pool, read_codes

Why = Literal["invalid", "twice_in_list", "in_this_pool", "in_another_pool"]


class Left(NamedTuple):
    """A line that adds nothing, and why: `first` is the line in which the code stood before, `pool` the one that has
    it.
    """

    line: Line
    why: Why
    first: int | None = None
    pool: sql.Known | None = None


class Brought(NamedTuple):
    """What became of a list."""

    pool: Pool
    lines: int
    added: int
    left: list[Left]


class Undone(Exception):
    """Leaves the transaction without anything of it: a list was only tried."""


async def read(text: str) -> list[Line]:
    """The lines of a list, while others get their turn. Raises `Invalid`."""
    try:
        return await asyncio.to_thread(read_codes, text)
    except BadList as error:
        raise Invalid.field("csv", error.mend, code="bad_list") from None


async def bring(tx: Tx, store_id: str, pool_id: str, lines: Sequence[Line]) -> Brought:
    """Adds the codes of a list. What the store has already, in any pool, is left out and named.

    Raises `PoolNotFound`, and `Invalid` for more than a pool holds.
    """
    await get(tx, store_id, pool_id)
    new, left = _new_and_left(lines)
    added = await sql.claim_codes(tx, store_id, pool_id, [line.code or "" for line in new])
    fresh = set(added)
    left += await _not_added(tx, store_id, pool_id, [line for line in new if line.code not in fresh])
    pool = await locked(tx, store_id, pool_id)
    if pool.size + len(added) > MOST_CODES:
        raise Invalid.field(
            "csv", Translatable(_("A pool holds %(most)s codes at most."), most=MOST_CODES), code="too_many"
        )
    last_place = await sql.place_codes(tx, pool, added)
    after = await keep(tx, replace(pool, added=pool.added + len(added), last_place=last_place))
    if added:
        tx.note("pool.filled", on=pool_id, after={"count": len(added)})
    return Brought(after, len(lines), len(added), sorted(left, key=lambda one: one.line.number))


async def _not_added(tx: Tx, store_id: str, pool_id: str, lines: Sequence[Line]) -> list[Left]:
    """Why these lines added nothing. Asked after the others were added: what somebody else added meanwhile is there."""
    having = {one.number: one for one in await sql.known(tx, store_id, [line.code or "" for line in lines])}
    left: list[Left] = []
    for number, line in enumerate(lines, 1):
        found = having.get(number)
        why: Why = "in_this_pool" if found is not None and found.pool_id == pool_id else "in_another_pool"
        left.append(Left(line, why, pool=found))
    return left


def _new_and_left(lines: Sequence[Line]) -> tuple[list[Line], list[Left]]:
    """Lines with a code that stands in none before, and the others."""
    first: dict[str, int] = {}
    new: list[Line] = []
    left: list[Left] = []
    for line in lines:
        if line.code is None:
            left.append(Left(line, "invalid"))
        elif line.code in first:
            left.append(Left(line, "twice_in_list", first=first[line.code]))
        else:
            first[line.code] = line.number
            new.append(line)
    return new, left
