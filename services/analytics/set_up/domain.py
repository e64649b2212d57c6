"""The steps from an empty store to its first reward. Pure."""

from dataclasses import dataclass
from typing import Literal, get_args

StepName = Literal["program", "ambassador", "page", "click", "order", "reward"]
STEPS: tuple[StepName, ...] = get_args(StepName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What there is of a store: something of each kind, or nothing yet."""

    program: bool
    ambassador: bool
    page: bool
    """Whether a page of the store has reported anything."""
    click: bool
    order: bool
    reward: bool

    def done(self, step: StepName) -> bool:
        """Whether a step is behind. A store that its server connects alone reports orders and no visits, and a friend
        who comes by a code clicks on nothing: what stands further on proves these.
        """
        if step == "page":
            return self.page or self.order
        if step == "click":
            return self.click or self.reward
        return bool(getattr(self, step))

    @property
    def next(self) -> StepName | None:
        """The first step that is not done; None when all are."""
        return next((step for step in STEPS if not self.done(step)), None)
