"""An installation from before connectors was a service: its addresses, secrets and deliveries come along, and once."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from services.attribution.main import SERVICE as ATTRIBUTION
from services.attribution.moved import sql as moved_sql
from services.attribution.moved.actions import STAYS, forget
from services.cli import handover, manifests, starting
from services.cli.local.process import StartFailed
from services.common.order_facts import Clock
from services.connectors.accounts import sql as hooks_sql
from services.connectors.inbox import sql
from services.connectors.inbox.actions import Readings, read_again, reconcile
from services.connectors.inbox.domain import BODY, delivery_id
from services.connectors.platforms.domain.registry import PLATFORMS
from services.kernel import failpoints
from services.kernel import migrate as migrations
from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database, Tx
from services.kernel.failpoints import FailpointHit
from services.kernel.http.idempotency import Claim, body_hash, claim, keep
from services.kernel.settings import Settings
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.support.attribution import ambassador, arrive, code, program
from tests.support.connectors import SECRET, paid_order, served, signed
from tests.support.edge import RING, SEALING
from tests.support.postgres import TestServer

BEFORE = "0010"
"""The last version in which attribution took deliveries itself."""
NOW = datetime.now(UTC)
STAMP: dict[str, Any] = {"created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}
HOOK_BODY = b'{"platform":"shopify","secret":"shpss_secret"}'


class Old:
    """Two databases: attribution's as the former version left it, and a new one for the service that takes over."""

    def __init__(self, attribution: str, connectors: str) -> None:
        self.attribution = attribution
        self.connectors = connectors

    def settings(self, folder: Path) -> Settings:
        return Settings(
            database_url=self.attribution,
            secret_keys="k1:a-secret-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
            contact_key="c" * 32,  # type: ignore[arg-type]  # parsed
            operator_key="o" * 32,  # type: ignore[arg-type]  # parsed
            sealing_keys={"connectors": "c1:the-keys-of-one-service-in-the-tests"},  # type: ignore[dict-item]
            data_dir=folder,
        )

    async def migrate(self, folder: Path, settings: Settings | None = None) -> handover.Moved:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KITH_ATTRIBUTION_DATABASE_URL", self.attribution)
            patch.setenv("KITH_CONNECTORS_DATABASE_URL", self.connectors)
            settings = settings or self.settings(folder)
            return await starting.migrate_all(manifests.load_all(("connectors", "attribution")), settings)

    async def left(self, folder: Path) -> tuple[int, int]:
        return await handover.left(self.settings(folder))


@pytest.fixture(autouse=True)
def _no_failpoint_stays() -> Iterator[None]:
    yield
    failpoints.configure("")


@pytest.fixture
async def old(postgres: TestServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Old]:
    made = Old(await postgres.empty(), await postgres.empty())
    monkeypatch.setattr(handover, "AT_ONCE", 3)
    await migrations._run(
        ATTRIBUTION, made.attribution, lambda db: command.upgrade(migrations._config(ATTRIBUTION, db), BEFORE)
    )
    await migrations._run(ATTRIBUTION, made.attribution, _secured)
    yield made
    await postgres.drop(made.attribution)
    await postgres.drop(made.connectors)


def _secured(connection: Connection) -> None:
    there = inspect(connection).get_table_names(schema="attribution")
    migrations.secure(connection, "attribution", [t for t in ATTRIBUTION.metadata.tables.values() if t.name in there])


async def fill(old: Old) -> None:
    """What the former version left: an address in use, one that ended, deliveries of every outcome; and what a key
    that has left the ring had hidden.
    """
    lost = KeyRing(secret_keys="k0:another-secret-0123456789", contact_key="c", operator_key="o")
    db = Database(old.attribution, schema="attribution")
    async with db.transaction([SHOP]) as tx:
        for hook_id, ring, deleted_at in (("hok_a", RING, None), ("hok_b", RING, tx.now), ("hok_c", lost, None)):
            await tx.execute(
                "insert into hooks values (:store, :hook, 'shopify', :secret, :now, :deleted)",
                store=SHOP,
                hook=hook_id,
                secret=at_rest.encrypt(ring, "hook-secret", SECRET.encode(), owner=hook_id),
                now=tx.now,
                deleted=deleted_at,
            )
            if deleted_at is None:
                await tx.execute("insert into directory values ('hook', :h, :s, :h)", h=hook_id, s=SHOP)
        for number, outcome in enumerate(("taken", "taken", "taken", "taken", "ignored", "failed"), start=1):
            await _deliver_before(tx, number, outcome, RING)
        await _deliver_before(tx, 7, "failed", lost)
        await tx.execute(
            "insert into due values ('attribution.forget-deliveries', :s, now() + interval '1 day')", s=SHOP
        )
        await tx.execute("insert into store_placeholders values (:s, 3, '{c_till}')", s=SHOP)
        await tx.execute("insert into revoked_keys values ('key_gone', now())")
        answer = Claim(SHOP, "key_1", "POST /v1/hooks", "once", body_hash(RING, HOOK_BODY))
        await claim(tx, [answer])
        await keep(tx, [(answer, 201, b'{"id":"hok_a","platform":"shopify"}')])
    await db.close()


