"""Counts all of a store's states again, while the product runs, and mends the roll-ups by the difference.

Both the states and the sums are read in one snapshot; counting adds differences, so what a sum is wrong by stays the
same whatever is counted meanwhile, and may be added a moment later. What is counted once as it comes (`ONCE`) is left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from msgspec.structs import replace

from services.analytics.facts import sql as facts
from services.analytics.rollups import sql
from services.analytics.rollups.actions.results import note_changed
from services.analytics.rollups.domain import counting
from services.analytics.rollups.domain.measures import ONCE, ROLLUPS, Deltas, Row
from services.analytics.slices import sql as slices
from services.kernel.db import Database, Tx
from services.kernel.revisions import Ref

_SLICE = 2_000
_FRIEND = ("kept", "held", "refunded")


@dataclass(frozen=True, slots=True)
class Drift:
    """By what a store's sums differ from its states. `friends`: by what the orders kept with a friend do."""

    store_id: str
    states: int
    rows: Sequence[tuple[str, Row, dict[str, int]]] = ()
    friends: dict[Ref, dict[str, int]] = field(default_factory=dict)

    @property
    def none(self) -> bool:
        """Whether the sums are what the states say."""
        return not (self.rows or self.friends)


async def drift(tx: Tx, store_id: str) -> Drift:
    """Counts a store's states again and compares. The transaction must be a snapshot. Cost: one read of the store."""
    expected, states, friends = await _count_states(tx, store_id)
    rows: list[tuple[str, Row, dict[str, int]]] = []
    for rollup in ROLLUPS:
        kept: dict[Row, dict[str, int]] = {}
        after: Row | None = None
        while page := await sql.sums_after(tx, rollup, store_id, after, count=_SLICE):
            kept.update(page)
            after = page[-1][0]
        rows += [(rollup, key, amounts) for key, amounts in _differences(rollup, dict(expected.changed(rollup)), kept)]
    return Drift(store_id, states, rows, friends)


async def mend(db: Database, found: Drift) -> None:
    """Adds the difference to the sums, under the store's lock for as long as that takes."""
    moved = Deltas()
    for rollup, key, amounts in found.rows:
        moved.add(rollup, key, **amounts)
    async with db.transaction([found.store_id]) as tx:
        await tx.lock_stores([found.store_id])
        await sql.add(tx, moved)
        await note_changed(tx, moved)
        await _mend_friends(tx, found.friends)


async def _count_states(tx: Tx, store_id: str) -> tuple[Deltas, int, dict[Ref, dict[str, int]]]:
    """What all states count as, how many there are, and what friends' own sums of their orders are wrong by."""
    currencies = {s: calendar.currency for s, calendar in (await slices.calendars(tx, [store_id])).items()}
    deltas, states, friends = Deltas(currencies), 0, dict[Ref, dict[str, int]]()
    after = ""
    while ambassadors := await slices.ambassadors_after(tx, store_id, after, count=_SLICE):
        for ambassador in ambassadors:
            counting.count_ambassador(deltas, ambassador, 1)
        states, after = states + len(ambassadors), ambassadors[-1].ambassador_id
    after = ""
    while shares := await facts.SHARES.after(tx, store_id, after, count=_SLICE):
        for share in shares:
            counting.count_share(deltas, share, 1)
        states, after = states + len(shares), shares[-1].track_id
    after = ""
    while orders := await facts.ORDERS.after(tx, store_id, after, count=_SLICE):
        for order in orders:
            counting.count_order(deltas, order, 1)
        states, after = states + len(orders), orders[-1].order_id
    after = ""
    while people := await facts.FRIENDS.after(tx, store_id, after, count=_SLICE):
        for friend in people:
            counting.count_friend(deltas, friend, 1)
            reported = deltas.friends.get((store_id, friend.visitor_id), {})
            wrong = {name: reported.get(name, 0) - getattr(friend, name) for name in _FRIEND}
            if any(wrong.values()):
                friends[store_id, friend.visitor_id] = wrong
        states, after = states + len(people), people[-1].visitor_id
    after = ""
    while rewards := await facts.REWARDS.after(tx, store_id, after, count=_SLICE):
        for reward in rewards:
            counting.count_reward(deltas, reward, 1)
        states, after = states + len(rewards), rewards[-1].reward_id
    return deltas, states, friends


def _differences(
    rollup: str, expected: dict[Row, dict[str, int]], kept: dict[Row, dict[str, int]]
) -> Iterator[tuple[Row, dict[str, int]]]:
    once = ONCE.get(rollup, frozenset())
    for key in dict.fromkeys(chain(expected, kept)):
        wanted, found = expected.get(key, {}), kept.get(key, {})
        amounts = {
            name: wanted.get(name, 0) - found.get(name, 0)
            for name in {*wanted, *found} - once
            if wanted.get(name, 0) != found.get(name, 0)
        }
        if amounts:
            yield key, amounts


async def _mend_friends(tx: Tx, wrong: dict[Ref, dict[str, int]]) -> None:
    """A friend's own sums, and what the friend counts as with them."""
    before = await facts.FRIENDS.load(tx, wrong)
    deltas = Deltas()
    after = {}
    for key, friend in before.items():
        after[key] = replace(friend, **{name: getattr(friend, name) + wrong[key][name] for name in _FRIEND})
        counting.count_friend(deltas, friend, -1)
        counting.count_friend(deltas, after[key], 1)
    await facts.FRIENDS.save(tx, after)
    await sql.add(tx, deltas)
