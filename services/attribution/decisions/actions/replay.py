"""Replay: decides an order again from the facts up to a decision's fact number, and compares the bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from msgspec.structs import replace

from services.attribution.decisions.actions import marks
from services.attribution.decisions.actions.friends import recompute_with_settled
from services.attribution.decisions.actions.gather import gather_whole
from services.attribution.decisions.actions.sweeping import awaiting
from services.attribution.decisions.domain import ENGINE, Decision, decide, decision_bytes
from services.attribution.decisions.domain.friend import Friend
from services.attribution.decisions.sql import backlogs, reading
from services.attribution.decisions.sql import friends as friend_rows
from services.attribution.decisions.sql import nobody as nobody_sql
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql.reading import StoredDecision
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.threads import in_thread


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
    return (await _replayed(tx, store_id, [(row.person_id, stored)]))[0]


async def replay_all(tx: Tx, store_id: str, *, after: tuple[str, int] = ("", 0), count: int = 200) -> list[Replay]:
    """Replays a slice of a store's decisions, oldest order id first; go on with the last one's (order, revision)."""
    stored = await reading.revisions(tx, store_id, after=after, count=count)
    rows = await order_rows.by_id(tx, {(store_id, one.order_id) for one in stored})
    return await _replayed(tx, store_id, [(rows[store_id, one.order_id].person_id, one) for one in stored])


async def _replayed(tx: Tx, store_id: str, decisions: Sequence[tuple[str, StoredDecision]]) -> list[Replay]:
    """Replays decisions, each with its person. Those of one person that knew the same facts are made together."""
    found: dict[tuple[str, int], Replay] = {}
    in_turn = sorted(decisions, key=lambda one: (one[0], one[1].as_of))
    for (person_id, as_of), some in groupby(in_turn, key=lambda one: (one[0], one[1].as_of)):
        stored = [one for _, one in some]
        made: dict[str, Decision] = {}
        if any(one.engine == ENGINE for one in stored):
            people = await nobody_sql.once_one(tx, store_id, person_id, as_of=as_of)
            gathered = await gather_whole(tx, {(store_id, person) for person in people}, as_of=as_of)
            facts = gathered.of(store_id)
            made = await in_thread(len(facts.reports), decide, facts)
        for one in stored:
            found[one.order_id, one.revision] = _compared(one, made)
    return [found[one.order_id, one.revision] for _, one in decisions]


def _compared(stored: StoredDecision, made: Mapping[str, Decision]) -> Replay:
    recomputed = None
    if stored.engine == ENGINE:
        recomputed = decision_bytes(made[stored.order_id]) if stored.order_id in made else b""
    return Replay(
        order_id=stored.order_id,
        revision=stored.revision,
        as_of=stored.as_of,
        engine=stored.engine,
        decided_at=stored.decided_at,
        stored=stored.body,
        recomputed=recomputed,
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a person beside what all of their facts say."""

    person_id: str
    orders: int
    equal: bool


def _agree(kept: Friend, anew: Friend) -> bool:
    """Whether they say the same; the last place that is kept may be a later one."""
    latest = max((place for place in (kept.latest, anew.latest) if place is not None), default=None)
    return kept.latest == latest and kept == replace(anew, latest=latest)


async def check_remembered(tx: Tx, store_id: str, *, after: str = "", count: int = 200) -> list[Remembered]:
    """Compares a slice of a store's people with their facts, by person id; go on with the last one's. The transaction
    must see one moment.
    """
    kept = await friend_rows.page(tx, store_id, after=after, count=count)
    anew = await recompute_with_settled(tx, kept)
    differ = await marks.wrong(tx, {pair: settled for pair, (_, settled) in anew.items()})
    # What stands of these people's orders was decided before something that is known by now.
    behind = await awaiting(tx, kept) | (await backlogs.of(tx, kept)).keys()
    return [
        Remembered(
            pair[1],
            friend.orders,
            equal=pair not in differ and (friend.orders == 0 or pair in behind or _agree(friend, anew[pair][0])),
        )
        for pair, friend in kept.items()
    ]
