"""What is left of a program's budget: whether it can still give. The whole state, ordered by `revision`."""

from typing import ClassVar

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Currency, Id, Minor, Moment


class ProgramBudget(Payload):
    """A program's budget as it stands. Readers keep the highest revision of a program, and its type."""

    TOPIC: ClassVar[Topic] = Topic.REWARDS

    program_id: Id
    program_version: int = Field(description="The newest known version, whose budget and rules this follows from.")
    currency: Currency
    budget_minor: Minor | None = Field(None, description="Left out where that version has no budget.")
    spent_minor: Minor = Field(description="What rewards and goodwill in this currency are worth now, after refunds.")
    changed_at: Moment
    revision: int = Field(ge=1)

    def subject(self) -> str:
        return self.program_id


class ProgramExhausted(ProgramBudget):
    """What is left is less than the smallest reward in money that the program's rules give: a fixed amount, or one
    minor unit where some rule gives a share. Points, and discounts at the checkout, use up no budget.
    """

    TYPE: ClassVar[str] = "kith.program.exhausted.v1"


class ProgramRefilled(ProgramBudget):
    """It can give again: another version has a larger budget, or none, or something was taken back."""

    TYPE: ClassVar[str] = "kith.program.refilled.v1"
