"""The steps from an empty store to its first reward, and how far a store has come. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

StepName = Literal[
    "program", "ambassador", "platform", "page", "click", "customer", "order", "delivery", "code", "reward"
]
STEPS: Final[tuple[StepName, ...]] = get_args(StepName)
SeenStep = Literal["page", "click", "customer", "order", "delivery", "code", "reward"]
SEEN: Final[tuple[SeenStep, ...]] = get_args(SeenStep)
"""Those that a check sees happen."""
NEEDED: Final[tuple[StepName, ...]] = ("program", "ambassador", "platform", "page", "click", "order", "reward")
"""Without these no reward is credited to a friend who came by a link. The others are seen where the store has them."""
State = Literal["done", "waiting", "refused"]

GOOD: Final = frozenset({"", "duplicate"})
"""What is said of what is right: nothing, or that it came before."""
WAITS: Final = frozenset({"not_reported", "unpaid", "program_unknown"})
"""What is said of what may still become right by itself."""
SIGNED: Final = frozenset({"bad_signature", "other_platform"})
"""What is said of a delivery that proves nothing. Every other one is signed rightly, whatever it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What there is of a store: something of each kind, or nothing yet."""

    program: bool
    ambassador: bool
    connection: bool = False
    """Whether a platform was ever connected."""
    page: bool
    """Whether a page of the store has reported anything."""
    click: bool
    order: bool
    reward: bool

    def done(self, step: StepName) -> bool:
        """Whether a step is behind. A store that its server connects alone reports orders and no visits, and a friend
        who comes by a code clicks on nothing: what stands further on proves these.
        """
        if step == "platform":
            return self.connection or self.page or self.order
        if step == "page":
            return self.page or self.order
        if step == "click":
            return self.click or self.reward
        return bool(getattr(self, step))

    @property
    def next(self) -> StepName | None:
        """The first step that is not done; None when all are."""
        return next((step for step in NEEDED if not self.done(step)), None)


class Sight(NamedTuple):
    """Something that was seen: what it shows, and what is wrong with it."""

    step: SeenStep
    reason: str
    at: datetime
    detail: str = ""
    """An order, a host, a key or a code. Never a person."""
    on: str = ""
    """Of deliveries: which connection."""

    @property
    def good(self) -> bool:
        """Whether it shows that the step works."""
        return self.reason in GOOD or (self.step == "delivery" and self.reason not in SIGNED)


class Connection(NamedTuple):
    """An account with a platform."""

    connection_id: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, and how it stands."""

    name: StepName
    state: State
    needed: bool
    on: Connection | None = None
    at: datetime | None = None
    """When it was last seen."""
    detail: str = ""
    problem: str = ""
    """What is wrong: of a step that is done something that was seen after it, or with it."""
    problem_of: str = ""
    """Which order, host, key or code that was."""
    current: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.problem and (self.state == "done" or not self.needed)


def reached_steps(reached: Reached) -> list[Step]:
    """What a new store has to do, each step by what there is, ever."""
    return [
        Step(name=name, state="done" if reached.done(name) else "waiting", needed=True, current=name == reached.next)
        for name in NEEDED
    ]


def checked_steps(
    reached: Reached, connections: Sequence[Connection], sights: Iterable[Sight], without: Collection[str] = ()
) -> list[Step]:
    """How far a check has come: what a store is made of by what there is, all else by what was seen."""
    by_place: dict[tuple[str, str], list[Sight]] = {}
    for sight in sights:
        by_place.setdefault((sight.step, sight.on), []).append(sight)
    steps: list[Step] = []
    for name in STEPS:
        needed = name in NEEDED and name not in without
        if name == "delivery":
            places = [*connections, *_ended(by_place, connections)]
            steps += [_seen(name, by_place.get((name, one[0]), ()), needed=False, on=one) for one in places]
        elif name in SEEN:
            steps.append(_seen(name, by_place.get((name, ""), ()), needed=needed))
        else:
            done = reached.done(name) or (name == "platform" and bool(connections or by_place))
            steps.append(Step(name=name, state="done" if done else "waiting", needed=needed))
    return _pointed(steps)


def well(steps: Iterable[Step]) -> bool:
    """Whether all that is needed was seen, and nothing was refused since."""
    return all(step.well for step in steps)


def _ended(by_place: Collection[tuple[str, str]], connections: Sequence[Connection]) -> list[Connection]:
    known = {one.connection_id for one in connections}
    return [Connection(on, "") for step, on in sorted(by_place) if step == "delivery" and on not in known]


def _seen(name: StepName, sights: Iterable[Sight], *, needed: bool, on: Connection | None = None) -> Step:
    newest = max((one for one in sights if one.good), key=_newness, default=None)
    wrong = max((one for one in sights if one.reason not in GOOD), key=_newness, default=None)
    if wrong is not None and newest is not None and (wrong.at < newest.at or wrong.reason in WAITS):
        wrong = None
    state: State = "done" if newest else "refused" if wrong and wrong.reason not in WAITS else "waiting"
    shown = newest or wrong
    return Step(
        name=name,
        state=state,
        needed=needed,
        on=on,
        at=shown.at if shown else None,
        detail=newest.detail if newest else "",
        problem=wrong.reason if wrong else "",
        problem_of=wrong.detail if wrong else "",
    )


def _newness(sight: Sight) -> tuple[datetime, str, str]:
    """Of two at one moment the same one, whichever came first."""
    return sight.at, sight.reason, sight.detail


def _pointed(steps: Sequence[Step]) -> list[Step]:
    """With a mark at the first that is needed and not done."""
    at = next((index for index, step in enumerate(steps) if step.needed and step.state != "done"), None)
    return [replace(step, current=index == at) for index, step in enumerate(steps)]
