"""What statements really read: each one that the product runs is explained where it runs, in its own transaction.

`Explained.watching()` puts itself before the driver. While it is on, a statement is first run under EXPLAIN (ANALYZE,
BUFFERS) in a savepoint that is rolled back: with the role, the visible stores, the parameters and the data that it has.
Twice, because a statement that is run often is planned once for all parameters: as planned for these, and for any.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

_TRIES = 5
"""Runs of one statement that are explained; the first ones often find nothing yet."""
_STATEMENT = re.compile(r"\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
_BESIDE = re.compile(r"advisory|pg_sleep|set_config|pg_notify", re.IGNORECASE)
"""What must not run twice, or is no reading."""
_METHODS = ("execute", "fetch", "fetchrow", "fetchval")
_SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Tid Scan"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run of a statement read. `wanted` is what it was asked for or gave: rows out or written, values in."""

    schema: str
    role: str
    sql: str
    plan: str
    wanted: int
    rows: int
    buffers: int
    scans: tuple[str, ...]

    def __str__(self) -> str:
        scans = "\n    ".join(self.scans)
        figures = f"{self.rows} rows and {self.buffers} buffers for {self.wanted} wanted, {self.plan} plan"
        return f"{self.schema}: {' '.join(self.sql.split())[:1200]}\n  {figures}\n    {scans}"


@dataclass(slots=True)
class Explained:
    """All readings, and statements that could not be explained."""

    readings: list[Reading] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)
    _busy: set[int] = field(default_factory=set)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Explains what any connection of this process runs until the block ends."""
        plain = {name: getattr(asyncpg.Connection, name) for name in _METHODS}
        for name, method in plain.items():
            setattr(asyncpg.Connection, name, self._around(method, plain))
        try:
            yield
        finally:
            for name, method in plain.items():
                setattr(asyncpg.Connection, name, method)

    def _around(self, method: Any, plain: dict[str, Any]) -> Any:
        async def watched(connection: asyncpg.Connection, sql: str, *args: Any, **more: Any) -> Any:
            worth = _STATEMENT.match(sql) and not _BESIDE.search(sql) and id(connection) not in self._busy
            if worth and self._seen[sql] < _TRIES:
                self._seen[sql] += 1
                self._busy.add(id(connection))
                try:
                    await self._explain(_Plain(connection, plain), sql, args)
                finally:
                    self._busy.discard(id(connection))
            return await method(connection, sql, *args, **more)

        return watched

    async def _explain(self, plain: "_Plain", sql: str, args: Sequence[Any]) -> None:
        inside = plain.connection.is_in_transaction()
        await plain.execute("savepoint explained" if inside else "begin")
        try:
            schema, role = await plain.row("select current_schema(), current_user")
            figures = "explain (analyze, buffers, timing off, format json)"
            for kind in ("custom", "generic"):
                if kind == "custom":
                    found = (await plain.row(f"{figures} {sql}", *args))[0]
                else:
                    found = await self._generic(plain, figures, sql, args)
                self.readings.append(_reading(schema, role, sql, kind, _parsed(found)[0]["Plan"], args))
                if inside:
                    await plain.execute("rollback to explained")
                else:
                    await plain.execute("rollback; begin")
        except asyncpg.PostgresError as error:
            self.failed.append(f"{sql}: {error}")
        finally:
            await plain.execute("rollback to explained; release explained" if inside else "rollback")

    async def _generic(self, plain: "_Plain", figures: str, sql: str, args: Sequence[Any]) -> Any:
        types = [kind.name for kind in (await plain.connection.prepare(sql)).get_parameters()]
        literals: list[str] = []
        if args:
            quoted = ", ".join(f"quote_nullable(${n}::{kind}::text)" for n, kind in enumerate(types, 1))
            literals = list(await plain.row(f"select {quoted}", *args))
        await plain.execute("set local plan_cache_mode = force_generic_plan")
        await plain.execute(f"prepare explained as {sql}")
        try:
            call = f"explained({', '.join(literals)})" if literals else "explained"
            return (await plain.row(f"{figures} execute {call}"))[0]
        finally:
            await plain.execute("deallocate explained")


@dataclass(frozen=True, slots=True)
class _Plain:
    """A connection whose methods are the driver's own."""

    connection: asyncpg.Connection
    methods: dict[str, Any]

    async def execute(self, sql: str) -> None:
        await self.methods["execute"](self.connection, sql)

    async def row(self, sql: str, *args: Any) -> Any:
        return await self.methods["fetchrow"](self.connection, sql, *args)


def _parsed(found: Any) -> Any:
    return json.loads(found) if isinstance(found, str) else found  # as the connection's codec has it


def _reading(schema: str, role: str, sql: str, kind: str, plan: dict[str, Any], args: Sequence[Any]) -> Reading:
    given = max((len(arg) for arg in args if isinstance(arg, list | tuple)), default=0)
    made = [
        node["Actual Rows"] for node in (plan, *plan.get("Plans", ())) if node.get("Parent Relationship") != "InitPlan"
    ]
    nodes = [node for node in _nodes(plan) if node["Node Type"] in _SCANS]
    return Reading(
        schema=schema,
        role=role,
        sql=sql,
        plan=kind,
        wanted=given + int(max(made) if plan["Node Type"] == "ModifyTable" else plan["Actual Rows"]),
        rows=sum(_read(node) for node in nodes),
        buffers=plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0),
        scans=tuple(
            f"{node['Node Type']} {node.get('Index Name', '')} on {node.get('Relation Name')}: {_read(node)} rows in"
            f" {node['Actual Loops']} loops; {node.get('Index Cond', '')} filter {node.get('Filter', '')}"
            for node in nodes
        ),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _read(node: dict[str, Any]) -> int:
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    read: int = round(each * node["Actual Loops"])
    return read
