"""`python -m benchmarks.pools [codes]`: how long a pool of a million codes takes, beside a bare COPY of the same rows.

The pool is made as its task makes it: slice after slice, each in its transaction, by the services' role under row-level
security, into both of its tables. The COPY goes into a table of the same columns, once without any index and once with
the same one, by the owner of the database.
"""

import argparse
import tempfile
import time
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.stage import Stage, staged
from services.kernel.db import Database
from services.rewards.pools.actions import fill

_STORE = "str_01k9x0m0q4s8t2w6y0a4c8e2g6"
_COLUMNS = ("store_id", "pool_id", "mark", "code")


async def _copied(connection: asyncpg.Connection, rows: list[tuple[object, ...]], *, indexed: bool) -> float:
    """Seconds of a COPY of these rows."""
    like = "(like rewards.pool_codes including all)" if indexed else "(like rewards.pool_codes)"
    await connection.execute(f"drop table if exists rewards.copied; create table rewards.copied {like}; checkpoint")
    began = time.perf_counter()
    await connection.copy_records_to_table("copied", schema_name="rewards", columns=_COLUMNS, records=rows)
    return time.perf_counter() - began


async def _measure(stage: Stage, codes: int) -> None:
    db = Database(stage.database_url, schema="rewards")
    try:
        async with db.transaction([_STORE]) as tx:
            pool = await fill.open_pool(tx, _STORE, name="A million", count=codes)
        began, more = time.perf_counter(), True
        while more:
            async with db.transaction([_STORE]) as tx:
                more = await fill.make_slice(tx, _STORE, pool.pool_id, start=pool.start)
        took = time.perf_counter() - began
        async with db.transaction([_STORE]) as tx:
            pool = await fill.get(tx, _STORE, pool.pool_id)
    finally:
        await db.close()
    async with stage.connected() as connection:
        found = await connection.fetch(f"select {', '.join(_COLUMNS)} from rewards.pool_codes")
        rows = [tuple(row) for row in found]
        distinct = len({row[3] for row in rows})
        bare = await _copied(connection, rows, indexed=False)
        indexed = await _copied(connection, rows, indexed=True)
        await connection.execute("drop table rewards.copied")
    print(f"{pool.made:,} codes, {distinct:,} of them different, in {took:.2f} s: {pool.made / took:,.0f} a second")
    print(f"a bare COPY of the same rows: {bare:.2f} s, so {took / bare:.1f} times as long")
    print(f"a COPY with the same unique index: {indexed:.2f} s, so {took / indexed:.1f} times as long")


async def _run(codes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="kith-pools-") as folder:
        async with staged(Path(folder)) as stage:
            await _measure(stage, codes)


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks.pools", description=__doc__)
    parser.add_argument("codes", nargs="?", type=int, default=1_000_000)
    uvloop.run(_run(parser.parse_args().codes))


if __name__ == "__main__":
    main()