async def _deliver_before(tx: Tx, number: int, outcome: str, ring: KeyRing, *, hook_id: str = "hok_a") -> None:
    body = paid_order(number, **STAMP)
    name = delivery_id(f"{hook_id} order", body)
    await tx.execute(
        "insert into deliveries values (:s, :d, :h, 'orders/paid', :now, :o, :r, null, :b)",
        s=SHOP,
        d=name,
        h=hook_id,
        now=tx.now - timedelta(hours=number),
        o=outcome,
        r="unreadable: KeyError" if outcome == "failed" else None,
        b=at_rest.encrypt(ring, BODY, body, owner=name),
    )


async def moved_rows(old: Old) -> tuple[list[tuple[str, bool]], list[tuple[str, str]]]:
    """Addresses with whether they have ended, and deliveries with their outcomes, in the database of connectors."""
    db = Database(old.connectors, schema="connectors")
    async with db.transaction([SHOP]) as tx:
        hooks = await tx.all("select hook_id, deleted_at is not null as ended from hooks order by 1")
        rows = await tx.all("select delivery_id, outcome from deliveries order by received_at desc")
    await db.close()
    return [tuple(row) for row in hooks], [tuple(row) for row in rows]


async def test_addresses_and_deliveries_come_along_and_those_that_wait_are_read(old: Old, tmp_path: Path) -> None:
    await fill(old)
    moved = await old.migrate(tmp_path)
    assert (moved.hooks, moved.deliveries, moved.sealed) == (2, 6, 2)
    hooks, deliveries = await moved_rows(old)
    assert hooks == [("hok_a", False), ("hok_b", True)]
    assert [outcome for _, outcome in deliveries] == ["taken", "taken", "taken", "taken", "ignored", "failed"]
    assert await old.left(tmp_path) == (1, 1), "what nobody can open stays, and doctor says so"

    async with served(old.connectors, tmp_path, attribution_url=old.attribution) as both:
        await arrive(both.attribution, program(store=SHOP), ambassador(store=SHOP), code(store=SHOP))
        path, known, new = "/v1/hooks/shopify/hok_a", paid_order(1, **STAMP), paid_order(8, **STAMP)
        answers = [await both.http.post(path, content=b, headers=signed(b, "orders/paid")) for b in (known, new)]
        assert [answer.json() for answer in answers] == [{"outcome": "duplicate"}, {"outcome": "taken"}]
        ended = await both.http.post("/v1/hooks/shopify/hok_b", content=new, headers=signed(new, "orders/paid"))
        assert ended.status_code == 401
        once = {**SECRET_KEY, "idempotency-key": "once", "content-type": "application/json"}
        repeated = await both.http.post("/v1/hooks", content=HOOK_BODY, headers=once)
        assert repeated.json()["id"] == "hok_a", "a call that is repeated after the move makes no second address"
        async with both.db.transaction([SHOP]) as tx:
            [failed] = await sql.some(tx, SHOP, outcomes=("failed",), after=None, most=10)
            assert (await read_again(tx, Readings(PLATFORMS, RING, SEALING), failed, Clock(tx.now))).outcome == "taken"
        await both.pump([SHOP])
        for order_id in ("6", "8"):
            order = (await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)).json()
            assert order["decision"]["status"] == "attributed"
        async with both.db.transaction([SHOP]) as tx:
            found = await reconcile(tx, SHOP)
            assert (found.acked, found.difference) == (7, 0)
            assert await tx.scalar("select names from store_placeholders") == ["c_till"]
            assert await tx.scalar("select count(*) from revoked_keys") == 1


