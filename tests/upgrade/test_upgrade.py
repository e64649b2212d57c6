"""A data folder that an earlier version of Kith made: today's code takes it over, and finds everything as it was.

Folders lie beside this file, one for each version, as README.md says. Each has some weeks of a small store (settled and
open orders, limits and a budget that were reached, refunds, cancellations), and what that version answered about it.
"""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.local.postgres import OWNER, Postgres, programs
from services.cli.starting import EMBEDDED_DATABASE
from services.cli.starting import embedded_postgres as own_server
from tests.support import command_line
from tests.support.product import running
from tests.support.wait import until

pytestmark = pytest.mark.timeout(400)
HERE = Path(__file__).parent
FOLDERS = sorted(path.parent.name for path in HERE.glob("*/data.sql.gz"))
SERVICES = ("links", "attribution", "rewards", "analytics")
LATER_DAYS = 60
CHECKS = (("replay", "--whole"), ("reconcile",), ("ledger", "verify"), ("recount", "--check"))
"""What operators ask. Each recomputes everything, and ends with 1 if anything is not as it must be."""


@asynccontextmanager
async def taken_over(version: str, folder: Path) -> AsyncIterator[dict[str, Any]]:
    """The earlier version's data in a folder with a PostgreSQL of its own, migrated by today's code; its answers."""
    answers: dict[str, Any] = json.loads((HERE / version / "answers.json").read_text())
    folder.mkdir()
    for name in ("secrets.env", "demo.json"):
        shutil.copy(HERE / version / name, folder / name)
    server = own_server(folder)
    await server.start()
    try:
        await server.ensure_databases([EMBEDDED_DATABASE])
        load(server, gzip.decompress((HERE / version / "data.sql.gz").read_bytes()))
        await stand_at(server, datetime.fromisoformat(answers["at"]))
        await kith(folder, "migrate")
        yield answers
    finally:
        await server.stop()


def load(server: Postgres, dump: bytes) -> None:
    """Reads a dump, as the role that owns what is in it."""
    url = server.url(EMBEDDED_DATABASE, user=OWNER)
    loaded = subprocess.run([programs() / "psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=dump, capture_output=True)
    assert loaded.returncode == 0, loaded.stderr.decode()


async def stand_at(server: Postgres, moment: datetime) -> None:
    """Sets the demo clock to when the data was put aside: nothing has become due since."""
    connection = await server.connect(EMBEDDED_DATABASE)
    offset = int((moment - datetime.now(UTC)).total_seconds())
    try:
        for name in SERVICES:
            await connection.execute(
                f"insert into {name}.clock (one, offset_seconds, revision) values (true, $1, 1000) "
                "on conflict (one) do update set offset_seconds = $1, revision = clock.revision + 1",
                offset,
            )
    finally:
        await connection.close()


async def kith(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What a command says of the folder. Fails if it found anything wrong."""
    given = words if words == ("migrate",) else (*words, "--json")
    status, out, err = await command_line.run(*given, env={**os.environ, "KITH_DATA_DIR": str(folder)})
    assert status == 0, f"kith {' '.join(words)}: {out}{err}"
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


async def all_is_whole(folder: Path, store_id: str) -> int:
    """The books add up, decisions follow from their facts byte for byte, orders are somewhere once, sums are those of
    what was counted. Returns how many decisions were compared.
    """
    found = {words: await kith(folder, *words) for words in CHECKS}
    [replayed] = [one for one in found[CHECKS[0]] if one["store"] == store_id]
    assert (replayed["different"], replayed["other_engine"], replayed["misremembered"]) == (0, 0, [])
    assert all(store_id in {one.get("store", one.get("store_id")) for one in answers} for answers in found.values()), (
        found
    )
    return int(replayed["equal"])


def assert_still_answered(before: Any, now: Any, where: str) -> None:
    """All that was answered is answered still; there may be more fields."""
    if isinstance(before, dict):
        for name, value in before.items():
            if name != "freshness":
                assert name in now, f"{where}: {name} is gone"
                assert_still_answered(value, now[name], f"{where}.{name}")
    elif isinstance(before, list):
        if all(isinstance(old, dict) and "metric" in old for old in before):  # metrics may have come since
            now = [new for new in now if new["metric"] in {old["metric"] for old in before}]
        assert len(now) == len(before), where
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            assert_still_answered(old, new, f"{where}[{place}]")
    else:
        assert now == before, where


async def platforms_go_on(http: httpx.AsyncClient, folder: Path, answers: dict[str, Any]) -> None:
    """The address that a platform was given works as before: what it sent is known, what failed can be looked at."""
    hook, delivered = answers["hook"], answers["delivered"]
    listed = (await http.get("/v1/hooks")).json()["data"]
    assert [(one["id"], httpx.URL(one["url"]).path) for one in listed] == [(hook["id"], httpx.URL(hook["url"]).path)]
    for one in delivered:
        answer = await http.post(httpx.URL(hook["url"]).path, content=one["body"], headers=one["headers"])
        expected = one["outcome"] if one["outcome"] == "failed" else "duplicate"
        assert answer.json() == {"outcome": expected}
    waiting = [one for one in delivered if one["outcome"] == "failed"]
    kept = await until_read(folder, answers["store_id"])
    shown = [await kith(folder, "deliveries", "show", name, "--store", answers["store_id"]) for name in kept]
    assert {body["body"] for [body] in shown} == {one["body"] for one in waiting}
    [account] = [one for one in await kith(folder, "reconcile") if "deliveries" in one]
    assert (account["deliveries"], account["taken"], account["ignored"]) == (len(delivered) + len(waiting), 4, 1)
    assert account["difference"] == 0


async def until_read(folder: Path, store_id: str) -> list[str]:
    """The deliveries that could not be read, when nothing waits to be read any more."""

    async def read() -> list[str]:
        found = await kith(folder, "deliveries", "list", "--all", "--store", store_id)
        failed = [one["delivery"] for one in found if one["outcome"] == "failed"]
        return failed if "waiting" not in {one["outcome"] for one in found} else []

    return await until(read, what="every delivery is read")


@pytest.mark.parametrize("version", FOLDERS)
async def test_what_an_earlier_version_left_is_found_as_it_was_and_goes_on(version: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with taken_over(version, folder) as answers:
        store_id = answers["store_id"]
        decisions = await all_is_whole(folder, store_id)
        assert decisions > 40
        async with (
            running("run", folder) as product,
            httpx.AsyncClient(
                base_url=product.url, headers={"Authorization": f"Bearer {answers['secret_key']}"}, timeout=60
            ) as http,
        ):
            for path, before in answers["answers"].items():
                answer = await http.get(path)
                assert answer.status_code == 200, f"{path}: {answer.text}"
                assert_still_answered(before, answer.json(), path)

            if "hook" in answers:
                await platforms_go_on(http, folder, answers)
            operator = {"Authorization": f"Bearer {product.operator_key}"}
            moved = await http.post("/v1/clock", json={"advance_seconds": LATER_DAYS * 86_400}, headers=operator)
            assert moved.status_code == 200

            async def settled() -> bool:
                orders = (await http.get("/v1/orders?limit=200")).json()["data"]
                return all(order["settled_at"] is not None or order["status"] == "pending" for order in orders)

            async def released() -> bool:
                rewards = (await http.get("/v1/rewards?limit=200")).json()["data"]
                return all(reward["status"] not in {"pending", "approved"} for reward in rewards)

            await until(settled, within=180, what="all that is paid has settled")
            await until(released, within=180, what="nothing is held any more")
            assert await all_is_whole(folder, store_id) >= decisions
