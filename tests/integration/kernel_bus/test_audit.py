"""What a transaction notes: in the same commit as what it does, under who acts, as figures and ids only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from pydantic import SecretStr

from services.kernel.auth.principal import CLI, Principal
from services.kernel.auth.ring import KeyRing
from services.kernel.context import Context
from services.kernel.db import Database, Tx
from services.kernel.due import schedule
from services.kernel.jobs import Jobs
from services.kernel.live import LiveState
from services.kernel.service import DueJob
from services.kernel.session import connect
from services.kernel.settings import Settings

SECRET = SecretStr("k1:0123456789012345678901234567890123456789")
MEMBER = Principal("member", "key_1", "session-1")


async def notes(url: str) -> list[tuple[str, ...]]:
    owner = await connect(url, schema="toy", purpose="test", role=None)
    await owner.execute("select set_config('kith.stores', 'str_a,str_b', false)")
    rows = await owner.fetch(
        "select action, actor_kind, actor_id, coalesce(session_id, ''), subject, store_id from audit order by audit_id"
    )
    await owner.close()
    return [tuple(row) for row in rows]


async def test_a_note_names_the_actor_and_is_told_with_the_same_commit(db: Database, url: str) -> None:
    async with db.transaction(["str_a"], actor=MEMBER, request_id="req_1") as tx:
        tx.note("reward.approved", on="rwd_1", before={"status": "pending"}, after={"status": "approved"})
        tx.note("reward.rejected", on="rwd_2", before={"amount_minor": 5}, after={"amount_minor": 0, "reason": None})
    assert await notes(url) == [
        ("reward.approved", "member", "key_1", "session-1", "rwd_1", "str_a"),
        ("reward.rejected", "member", "key_1", "session-1", "rwd_2", "str_a"),
    ]
    async with db.transaction(["str_a"]) as tx:
        reported = [orjson.loads(row.data) for row in await tx.all("select data from outbox order by id")]
        kept = await tx.all("select audit_id, before, after, request_id from audit order by audit_id")
    assert [(one["audit_id"], one["before"], one["after"], one["request_id"]) for one in reported] == [
        tuple(row) for row in kept
    ]
    assert reported[0]["service"] == "toy"


async def test_what_is_rolled_back_was_never_done(db: Database, url: str) -> None:
    async def fail() -> None:
        async with db.transaction(["str_a"], actor=CLI) as tx:
            tx.note("key.made", on="key_2")
            await tx.execute("select 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail()
    assert await notes(url) == []


async def test_who_says_nothing_is_the_service_itself(db: Database, url: str) -> None:
    async with db.transaction(["str_a"]) as tx:
        tx.note("reward.released", on="rwd_1")
    assert await notes(url) == [("reward.released", "system", "toy", "", "rwd_1", "str_a")]


async def test_a_job_acts_under_its_own_name(db: Database, url: str, tmp_path: Path) -> None:
    async def run(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
        for store in stores:
            tx.note("reward.released", on="rwd_1", store_id=store)
        return {}

    ring = KeyRing(secret_keys=SECRET, contact_key=SECRET, operator_key=SECRET)
    context = Context(service="toy", settings=Settings(data_dir=tmp_path), db=db, ring=ring, live=LiveState(db))
    async with db.transaction() as tx:
        await schedule(tx, "toy.release", {"str_a": tx.now})
    await Jobs(context, jobs=(), due_jobs=(DueJob(name="toy.release", run=run),)).run_due("toy.release")
    assert await notes(url) == [("reward.released", "system", "toy.release", "", "rwd_1", "str_a")]


async def test_a_note_is_of_one_store_that_the_transaction_sees(db: Database) -> None:
    async with db.transaction(["str_a", "str_b"]) as tx:
        with pytest.raises(ValueError, match="whose note"):
            tx.note("key.made", on="key_1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(["str_a"]) as tx:
            tx.note("key.made", on="key_1", store_id="str_b")


@pytest.mark.parametrize(
    "value", ["Anna Markova", "anna@example.com", "Анна", "a\nb", "=1+1", "x" * 1001, "50%", "Anna’s"]
)
async def test_what_could_be_a_name_or_a_text_is_refused(db: Database, value: str) -> None:
    async with db.transaction(["str_a"]) as tx:
        for fields in ({"after": {"name": value}}, {"before": {"name": value}}):
            with pytest.raises(ValueError, match="no code, figure or id") as refused:
                tx.note("key.made", on="key_1", **fields)  # type: ignore[arg-type]
            assert value not in str(refused.value)
        with pytest.raises(ValueError, match="no code, figure or id"):
            tx.note("key.made", on=value)


async def test_a_service_changes_no_note(db: Database) -> None:
    async with db.transaction(["str_a"]) as tx:
        tx.note("key.made", on="key_1")
    for statement in ("update audit set action = 'x.y'", "delete from audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(["str_a"]) as tx:
                await tx.execute(statement)
    async with db.transaction(["str_b"]) as tx:
        assert await tx.scalar("select count(*) from audit") == 0