@pytest.mark.parametrize("place", ["handover.hooks", "handover.deliveries", "handover.deliveries@2"])
async def test_a_move_that_is_stopped_anywhere_is_run_again_and_moves_nothing_twice(
    old: Old, tmp_path: Path, place: str
) -> None:
    await fill(old)
    point, _, count = place.partition("@")
    failpoints.configure(f"{point}=raise@{count or 1}")
    with pytest.raises(FailpointHit):
        await old.migrate(tmp_path)
    arrived = len((await moved_rows(old))[1])
    assert (arrived > 0) == (point == "handover.deliveries")
    if arrived:  # what is here is used before the rest comes
        db = Database(old.connectors, schema="connectors")
        async with db.transaction([SHOP]) as tx:
            assert await hooks_sql.end(tx, SHOP, "hok_a")
            await tx.execute("update deliveries set reason = 'looked at'")
        await db.close()
    await old.migrate(tmp_path)
    hooks, deliveries = await moved_rows(old)
    assert hooks == [("hok_a", point == "handover.deliveries"), ("hok_b", True)], "what was ended is not brought back"
    assert len(deliveries) == 6
    again = await old.migrate(tmp_path)
    assert (again.hooks, again.deliveries) == (0, 0)
    db = Database(old.connectors, schema="connectors")
    async with db.transaction([SHOP]) as tx:
        assert (await reconcile(tx, SHOP)).difference == 0, "none was counted twice"
        looked_at = await tx.scalar("select count(*) from deliveries where reason = 'looked at'")
    await db.close()
    assert looked_at == arrived, "what was here stays as it is"


async def test_what_processes_of_the_former_version_take_and_end_meanwhile_is_moved_by_the_next_run(
    old: Old, tmp_path: Path
) -> None:
    await fill(old)
    await old.migrate(tmp_path)
    db = Database(old.attribution, schema="attribution")
    async with db.transaction([SHOP]) as tx:
        await _deliver_before(tx, 9, "failed", RING)
        await tx.execute("update hooks set deleted_at = now() where hook_id = 'hok_a'")
        await tx.execute("delete from directory where kind = 'hook' and key = 'hok_a'")
        await tx.execute("update hooks set moved_at = moved_at - cast(:d as interval) where hook_id = 'hok_a'", d=STAYS)
        await forget(tx, [SHOP])
        assert (await moved_sql.left(tx, SHOP))[0] == 2, "what ended since is told, and stays, until it ends there too"
    moved = await old.migrate(tmp_path)
    assert (moved.hooks, moved.deliveries) == (1, 1)
    hooks, deliveries = await moved_rows(old)
    assert hooks == [("hok_a", True), ("hok_b", True)]
    assert len(deliveries) == 7
    await db.close()


async def test_a_day_after_the_move_nothing_of_it_is_left_where_it_was(old: Old, tmp_path: Path) -> None:
    await fill(old)
    await old.migrate(tmp_path)
    db = Database(old.attribution, schema="attribution")

    async def left() -> tuple[int, int, int]:
        async with db.transaction([SHOP]) as tx:
            counts = [await tx.scalar(f"select count(*) from {table}") for table in ("hooks", "deliveries")]
            listed = await tx.scalar("select count(*) from directory where kind = 'hook'")
            return counts[0], counts[1], listed

    async with db.transaction([SHOP]) as tx:
        assert set(await forget(tx, [SHOP])) == {SHOP}
    assert await left() == (3, 7, 2), "processes of the former version may run beside for a day"
    async with db.transaction([SHOP]) as tx:
        days = "moved_at = moved_at - cast(:d as interval), deleted_at = deleted_at - cast(:d as interval)"
        await tx.execute(f"update hooks set {days}", d=STAYS)
        await tx.execute("update deliveries set moved_at = moved_at - cast(:d as interval)", d=STAYS)
        await forget(tx, [SHOP])
    assert await left() == (1, 1, 1), "what could not be moved waits for its key"
    async with db.transaction([SHOP]) as tx:
        await tx.execute("update deliveries set received_at = received_at - interval '14 days'")
        await forget(tx, [SHOP])
    assert await left() == (1, 0, 1), "no body is kept for longer than two weeks"
    await db.close()


async def test_who_may_run_this_needs_the_keys_that_connectors_alone_is_given(old: Old, tmp_path: Path) -> None:
    await fill(old)
    settings = old.settings(tmp_path).model_copy(update={"sealing_keys": {}})
    with pytest.raises(StartFailed, match="set KITH_CONNECTORS_SEALING_KEYS"):
        await old.migrate(tmp_path, settings)
    assert (await old.migrate(tmp_path)).hooks == 2, "nothing was lost by it"
