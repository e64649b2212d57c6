"""Replay: decides an order again from the facts up to a decision's fact number, and compares the bytes."""

from dataclasses import dataclass
from datetime import datetime

from services.attribution.decisions.actions.friends import made_anew
from services.attribution.decisions.actions.gather import gather_whole
from services.attribution.decisions.actions.sweep import awaiting
from services.attribution.decisions.domain import ENGINE, decide, decision_bytes
from services.attribution.decisions.sql import friends as friend_rows
from services.attribution.decisions.sql import nobody as nobody_store
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.kernel.aside import aside
from services.kernel.db import Tx
from services.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored decision beside the one that its facts give today."""

    order_id: str
    revision: int
    as_of: int
    engine: str
    decided_at: datetime
    stored: bytes
    recomputed: bytes | None
    """None where the engine has changed since: then nothing can be said."""

    @property
    def equal(self) -> bool:
        """Whether they are the same, byte for byte."""
        return self.stored == self.recomputed


async def replay(tx: Tx, store_id: str, order_id: str, revision: int | None = None) -> Replay:
    """Replays one decision, the newest unless named. Raises `NotFound` for an order or revision that is not there."""
    row = (await order_rows.by_id(tx, [(store_id, order_id)])).get((store_id, order_id))
    stored = await reading.decision(tx, store_id, order_id, revision)
    if row is None or stored is None:
        raise NotFound("There is no such decision.")
    recomputed = None
    if stored.engine == ENGINE:
        people = await nobody_store.once_one(tx, store_id, row.person_id, as_of=stored.as_of)
        gathered = await gather_whole(tx, {(store_id, person) for person in people}, as_of=stored.as_of)
        facts = gathered.of(store_id)
        decisions = await aside(len(facts.reports), decide, facts)
        recomputed = decision_bytes(decisions[order_id]) if order_id in decisions else b""
    return Replay(
        order_id=order_id,
        revision=stored.revision,
        as_of=stored.as_of,
        engine=stored.engine,
        decided_at=stored.decided_at,
        stored=stored.body,
        recomputed=recomputed,
    )


async def replay_all(tx: Tx, store_id: str, *, after: tuple[str, int] = ("", 0), count: int = 200) -> list[Replay]:
    """Replays a slice of a store's decisions, oldest order id first; go on with the last one's (order, revision)."""
    pairs = await reading.revisions(tx, store_id, after=after, count=count)
    return [await replay(tx, store_id, order_id, revision) for order_id, revision in pairs]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a person beside what all of their facts say."""

    person_id: str
    orders: int
    equal: bool


async def check_remembered(tx: Tx, store_id: str, *, after: str = "", count: int = 200) -> list[Remembered]:
    """Compares a slice of a store's people with their facts, by person id; go on with the last one's. The transaction
    must see one moment.
    """
    kept = await friend_rows.page(tx, store_id, after=after, count=count)
    anew = await made_anew(tx, kept)
    swept = await awaiting(tx, kept)  # what stands of their orders was decided before something that is known by now
    return [
        Remembered(pair[1], friend.orders, equal=friend.orders == 0 or pair in swept or friend == anew[pair])
        for pair, friend in kept.items()
    ]
