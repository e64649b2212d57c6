"""`kith doctor` and `kith migrate` on real databases: what is well, what is wrong, what to do."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.cli import manifests
from services.cli.inspect import database
from services.cli.local.keep import ensure_secrets
from tests.support.command_line import kith
from tests.support.postgres import FreshDatabase, TestServer
from tests.support.wait import until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        monkeypatch.delenv(name)


def findings(printed: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {finding["name"]: finding for finding in printed[-1]["findings"]}


async def test_a_sound_installation_is_well(tmp_path: Path, fresh_database: FreshDatabase) -> None:
    status, printed, complaints = await kith("doctor", folder=tmp_path, url=await fresh_database())
    assert status == 0, complaints
    assert printed[-1]["well"] is True
    found = findings(printed)
    assert {found[f"{name} schema"]["verdict"] for name in manifests.NAMES} == {"ok"}
    assert found["bus"]["detail"] == "the log in PostgreSQL"
    assert found["secrets"]["verdict"] == "ok"


async def test_an_empty_database_is_a_failure_that_migrate_mends(tmp_path: Path, postgres: TestServer) -> None:
    url = await postgres.empty()
    status, printed, _ = await kith("doctor", folder=tmp_path, url=url)
    assert status == 1
    assert findings(printed)["links schema"]["advice"] == "run `kith migrate`"

    status, printed, complaints = await kith("migrate", folder=tmp_path, url=url)
    assert status == 0, complaints
    assert [entry["migrated"] for entry in printed] == ["bus", *manifests.NAMES]
    status, printed, _ = await kith("doctor", folder=tmp_path, url=url)
    assert status == 0
    await postgres.drop(url)


async def test_a_database_that_is_away_is_told_with_its_setting(tmp_path: Path) -> None:
    url = "postgresql://kith@127.0.0.1:9/kith"
    status, printed, _ = await kith("doctor", folder=tmp_path, url=url)
    assert status == 1
    assert "KITH_LINKS_DATABASE_URL" in findings(printed)["links database"]["advice"]


async def test_waiting_events_and_a_moved_clock_are_warnings(tmp_path: Path, fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "insert into links.outbox (event_id, topic, key, type, store_id, subject, at, data)"
        " values ('evt_1', 'kith.catalog', 'k', 't', 's', 's', now() - interval '5 minutes', '')"
    )
    await connection.execute("insert into rewards.clock (one, offset_seconds, revision) values (true, 3600, 1)")
    await connection.close()
    status, printed, _ = await kith("doctor", folder=tmp_path, url=url)
    assert status == 0
    found = findings(printed)
    assert found["links outbox"]["verdict"] == "warning"
    assert found["rewards demo clock"]["verdict"] == "warning"


async def test_a_snapshot_that_is_held_for_long_is_told_with_who_holds_it(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await fresh_database()
    monkeypatch.setattr(database, "SNAPSHOT_OLD", timedelta(0))
    assert await reported(url) == "ok"
    report = await asyncpg.connect(url, server_settings={"application_name": "long-report"})
    await report.execute("begin isolation level repeatable read")
    await report.fetchval("select 1")
    assert await reported(url) == "warning: long-report"
    await report.close()
    await until(lambda: _well(url), what="a database that nobody keeps from being tidied")


async def reported(url: str) -> str:
    """What is said of snapshots in rewards' database."""
    [finding] = [one for one in await database.look(manifests.load("rewards"), url) if one.name == "rewards snapshots"]
    return f"{finding.verdict}: long-report" if "(long-report)" in finding.detail else str(finding.verdict)


async def _well(url: str) -> bool:
    return await reported(url) == "ok"


async def test_secrets_that_others_can_read_are_a_failure(tmp_path: Path, fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    ensure_secrets(tmp_path)
    (tmp_path / "secrets.env").chmod(0o644)
    status, printed, _ = await kith("doctor", folder=tmp_path, url=url)
    assert status == 1
    assert "chmod 600" in findings(printed)["secrets"]["advice"]


async def test_migrations_say_what_the_models_say(tmp_path: Path) -> None:
    status, printed, complaints = await kith("migrate", "--check", folder=tmp_path, url="")
    assert status == 0, (printed, complaints)
