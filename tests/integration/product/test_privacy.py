"""No personal data leaves its table: after a journey with marked names and contacts, everything else is searched."""

import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout

import asyncpg
import httpx
import pytest

from services.cli import catalog
from services.cli.local.postgres import OWNER
from services.kernel.runner import running
from services.kernel.settings import Settings
from tests.support.postgres import FreshDatabase
from tests.support.two_stores import OPERATOR, PROGRAM, make_store, now
from tests.support.wait import until

MARKS = ("Zaphodia", "quietmark", "5550199777", "loudmark", "5550188666")
AMBASSADOR = {"name": "Anna Zaphodia", "email": "quietmark@example.com", "phone": "+1 555 0199777"}
FRIEND = {"id": "c-77", "email": "loudmark@example.com", "phone": "+1 (555) 0188-666"}


@pytest.fixture
async def outputs() -> AsyncIterator[io.StringIO]:
    """Everything that the process prints or logs."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    with redirect_stdout(heard), redirect_stderr(heard):
        yield heard
    logging.getLogger().removeHandler(handler)


async def journey(client: httpx.AsyncClient) -> list[str]:
    """The main job and some mistakes around it; returns the texts of refused requests and the metrics."""
    store = await make_store(client, "Privacy")
    program = (await client.post("/v1/programs", json=PROGRAM, headers=store.secret)).json()["id"]
    joined = await client.post("/v1/ambassadors", json={"program_id": program, **AMBASSADOR}, headers=store.secret)
    assert joined.status_code == 201, joined.text
    seen = await client.post(
        "/v1/track",
        json={"type": "identify", "visitor_id": "v1", "customer": {k: FRIEND[k] for k in ("id", "email", "phone")}},
        headers=store.publishable,
    )
    assert seen.status_code == 202, seen.text
    order = {
        "order_id": "o-1",
        "placed_at": now(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5000,
        "customer": FRIEND,
        "visitor_id": "v1",
        "codes": [joined.json()["code"]["code"]],
    }
    assert (await client.post("/v1/orders", json=order, headers=store.secret)).status_code == 202

    async def rewarded() -> bool:
        return bool((await client.get("/v1/rewards?order_id=o-1", headers=store.secret)).json()["data"])

    await until(rewarded, within=60, what="a reward")
    wrong = order | {"order_id": "o-2", "total_minor": -1, "customer": FRIEND | {"surname": "Zaphodia"}}
    refused = [
        await client.post("/v1/orders", json=wrong, headers=store.secret),
        await client.post("/v1/ambassadors", json={**AMBASSADOR, "program_id": "prg_nobody"}, headers=store.secret),
        await client.post("/v1/orders", content=json.dumps(order)[:-9], headers=store.secret),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refused)
    return [*(answer.text for answer in refused), (await client.get("/metrics")).text]


async def test_names_mails_and_phones_stay_in_the_people_table(
    fresh_database: FreshDatabase, outputs: io.StringIO
) -> None:
    url = await fresh_database()
    settings = Settings(
        database_url=url,
        secret_keys="k1:a-secret-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        contact_key="a-contact-key-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        operator_key=OPERATOR,  # type: ignore[arg-type]  # parsed
        log_level="debug",
        pool_size=3,
    )
    async with (
        running(catalog.load_all(), settings, port=0) as process,
        httpx.AsyncClient(base_url=process.url, timeout=30) as client,
    ):
        texts = await journey(client)
        connection = await asyncpg.connect(url.replace(f"{OWNER}@", "postgres@"))  # row-level security hides all else
        try:
            found = await rows_with_marks(connection)
        finally:
            await connection.close()
    assert found == {"links.people"}
    for text in (*texts, outputs.getvalue()):
        assert not [mark for mark in MARKS if mark.lower() in text.lower()], text[:500]


async def rows_with_marks(connection: asyncpg.Connection) -> set[str]:
    """Every table of every schema, the bus among them, whose rows hold a mark anywhere, as text or as bytes."""
    tables = await connection.fetch(
        "select schemaname, tablename from pg_tables where schemaname in"
        " ('links', 'attribution', 'rewards', 'analytics', 'bus')"
    )
    found = set()
    for schema, table in tables:
        columns = await connection.fetch(
            "select column_name, data_type from information_schema.columns where table_schema = $1 and table_name = $2",
            schema,
            table,
        )
        parts = [f"encode(\"{name}\", 'escape')" if kind == "bytea" else f'"{name}"::text' for name, kind in columns]
        text = f"lower(concat_ws(' ', {', '.join(parts)}))"
        rows = await connection.fetchval(
            f'select count(*) from "{schema}"."{table}" where {text} like any($1::text[])',
            [f"%{mark.lower()}%" for mark in MARKS],
        )
        if rows:
            found.add(f"{schema}.{table}")
    return found
