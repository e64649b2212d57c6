"""What is remembered of people while a batch is decided: read once, added to, written once."""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace
from prometheus_client import Counter

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions.gather import Gathered, gather_whole
from services.attribution.decisions.actions.marks import all_settled
from services.attribution.decisions.actions.people import Joined
from services.attribution.decisions.actions.write import Written
from services.attribution.decisions.domain.decide import remembered
from services.attribution.decisions.domain.decision import Decision
from services.attribution.decisions.domain.friend import LOOKS_SHARED, Friend, step_of
from services.attribution.decisions.domain.history import History, Place, Step, settled_of
from services.attribution.decisions.sql import friends as friend_rows
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

_SHARED = Counter(
    "kith_friends_look_shared_total", "Friends who came to have so many orders that many people seem to share their id."
)

_NOTHING: Mapping[Ref, History] = {}


class Friends:
    """The people whom a batch concerns, by (store, person)."""

    def __init__(self, was: Mapping[Ref, Friend], backlogs: Mapping[Ref, Place]) -> None:
        self._was = was
        self.now = dict(was)
        self.anew: set[Ref] = set()
        """Those who were made of all facts, the batch's own included."""
        self.backlogs = backlogs
        """From where on the orders of those who have a backlog are still to be decided."""

    @classmethod
    async def read(cls, tx: Tx, people: Iterable[Ref], joined: Joined | None = None) -> "Friends":
        """Everybody as before the batch; of those who were somebody else, too, what both were."""
        joined = joined or Joined()
        wanted = set(people)
        gone = {other for merged in joined.merged.values() for other in merged}
        kept, backlogs = await friend_rows.read(tx, wanted | gone)
        unknown = {pair for pair in wanted - joined.made if {pair, *joined.merged.get(pair, ())} - kept.keys()}
        anew = await recompute(tx, unknown)
        friends = cls({pair: kept.get(pair, Friend()) for pair in wanted}, backlogs)
        friends.now |= anew
        friends.anew = set(anew)
        for pair in joined.merged.keys() - anew.keys():
            for other in joined.merged[pair]:
                friends.now[pair] = friends.now[pair].joined(kept[other])
        await friend_rows.drop(tx, gone)
        for pair, keys in joined.keys.items():
            friends.now[pair] = friends.now[pair].named(keys)
        return friends

    def lends_as_before(self, pair: Ref) -> bool:
        """Whether nothing new of this person bears on orders that nobody touched, but for other browsers."""
        return self.now[pair].lends_like(self._was[pair])

    def other_browsers(self, pair: Ref) -> set[str]:
        """Browsers that lend to this person's orders now and did not before, or did and do not now."""
        return self.now[pair].other_browsers(self._was[pair])

    def name(self, pair: Ref, name: str | None) -> None:
        """Takes in under what name an order of this person settled, whether it stands or not."""
        self.now[pair] = self.now[pair].settled_as(name)

    def settle(self, pair: Ref, settlement: bytes) -> bool:
        """Takes in a settlement of an order that stands; says whether it is the person's first."""
        step, friend = step_of(settlement), self.now[pair]
        self.now[pair] = replace(friend, settled=friend.settled.plus(step))
        return step.number == 1

    async def settle_anew(self, tx: Tx, fallen: Mapping[Ref, Iterable[Decision]]) -> None:
        """Sums up the settled orders of these people again, after some of them fell, or stand again."""
        for pair, history in (await all_settled(tx, fallen.keys())).items():
            friend = self.now[pair]
            self.now[pair] = replace(friend, settled=replace(friend.settled, history=history))
        # Who was the first may be another one now. An order is that once, so all are read once for it.
        led = {pair for pair, decisions in fallen.items() if any(one.order_number == 1 for one in decisions)}
        for pair, bodies in (await friend_rows.settlements(tx, led)).items():
            settled = await in_thread(len(bodies) // 10, lambda found=bodies: settled_of(map(step_of, found)))
            self.now[pair] = replace(self.now[pair], settled=settled)

    def learn(self, pair: Ref, reports: Iterable[OrderReported], *, new_orders: int) -> None:
        """Takes in what was reported of a person's orders."""
        friend = self.now[pair].reported(reports)
        self.now[pair] = replace(friend, orders=friend.orders + new_orders)

    def decided(
        self,
        gathered: Gathered,
        written: Written,
        *,
        untouched: Collection[Ref],
        before: Mapping[Ref, History] = _NOTHING,
    ) -> None:
        """Takes in what was decided. Of people who are not `untouched` all open orders were, but for those that come to
        `before`.
        """
        latest: dict[Ref, Place] = {}
        for (store_id, order_id), decision in written.decisions.items():
            pair, place = (store_id, gathered.people[store_id, order_id]), (decision.placed_at, order_id)
            latest[pair] = max(place, latest.get(pair, place))
        for pair, friend in self.now.items():
            total, last = friend.total, friend.latest
            if pair not in untouched:
                total = friend.settled.history.joined(before.get(pair, History()))
            if pair in written.after:
                total = total.joined(written.after[pair])
                last = latest[pair] if last is None else max(latest[pair], last)
            self.now[pair] = replace(friend, total=total, latest=last)

    async def keep(self, tx: Tx) -> None:
        """Writes what has changed."""
        await friend_rows.put(tx, {pair: friend for pair, friend in self.now.items() if friend != self._was[pair]})
        shared = sum(self._was[pair].orders < LOOKS_SHARED <= friend.orders for pair, friend in self.now.items())
        tx.after_commit(lambda: _SHARED.inc(shared))


async def recompute(tx: Tx, people: Iterable[Ref]) -> dict[Ref, Friend]:
    """What all facts that were seen say of these people. Costs as much as they have orders."""
    return {pair: friend for pair, (friend, _) in (await recompute_with_settled(tx, people)).items()}


async def recompute_with_settled(tx: Tx, people: Iterable[Ref]) -> dict[Ref, tuple[Friend, list[Step]]]:
    """The same, with those of their settled orders that stand."""
    wanted = set(people)
    found: dict[Ref, tuple[Friend, list[Step]]] = {pair: (Friend(), []) for pair in wanted}
    if not wanted:
        return found
    gathered = await gather_whole(tx, wanted)
    for store_id, facts in gathered.facts.items():
        for orders, friend, settled in await in_thread(len(facts.reports), remembered, facts):
            found[store_id, gathered.people[store_id, orders[0]]] = friend, settled
    return found
