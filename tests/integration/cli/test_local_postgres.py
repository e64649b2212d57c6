"""The private PostgreSQL of a data folder: starts, recovers, stops."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.cli.local import postgres
from services.cli.local.postgres import APP_ROLE, IN_TESTS, OWNER, Postgres
from services.cli.local.process import StartFailed


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Postgres]:
    server = Postgres(tmp_path / "postgres", settings=IN_TESTS)
    yield server
    await server.stop()


async def test_data_is_there_after_a_stop_and_a_start(server: Postgres) -> None:
    await server.start()
    await server.ensure_databases(["kith"])
    await _run(server, "create table kept (id int)")
    await server.stop()
    assert server.pid is None

    await server.start()
    await _run(server, "insert into kept values (1)")


async def test_a_killed_server_comes_back_over_its_stale_files(server: Postgres) -> None:
    await server.start()
    await server.ensure_databases(["kith"])
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    await server.start()
    assert server.pid not in {None, pid}
    await _run(server, "select 1")


async def test_a_process_that_got_the_old_servers_number_is_not_taken_for_it(server: Postgres) -> None:
    await server.start()
    await server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n\n\n1 1\nready\n")

    await server.start()
    assert server.pid != os.getpid()


async def test_a_running_server_is_taken_over(server: Postgres) -> None:
    await server.start()
    second = Postgres(server.data, settings=IN_TESTS)
    await second.start()
    assert second.pid == server.pid
    await second.stop()
    assert server.pid is None


async def test_a_data_folder_with_a_long_path_is_reached_by_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("a-folder-with-a-long-name-" * 4) / "postgres"
    server = Postgres(deep, settings=IN_TESTS)
    try:
        await server.start()
        await server.ensure_databases(["kith"])
        await _run(server, "select 1")
    finally:
        await server.stop()


async def test_the_roles_cannot_step_around_row_level_security(server: Postgres) -> None:
    await server.start()
    await server.ensure_databases(["kith"])
    connection = await server.connect()
    try:
        rows = await connection.fetch("select * from pg_roles where rolname = any($1)", [OWNER, APP_ROLE])
    finally:
        await connection.close()
    assert {row["rolname"] for row in rows if row["rolcanlogin"]} == {OWNER}
    assert not any(row["rolbypassrls"] or row["rolsuper"] for row in rows)


async def test_a_wrong_setting_is_told_with_the_end_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_ATTEMPTS", 2)
    server = Postgres(tmp_path / "postgres", settings={**IN_TESTS, "shared_buffers": "nonsense"})
    with pytest.raises(StartFailed, match="shared_buffers"):
        await server.start(within=20)


async def test_the_socket_is_private(server: Postgres) -> None:
    await server.start()
    assert server.data.stat().st_mode & 0o077 == 0
    assert server.settings["listen_addresses"] == ""


async def _run(server: Postgres, sql: str) -> None:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(server.url("kith"))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
