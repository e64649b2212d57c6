"""Setting how rewards become available, giving out secrets, beginning questions and samples."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.common import signatures
from services.common.own_addresses import check_url
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import Conflict, Invalid
from services.kernel.ids import new_id
from services.kernel.work import NewTask, add_tasks, release
from services.rewards.release_rules import sql
from services.rewards.release_rules.domain import LONGEST_OVERLAP, RELEASE_JOB, SECRET, Way
from services.rewards.release_rules.sql import Rule

TASK: Final = "release-ask"


class NobodyToAsk(Conflict):
    """The store has no address to ask, or no secret to sign with."""

    code = "nobody_to_ask"


@dataclass(frozen=True, slots=True)
class Made:
    """A secret that was made just now, sealed: it is shown once."""

    secret_id: str
    sealed: bytes


async def put(tx: Tx, ctx: Context, store_id: str, *, way: Way, url: str | None) -> Rule:
    """Sets a store's rule. What waits for a person goes on waiting, whatever the rule; what waits for the store's
    server has the new rule at once, where that is not to ask it.

    Raises `Invalid` for an address that is none, and for a rule to ask without an address and a secret.
    """
    if url is not None:
        check_url(ctx, url)
    await tx.lock_stores([store_id])  # rewards are released under it
    before = await sql.rule(tx, store_id)
    if way == "ask" and url is None:
        raise Invalid.field("url", "Give the address that is asked.", code="missing")
    if way == "ask" and not await sql.secrets(tx, store_id):
        raise Invalid.field(
            "way", "Make a secret first (POST /v1/reward-release/secret): nothing is asked unsigned.", code="no_secret"
        )
    if (before.way, before.url) != (way, url):
        await sql.keep(tx, store_id, way=way, url=url)
        await release(tx, kind=TASK, lane=store_id)  # at another address nobody has been silent yet
        await schedule(tx, RELEASE_JOB, {store_id: tx.now})
        changed = [name for name, old, new in (("way", before.way, way), ("url", before.url, url)) if old != new]
        tx.note(
            "release_rule.changed",
            on=store_id,
            before={"kind": before.way},
            after={"kind": way, "changed": ",".join(changed)},
        )
    return await sql.rule(tx, store_id)


async def rotate(tx: Tx, sealing: Sealing, store_id: str, *, overlap: timedelta) -> Made:
    """Gives a store a secret, the first or another one; the newest of before signs as well until the overlap ends, and
    none that is older. Raises `Invalid`.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid.field("overlap_hours", "The former secret may hold on for 0 to 168 hours.")
    await tx.lock_stores([store_id])
    await sql.end_secret(tx, store_id, at=tx.now + overlap)
    secret_id = new_id("rls", at=tx.now)
    sealed = sealing.seal(SECRET, os.urandom(signatures.KEY_BYTES), owner=secret_id)
    await sql.add_secret(tx, store_id, secret_id=secret_id, secret=sealed)
    tx.note("release_rule.secret_changed", on=store_id)
    return Made(secret_id, sealed)


def show(sealing: Sealing, secret_id: str, sealed: bytes) -> str:
    """A secret in the clear, for the answer to who made it. Raises `ValueError` if its key has left."""
    return signatures.as_text(sealing.open(SECRET, sealed, owner=secret_id))


async def send_test(tx: Tx, store_id: str) -> Rule:
    """Asks the store's server about a reward that there is not, marked as a sample. Raises `NobodyToAsk`."""
    await tx.lock_stores([store_id])
    rule = await sql.rule(tx, store_id)
    if rule.url is None or not await sql.secrets(tx, store_id):
        raise NobodyToAsk("Set an address and make a secret first.")
    number = await sql.begin_test(tx, store_id)
    await add_tasks(
        tx,
        [
            NewTask(
                kind=TASK, store_id=store_id, lane=f"{store_id}:test", key=f"test:{number}", payload={"test": number}
            )
        ],
    )
    tx.note("release_rule.tried", on=store_id)
    return await sql.rule(tx, store_id)


async def ask(tx: Tx, rewards: Sequence[tuple[str, str]]) -> None:
    """Begins a question about each (store, reward), in the transaction that lets them wait for its answer."""
    if not rewards:
        return
    begun = await sql.ask(tx, rewards)
    await add_tasks(
        tx,
        [
            NewTask(
                kind=TASK,
                store_id=store_id,
                lane=store_id,
                key=f"{reward_id}:{number}",
                payload={"reward": reward_id, "round": number},
            )
            for store_id, reward_id, number in begun
        ],
    )
