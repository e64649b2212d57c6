"""A crowd in bulk: the rows of one store become as many as wanted, and other stores beside it. SQL copies them."""

from collections.abc import Mapping, Sequence

import asyncpg

_IDS = frozenset(
    "code_id link_id ambassador_id order_id person_id key into_id delivery_id use_id fact_id track_id visitor_id"
    " click_id reward_id beneficiary_id owner buyer friend name code slug id external_id"
    " sponsor_id hook_id key_id event_id".split()
)
"""Text columns that name something that a copy has another one of."""
_NUMBERS = frozenset({"number", "granted_by", "corrects", "seq", "as_of"})
_DAYS = frozenset({"day", "start"})
_COMMON = frozenset({"keys", "programs", "program_versions", "hooks", "clock", "progress", "account_totals", "spent"})
"""Tables with some rows a store, however many orders it has."""
_FAR_APART = 1_000_000


async def multiply(
    superuser: asyncpg.Connection, schemas: Sequence[str], store: str, *, copies: int, others: Sequence[str]
) -> None:
    """Gives every other store a copy of what the store has, and the store itself `copies` more. Triggers sleep."""
    await superuser.execute("set session_replication_role = replica")
    tables = await _tables(superuser, schemas)
    for table, columns in tables.items():
        await _copy(superuser, table, columns, store, times=len(others), others=others)
    for table, columns in tables.items():
        if table.partition(".")[2] not in _COMMON | {"head", "stores", "answers"}:
            await _copy(superuser, table, columns, store, times=copies)
    await superuser.execute("set session_replication_role = origin")
    await superuser.execute("vacuum analyze")


async def _tables(superuser: asyncpg.Connection, schemas: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Columns and their types by table, of all tables that belong to stores."""
    rows = await superuser.fetch(
        "select table_schema || '.' || table_name as name, column_name, data_type from information_schema.columns"
        " where table_schema = any($1) and table_name not in ('due', 'directory', 'outbox', 'changed_results')"
        " and is_generated = 'NEVER'"
        " order by ordinal_position",
        list(schemas),
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["name"], {})[row["column_name"]] = row["data_type"]
    return {name: columns for name, columns in found.items() if "store_id" in columns}


async def _copy(
    superuser: asyncpg.Connection,
    table: str,
    columns: Mapping[str, str],
    store: str,
    *,
    times: int,
    others: Sequence[str] | None = None,
) -> None:
    mark = "'~' || k" if others is None else "'~o' || k"
    values = []
    for name, kind in columns.items():
        if name == "store_id" and others is not None:
            values.append("($2::text[])[k]")
        elif name in _IDS and kind == "text" and table != "links.stores":
            values.append(f"case when {name} = '' then '' else {name} || {mark} end")
        elif name in _NUMBERS and kind in ("bigint", "integer") and others is None:
            values.append(f"{name} + k::bigint * {_FAR_APART}")
        elif name in _DAYS and others is None and table.startswith("analytics.daily"):
            values.append(f"{name} - k")
        else:
            values.append(f'"{name}"')
    names = ", ".join(f'"{name}"' for name in columns)
    await superuser.execute(
        f"insert into {table} ({names}) select {', '.join(values)} from {table}, generate_series(1, {times}) k"
        f" where store_id = $1 and ($2::text[] is null or true) on conflict do nothing",
        *(store, list(others) if others else None),
        timeout=120,
    )
