"""Moves what is connectors' now out of attribution's database: addresses of platforms, their secrets and deliveries.

No service reads another's database; who migrates knows both. Each step is committed where things arrive before it is
noted where they came from, and what arrives a second time changes nothing: it may be stopped anywhere, and run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from services.attribution.moved import sql as leaving
from services.cli.inspect.stores import opened
from services.cli.local.process import StartFailed
from services.common.scopes import SCOPES
from services.connectors.accounts import actions as accounts
from services.connectors.accounts.domain import SECRET
from services.connectors.accounts.sql import FormerHook
from services.connectors.inbox import actions as inbox
from services.connectors.inbox.domain import BODY, Outcome
from services.connectors.inbox.sql import Delivery
from services.kernel import failpoints
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Database, Tx
from services.kernel.http.idempotency import Claim, claim, keep
from services.kernel.settings import Settings

SOURCE, TARGET = "attribution", "connectors"
AT_ONCE = 100
"""Deliveries that are moved together: each holds a body."""
_KEPT_BY_ALL = ("revoked_keys", "ended_sessions", "clock", "store_placeholders")
"""What each service receives of the set-up and keeps whole: a new one must not begin without it."""


@dataclass(slots=True)
class Moved:
    """What was moved, and what could not be, since the key that it was encrypted with has left the ring."""

    hooks: int = 0
    deliveries: int = 0
    sealed: int = 0

    def __bool__(self) -> bool:
        return bool(self.hooks or self.deliveries or self.sealed)


@dataclass(frozen=True, slots=True)
class _Road:
    source: Database
    target: Database
    sealing: Sealing

    def resealed(self, purpose: str, hidden: bytes, *, owner: str) -> bytes | None:
        """The same under the keys that connectors alone is given; None if nobody can open it."""
        try:
            plain = self.sealing.open(purpose, hidden, owner=owner)
        except ValueError:
            return None
        return self.sealing.seal(purpose, plain, owner=owner)


async def hand_over(settings: Settings) -> Moved:
    """Moves all that has not been moved."""
    moved = Moved()
    async with opened(settings, SOURCE) as source:
        async with source.transaction() as tx:
            stores = await leaving.stores(tx)
        if not stores:
            return moved
        async with opened(settings, TARGET) as target:
            sealing = settings.sealing_of(TARGET, settings.key_ring(SCOPES))
            if not sealing:
                raise StartFailed(f"set KITH_{TARGET.upper()}_SEALING_KEYS: {TARGET} keeps credentials")
            road = _Road(source, target, sealing)
            await _set_up(road)
            for store_id in stores:
                await _move_hooks(road, store_id, moved)
                await _move_deliveries(road, store_id, moved)
    return moved


async def left(settings: Settings) -> tuple[int, int]:
    """How many addresses and deliveries are still to be moved."""
    counts = [0, 0]
    async with opened(settings, SOURCE) as source:
        async with source.transaction() as tx:
            stores = await leaving.stores(tx)
        for store_id in stores:
            async with source.transaction([store_id]) as tx:
                for place, count in enumerate(await leaving.left(tx, store_id)):
                    counts[place] += count
    return counts[0], counts[1]


async def _set_up(road: _Road) -> None:
    for table in _KEPT_BY_ALL:
        async with road.source.transaction() as tx:
            rows = await tx.scalar(f"select coalesce(jsonb_agg(t), '[]')::text from {table} t")  # noqa: S608
        async with road.target.transaction() as tx:
            await tx.execute(
                f"insert into {table} select * from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"  # noqa: S608
                " on conflict do nothing",
                rows=rows,
            )


async def _move_hooks(road: _Road, store_id: str, moved: Moved) -> None:
    async with road.source.transaction([store_id]) as tx:
        found, answers = await leaving.hooks(tx, store_id), await leaving.answers(tx, store_id)
    taken = []
    for one in found:
        secret = road.resealed(SECRET, one.secret, owner=one.hook_id)
        if secret is not None:
            taken.append(FormerHook(store_id, one.hook_id, one.platform, secret, one.created_at, one.deleted_at))
        elif one.deleted_at is None:
            moved.sealed += 1
    async with road.target.transaction([store_id]) as tx:
        await accounts.take_over(tx, store_id, taken)
        await _keep_answers(tx, store_id, answers)
    failpoints.hit("handover.hooks")
    async with road.source.transaction([store_id]) as tx:
        await leaving.note_moved(tx, store_id, hooks=[one.hook_id for one in taken])
    moved.hooks += len(taken)


async def _keep_answers(tx: Tx, store_id: str, answers: Sequence[leaving.Answer]) -> None:
    """A call that is repeated after the move must not make a second address."""
    if not answers:
        return
    claims = [Claim(store_id, one.caller, one.route, one.key, one.body_hash) for one in answers]
    known = await claim(tx, claims)
    new = [pair for pair, finding in zip(zip(claims, answers, strict=True), known, strict=True) if finding is None]
    await keep(tx, [(its, one.status, one.answer) for its, one in new])


async def _move_deliveries(road: _Road, store_id: str, moved: Moved) -> None:
    after = ""
    while True:
        async with road.source.transaction([store_id]) as tx:
            found = await leaving.deliveries(tx, store_id, after=after, count=AT_ONCE)
        if not found:
            return
        after = found[-1].delivery_id
        taken = []
        for one in found:
            body = road.resealed(BODY, one.body, owner=one.delivery_id)
            if body is not None:
                taken.append(_delivery(store_id, one, body))
        moved.sealed += len(found) - len(taken)
        async with road.target.transaction([store_id]) as tx:
            await inbox.keep(tx, taken)
        failpoints.hit("handover.deliveries")
        async with road.source.transaction([store_id]) as tx:
            await leaving.note_moved(tx, store_id, deliveries=[one.delivery_id for one in taken])
        moved.deliveries += len(taken)


def _delivery(store_id: str, one: leaving.Delivery, body: bytes) -> Delivery:
    return Delivery(
        store_id=store_id,
        delivery_id=one.delivery_id,
        hook_id=one.hook_id,
        platform="shopify",
        topic=one.topic,
        received_at=one.received_at,
        outcome=cast(Outcome, one.outcome),
        reason=one.reason,
        order_id=one.order_id,
        body=body,
    )
