"""`kith dlq` on both buses: what was put aside is told, and replayed once, to the group that could not handle it."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from contracts.events.catalog import StoreConfigured
from services.cli import manifests
from services.kernel.bus import envelope
from services.kernel.bus.port import Record
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.ids import new_id
from services.kernel.runner import bus_of, running
from services.kernel.settings import Settings
from tests.support.command_line import kith
from tests.support.kafka import Broker
from tests.support.postgres import FreshDatabase
from tests.support.wait import until

pytestmark = pytest.mark.timeout(300)

GROUP = "kith.rewards"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        monkeypatch.delenv(name)


@dataclass
class Installation:
    """A migrated database, a bus, and the command line on them."""

    folder: Path
    url: str
    env: dict[str, str]

    async def dlq(self, *words: str) -> tuple[int, list[dict[str, Any]], str]:
        return await kith("dlq", *words, folder=self.folder, url=self.url, **self.env)

    async def waiting(self, store_id: str) -> list[dict[str, Any]]:
        status, letters, complaints = await self.dlq("list")
        assert status == 0, complaints
        return [letter for letter in letters if letter["store_id"] == store_id]

    async def noted(self, store_id: str) -> list[tuple[str, str, str]]:
        """What `kith audit` says was done in a store: the action, by whom, to what."""
        status, notes, complaints = await kith("audit", store_id, folder=self.folder, url=self.url, **self.env)
        assert status == 0, complaints
        return [(note["action"], note["actor_id"], note["subject"]) for note in notes]

    async def put_aside(self, store_id: str, value: bytes) -> None:
        """What a consumer does with an event that it cannot handle."""
        reason = {"dlq_reason": b"handler", "dlq_error": b"KeyError", "dlq_attempts": b"3", "dlq_group": GROUP.encode()}
        await self.publish(dead_letter_topic(GROUP), store_id, value, reason)

    async def publish(self, topic: str, store_id: str, value: bytes, more: dict[str, bytes] | None = None) -> None:
        head = envelope.headers(
            event_id=new_id("evt"),
            type=StoreConfigured.TYPE,
            source="/kith/links",
            store_id=store_id,
            subject=store_id,
            at=datetime.now(UTC),
            traceparent=None,
        )
        services = manifests.load_all()
        bus = bus_of(services, self.settings())
        await bus.start()
        await bus.publish([Record(topic, store_id, value, head | (more or {}))])
        await bus.stop()

    def settings(self) -> Settings:
        return Settings(
            database_url=self.url,
            kafka_url=self.env.get("KITH_KAFKA_URL"),
            secret_keys=SecretStr(f"k1:{'x' * 32}"),
            contact_key=SecretStr("y" * 32),
            operator_key=SecretStr("z" * 32),
            sealing_keys={"rewards": SecretStr(f"r1:{'w' * 32}")},
            data_dir=self.folder,
        )

    async def known_stores(self) -> set[str]:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("select set_config('role', 'none', false)")
            rows = await connection.fetch("select key from rewards.directory where kind = 'store'")
        finally:
            await connection.close()
        return {row["key"] for row in rows}


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, fresh_database: FreshDatabase, kafka: Broker
) -> Installation:
    env = {"KITH_KAFKA_URL": kafka.url} if request.param == "kafka" else {}
    return Installation(tmp_path, await fresh_database(), env)


def configured(store_id: str) -> bytes:
    payload = StoreConfigured(
        store_id=store_id,
        name="Zerno",
        currency="EUR",
        timezone="UTC",
        domains=("shop.example",),
        locale="en",
        created_at=datetime.now(UTC),
        revision=1,
    )
    return payload.model_dump_json().encode()


async def test_a_letter_is_told_shown_and_replayed_once(installation: Installation) -> None:
    store_id = new_id("str")
    await installation.put_aside(store_id, configured(store_id))
    [letter] = await installation.waiting(store_id)
    assert (letter["group"], letter["reason"], letter["error"], letter["attempts"]) == (GROUP, "handler", "KeyError", 3)

    status, [shown], _ = await installation.dlq("show", letter["place"])
    assert status == 0
    assert shown["payload"]["name"] == "Zerno"
    assert shown["headers"]["ce_type"] == StoreConfigured.TYPE

    assert store_id not in await installation.known_stores()
    status, [done], complaints = await installation.dlq("replay", letter["place"])
    assert (status, done["replayed"]) == (0, True), complaints
    assert store_id in await installation.known_stores()
    assert await installation.noted(store_id) == [("dead_letter.replayed", "cli", letter["place"])]

    assert await installation.waiting(store_id) == []
    status, _, complaints = await installation.dlq("replay", letter["place"])
    assert status == 1
    assert "no letter waits" in complaints


async def test_what_still_cannot_be_handled_stays_and_the_rest_goes_on(installation: Installation) -> None:
    broken, whole = new_id("str"), new_id("str")
    await installation.put_aside(broken, b'{"store_id": 7}')
    await installation.put_aside(whole, configured(whole))
    status, done, _ = await installation.dlq("replay", "--all", "--group", GROUP)
    assert status == 1
    assert {True, False} == {one["replayed"] for one in done}
    assert next(one for one in done if not one["replayed"])["error"] == "ContractError"
    assert len(await installation.waiting(broken)) == 1
    assert await installation.waiting(whole) == []
    assert whole in await installation.known_stores()


async def test_what_nobody_can_mend_is_struck_off_with_its_reason(installation: Installation) -> None:
    store_id = new_id("str")
    await installation.put_aside(store_id, b'{"store_id": 7}')
    [letter] = await installation.waiting(store_id)
    status, [done], complaints = await installation.dlq("drop", letter["place"], "--reason", "the store is a test [x]")
    assert (status, done["place"], done["dropped"]) == (0, letter["place"], "the store is a test [x]"), complaints
    assert await installation.noted(store_id) == [("dead_letter.dropped", "cli", letter["place"])]
    assert await installation.waiting(store_id) == []
    struck = [one for one in (await installation.dlq("list", "--dropped"))[1] if one["store_id"] == store_id]
    assert [one["dropped"] for one in struck] == ["the store is a test [x]"]
    for words in (("drop", letter["place"], "--reason", "again"), ("replay", letter["place"])):
        status, _, complaints = await installation.dlq(*words)
        assert status == 1
        assert "no letter waits" in complaints


async def test_what_waits_is_counted_also_for_groups_that_never_read(installation: Installation) -> None:
    """`kith lag` of a bus that holds events before any service has run, and the gauge of a service that then does."""
    store_id = new_id("str")
    await installation.put_aside(store_id, configured(store_id))
    await installation.publish("kith.catalog", store_id, configured(store_id))
    status, lags, complaints = await kith("lag", folder=installation.folder, url=installation.url, **installation.env)
    assert status == 0, complaints
    behind = {(lag["group"], lag["topic"]): lag["behind"] for lag in lags}
    assert all(behind[f"kith.{name}", "kith.catalog"] >= 1 for name in manifests.NAMES)
    assert ("kith.rewards", "kith.conversions") in behind

    assert len(await installation.waiting(store_id)) == 1
    everybody = [letter for letter in (await installation.dlq("list"))[1] if letter["group"] == GROUP]
    async with running([manifests.load("rewards")], installation.settings(), port=0):

        def counted() -> bool:
            return REGISTRY.get_sample_value("kith_dead_letters_waiting", {"group": GROUP}) == len(everybody)

        await until(counted, within=60, what="the gauge")


async def test_nothing_is_replayed_by_accident(installation: Installation) -> None:
    refused = [("replay",), ("replay", "rewards:0", "--all"), ("drop", "rewards:0", "--reason", " ")]
    for words in (*refused, ("list", "--group", "kith.nobody")):
        status, _, complaints = await installation.dlq(*words)
        assert status == 1
        assert complaints.startswith("kith: ")
