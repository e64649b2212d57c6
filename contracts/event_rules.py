"""What is given for something that a friend does and that is no order."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from contracts.expiry import Expiring
from contracts.gifts import Fixed, no_share
from contracts.limits import EventLimits

EventName = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,40}$")]
"""How a store calls something that a person does and that is no order: `signup`, `trial.started`."""

FRIEND_JOINED: Final = "friend.joined"
"""What no store reports, since it is found out here: a friend became an ambassador of the program that they had been
brought to. It counts once the order by which they were brought is final.
"""


class EventRule(Expiring):
    """What one side gets for something a friend does that is no order, as the store's server reports it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique among all rules.")]
    on: EventName = Field(
        description="The event's name, as the store reports it: `signup`, `trial.started`; or `friend.joined`."
    )
    to: Literal["ambassador", "friend"]
    which: Literal["first", "every"] = Field("first", description="A friend's first event of this name, or each.")
    give: Fixed
    pay_as: Literal["cash", "store_credit", "points"] = "store_credit"
    hold_days: int = Field(14, ge=0, le=365, strict=True, description="Days from the event until it can be used.")
    limits: EventLimits = EventLimits()

    @field_validator("give", mode="before")
    @classmethod
    def _of_something(cls, give: Any) -> Any:
        return no_share(give, "an event has no figures to take a percentage of; give a fixed amount, or points")
