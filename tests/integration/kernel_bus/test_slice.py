"""What every service keeps of stores, keys and the clock: the newest revision wins, whatever the order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events import Payload
from contracts.events.catalog import ClockMoved, KeyRevoked, SessionEnded, StoreConfigured
from services.common.store_slice import STORES
from services.kernel.bus.port import Event
from services.kernel.db import Database
from services.kernel.live import LiveState
from services.kernel.live_handlers import live_handlers

AT = datetime(2026, 1, 1, tzinfo=UTC)


def event(payload: Payload) -> Event[Any]:
    return Event(id="evt_1", type=payload.TYPE, at=AT, store_id=payload.store_id, data=payload)


def store(revision: int, name: str, store_id: str = "str_a") -> Event[Any]:
    return event(
        StoreConfigured(
            store_id=store_id,
            name=name,
            currency="EUR",
            timezone="Europe/Chisinau",
            domains=("shop.example", "localhost:9000"),
            locale="ro",
            created_at=AT,
            revision=revision,
        )
    )


async def handle(db: Database, *events: Event[Any]) -> int:
    """Gives events to the handlers; returns how often the live state was hurried."""
    refreshed = 0

    def refresh_soon() -> None:
        nonlocal refreshed
        refreshed += 1

    async with db.transaction({e.store_id for e in events}) as tx:
        for handler in (STORES, *live_handlers(refresh_soon)):
            own = [e for e in events if isinstance(e.data, handler.events)]
            if own:
                await handler.handle(tx, own)
    return refreshed


async def test_a_store_s_newest_revision_is_kept_and_duplicates_change_nothing(db: Database) -> None:
    await handle(db, store(2, "second"), store(1, "first"), store(1, "other", "str_b"))
    await handle(db, store(1, "first"), store(2, "second"))
    await handle(db, store(3, "third"))
    async with db.transaction(["str_a", "str_b"]) as tx:
        rows = await tx.all("select store_id, name, revision, domains from stores order by store_id")
    assert [(r.store_id, r.name, r.revision) for r in rows] == [("str_a", "third", 3), ("str_b", "other", 1)]
    assert rows[0].domains == ["shop.example", "localhost:9000"]


async def test_a_revoked_key_and_a_moved_clock_are_noticed_at_once(db: Database) -> None:
    revoked = event(KeyRevoked(store_id="str_a", key_id="key_1", revoked_at=AT))
    moved = event(ClockMoved(store_id="*", offset_seconds=60, revision=2))
    assert await handle(db, revoked, revoked, moved) == 2
    await handle(db, event(ClockMoved(store_id="*", offset_seconds=30, revision=1)))
    async with db.transaction() as tx:
        assert await tx.scalar("select key_id from revoked_keys") == "key_1"
        assert tx.offset.total_seconds() == 60


async def test_an_ended_session_is_kept_as_long_as_its_cookie_would_live(db: Database) -> None:
    later = datetime.now(UTC) + timedelta(hours=12)
    ended = event(SessionEnded(store_id="str_a", session_id="ses-1", expires_at=later))
    over = event(SessionEnded(store_id="str_a", session_id="ses-0", expires_at=AT))
    assert await handle(db, ended, over, ended) == 1
    live = LiveState(db)
    await live.refresh()
    assert live.ended == {"ses-1"}
