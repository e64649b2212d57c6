"""What is remembered of people while a batch is decided: read once, added to, written once."""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace
from prometheus_client import Counter

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions.gather import Gathered, gather_whole, settled_steps
from services.attribution.decisions.actions.people import Joined
from services.attribution.decisions.actions.write import Written
from services.attribution.decisions.domain.decide import remembered
from services.attribution.decisions.domain.friend import LOOKS_SHARED, Friend, step_of
from services.attribution.decisions.domain.history import Place, settled_of
from services.attribution.decisions.sql import friends as friend_rows
from services.kernel.aside import aside
from services.kernel.db import Tx

_SHARED = Counter(
    "kith_friends_look_shared_total", "Friends who came to have so many orders that many people seem to share their id."
)

Pair = tuple[str, str]


class Friends:
    """The people whom a batch concerns, by (store, person)."""

    def __init__(self, was: Mapping[Pair, Friend]) -> None:
        self._was = was
        self.now = dict(was)

    @classmethod
    async def read(cls, tx: Tx, people: Iterable[Pair], joined: Joined | None = None) -> "Friends":
        """Everybody as before the batch; of those who were somebody else, too, what both were."""
        joined = joined or Joined()
        wanted = set(people)
        kept = await friend_rows.read(tx, wanted | {gone for merged in joined.merged.values() for gone in merged})
        unknown = {pair for pair in wanted - joined.made if {pair, *joined.merged.get(pair, ())} - kept.keys()}
        anew = await made_anew(tx, unknown)
        friends = cls({pair: kept.get(pair, Friend()) for pair in wanted})
        friends.now |= anew
        for pair in joined.merged.keys() - anew.keys():
            for other in joined.merged[pair]:
                friends.now[pair] = friends.now[pair].joined(kept[other])
        await friend_rows.drop(tx, [gone for merged in joined.merged.values() for gone in merged])
        for pair, keys in joined.keys.items():
            friends.now[pair] = friends.now[pair].named(keys)
        return friends

    def lends_as_before(self, pair: Pair) -> bool:
        """Whether nothing new of this person bears on orders that nobody touched."""
        return self.now[pair].lends_like(self._was[pair])

    def settle(self, pair: Pair, settlement: bytes) -> bool:
        """Takes in a settlement of an order that stands; says whether it is the person's first."""
        step, friend = step_of(settlement), self.now[pair]
        self.now[pair] = replace(friend, settled=friend.settled.plus(step))
        return step.number == 1

    async def settle_anew(self, tx: Tx, people: Iterable[Pair]) -> None:
        """Sums up the settled orders of these people again, after one of them fell."""
        for pair, steps in (await settled_steps(tx, set(people))).items():
            self.now[pair] = replace(self.now[pair], settled=settled_of(steps))

    def learn(self, pair: Pair, reports: Iterable[OrderReported], *, new_orders: int) -> None:
        """Takes in what was reported of a person's orders."""
        friend = self.now[pair].reported(reports)
        self.now[pair] = replace(friend, orders=friend.orders + new_orders)

    def decided(self, gathered: Gathered, written: Written, *, untouched: Collection[Pair]) -> None:
        """Takes in what was decided. Of people who are not `untouched` all open orders were."""
        latest: dict[Pair, Place] = {}
        for (store_id, order_id), decision in written.decisions.items():
            pair, place = (store_id, gathered.people[store_id, order_id]), (decision.placed_at, order_id)
            latest[pair] = max(place, latest.get(pair, place))
        for pair, friend in self.now.items():
            if pair in written.after:
                last = latest[pair] if friend.latest is None else max(latest[pair], friend.latest)
                self.now[pair] = replace(friend, total=written.after[pair], latest=last)
            elif pair not in untouched:
                self.now[pair] = replace(friend, total=friend.settled.history)

    async def keep(self, tx: Tx) -> None:
        """Writes what has changed."""
        await friend_rows.put(tx, {pair: friend for pair, friend in self.now.items() if friend != self._was[pair]})
        shared = sum(self._was[pair].orders < LOOKS_SHARED <= friend.orders for pair, friend in self.now.items())
        tx.after_commit(lambda: _SHARED.inc(shared))


async def made_anew(tx: Tx, people: Iterable[Pair]) -> dict[Pair, Friend]:
    """What all facts that were seen say of these people. Costs as much as they have orders."""
    wanted = set(people)
    found = dict.fromkeys(wanted, Friend())
    if not wanted:
        return found
    gathered = await gather_whole(tx, wanted)
    for store_id, facts in gathered.facts.items():
        for orders, friend in await aside(len(facts.reports), remembered, facts):
            found[store_id, gathered.people[store_id, orders[0]]] = friend
    return found
