"""A whole process: one service, its port, its relay and consumer, started and stopped in order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.kernel import vital
from services.kernel.runner import BackgroundDied, Process, _first_end, running
from services.kernel.session import connect
from services.kernel.settings import Settings
from tests.support.toy import TOY, seen
from tests.support.wait import until

OPERATOR = "operator-key-of-thirty-two-letters"


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=url,
        data_dir=tmp_path,
        secret_keys=SecretStr("k1:0123456789012345678901234567890123456789"),
        contact_key=SecretStr("0123456789012345678901234567890123456789"),
        operator_key=SecretStr(OPERATOR),
    )


@pytest.fixture
async def process(settings: Settings) -> AsyncIterator[Process]:
    async with running([TOY], settings, port=0) as started:
        yield started


async def test_a_request_becomes_an_event_becomes_an_effect_on_one_trace(process: Process) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
        answer = await client.post(
            "/v1/toys/t1",
            headers={"authorization": f"Bearer {OPERATOR}", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        assert answer.status_code == 202, answer.text
    db = process.contexts["toy"].db
    await until(lambda: seen(db), within=10)
    async with db.transaction(["str_a"]) as tx:
        assert str(await tx.scalar("select traceparent from seen")).split("-")[1] == trace


async def test_it_says_that_it_lives_is_ready_and_how_it_does(process: Process) -> None:
    async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
        assert (await client.get("/livez")).json() == {"status": "ok", "stuck": []}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        metrics = (await client.get("/metrics")).text
        assert "kith_outbox_events" in metrics
        process.health.draining = True
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert (await client.get("/v1/toys/none")).headers["connection"] == "close"


async def test_readiness_fails_while_the_schema_is_older_than_the_build(process: Process) -> None:
    owner = await connect(process.contexts["toy"].db.url, schema="toy", purpose="test", role=None)
    async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
        await owner.execute("update migrations set version_num = 'of a newer build'")
        assert (await client.get("/readyz")).status_code == 200
        await owner.execute("delete from migrations")
        answer = await client.get("/readyz")
    await owner.close()
    assert answer.status_code == 503
    assert "kith migrate" in answer.text


async def test_a_database_that_is_away_leaves_replicas_in_service_for_what_needs_none(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_sql: str) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(process.contexts["toy"].db, "peek", away)
    async with httpx.AsyncClient(base_url=process.url, timeout=60) as client:
        everything = await client.get("/readyz")
        to_balance = await client.get("/readyz?exclude=database")
        process.health.draining = True
        leaving = await client.get("/readyz?exclude=database")
    assert everything.status_code == 503
    assert [check["name"] for check in everything.json()["checks"] if not check["ok"]] == ["toy.database"]
    assert to_balance.status_code == 200
    assert "toy.schema" in {check["name"] for check in to_balance.json()["checks"]}
    assert leaving.status_code == 503


async def test_work_in_the_background_is_under_watch_and_its_end_is_the_process_s(process: Process) -> None:
    """A spool that nobody drains, or a commit that nobody writes, must not look like a quiet day."""
    watched = {task.get_name() for task in vital.running()}
    assert {"live-state", "log-poll", "http-guard"} <= watched

    async def dying() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    never: asyncio.Task[Any] = asyncio.create_task(asyncio.Event().wait(), name="signal")
    part = vital.start(dying(), name="dying")
    try:
        with pytest.raises(BackgroundDied, match="dying"):
            await _first_end(never, [*process.tasks, *vital.running()], [])
    finally:
        never.cancel()
    assert part in vital.running(), "one that died before anybody looked is found too"
