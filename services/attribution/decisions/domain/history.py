"""What a friend's earlier orders say of the next one: how many stand, the first of them, and who won the friend.

It is small however many orders there were, and grows by one order at a time, in any order of adding. So settled orders
need not be read again to decide the open ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from contracts.events.tracking import TokenClaims
from services.attribution.decisions.domain.lent import Touch

Place = tuple[datetime, str]
"""Where an order stands among its friend's: by the moment of its placing, then by its id."""
BEGINNING: Final[Place] = (datetime(1970, 1, 1, tzinfo=UTC), "")
"""A place before that of any order."""
END: Final[Place] = (datetime.max.replace(tzinfo=UTC), "")
"""A place after that of any order."""


class Step(Struct, frozen=True, array_like=True):
    """A standing order, as far as others of the same friend depend on it."""

    placed_at: datetime
    order_id: str
    number: int
    program_id: str | None = None
    """The program that it brought the friend to, and the ambassador who won it; None of an order that nobody won."""
    ambassador_id: str | None = None
    split: int | None = None
    """How the reward was split by the link or code that won it."""

    @property
    def place(self) -> Place:
        """Its place among the friend's orders."""
        return self.placed_at, self.order_id


class Wins(Struct, frozen=True, array_like=True):
    """The first and the last order by which a program won the friend."""

    first: Step
    last: Step


class History(Struct, frozen=True):
    """What some standing orders of a friend say together."""

    standing: int = 0
    first: Step | None = None
    last: Step | None = None
    won: dict[str, Wins] = {}

    def plus(self, step: Step) -> "History":
        """With one more order."""
        won = self.won
        if step.program_id is not None:
            wins = won.get(step.program_id)
            won = won | {
                step.program_id: Wins(
                    step if wins is None else _earlier(wins.first, step),
                    step if wins is None else _later(wins.last, step),
                )
            }
        return History(
            self.standing + 1,
            step if self.first is None else _earlier(self.first, step),
            step if self.last is None else _later(self.last, step),
            won,
        )

    def joined(self, other: "History") -> "History":
        """Of two sets of orders that have none in common."""
        if not self.standing or not other.standing:
            return self if self.standing else other
        won = dict(self.won)
        for program_id, wins in other.won.items():
            mine = won.get(program_id, wins)
            won[program_id] = Wins(_earlier(mine.first, wins.first), _later(mine.last, wins.last))
        return History(
            self.standing + other.standing,
            _earlier(self.first, other.first) if self.first and other.first else self.first or other.first,
            _later(self.last, other.last) if self.last and other.last else self.last or other.last,
            won,
        )


class Settled(Struct, frozen=True):
    """What a friend's settled orders are to the open ones."""

    history: History = History()
    leader: Step | None = None
    """The order that settled as the friend's first."""

    def plus(self, step: Step) -> "Settled":
        """With one more order that has settled."""
        leader = self.leader
        if step.number == 1:
            leader = step if leader is None else _earlier(leader, step)
        return Settled(self.history.plus(step), leader)

    def joined(self, other: "Settled") -> "Settled":
        """Of two who turned out to be one person."""
        leader = self.leader or other.leader
        if self.leader is not None and other.leader is not None:
            leader = _earlier(self.leader, other.leader)
        return Settled(self.history.joined(other.history), leader)


def settled_of(steps: Iterable[Step]) -> Settled:
    """Sums up settled orders that stand."""
    settled = Settled()
    for step in steps:
        settled = settled.plus(step)
    return settled


class Known(Struct, frozen=True):
    """What is known of a friend besides the facts that are at hand. Without it, all of the friend's facts must be."""

    key: str
    """Whatever the caller calls this friend."""
    orders: frozenset[str]
    """Those of the orders at hand that are this friend's; settled ones among them are in the sums already."""
    before: History = History()
    """Orders that stand before all those at hand, but for what `settled` says."""
    settled: History = History()
    """All settled orders that stand."""
    settled_before: Mapping[str, History] = {}
    """Those that stand before an order at hand, by its id, where these are not all."""
    leader: Step | None = None
    customer_id: str | None = None
    """The first, by alphabet, of all customer ids that ever named this friend, and of all contacts."""
    contact: str | None = None
    namings: Sequence[str] = ()
    """Tracks, by id, that name this friend."""
    names: Sequence[str] = ()
    """Keys (`c:`, `h:`) of this friend that an ambassador has too."""
    visitors: Sequence[Touch] = ()
    """Browsers that all of the friend's orders named, the newest ones."""
    tokens: Sequence[TokenClaims] = ()
    """Tokens that came with any of the friend's orders, the newest ones."""


def _earlier(one: Step, other: Step) -> Step:
    return one if one.place <= other.place else other


def _later(one: Step, other: Step) -> Step:
    return one if one.place >= other.place else other
