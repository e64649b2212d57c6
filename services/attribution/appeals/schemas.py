"""Bodies of the appeals' API."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.attribution.appeals.domain import LONGEST, Kind, Outcome, State, Verdict
from services.attribution.appeals.sql import Appeal
from services.kernel.http.fields import Blank

_OrderId = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class AnswerIn(BaseModel):
    """The store's answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Verdict
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)] = Field(
        description="Why. The ambassador reads it at the portal."
    )
    order_id: Annotated[_OrderId | None, Blank] = Field(
        None, description="Of a missing friend: which order it was. Of other appeals it is known, and this is ignored."
    )


class AnsweredOut(BaseModel):
    """An appeal with what came of it, without anybody's words."""

    id: str
    ambassador_id: str
    kind: Kind = Field(description="`wrong`: what was decided of a friend; `missing`: a friend is not there at all.")
    friend_number: int | None = Field(description="The ambassador's own number of the friend.")
    order_id: str | None = Field(description="The order that is meant, as far as that is known.")
    state: State
    opened_at: datetime
    answered_at: datetime | None
    outcome: Outcome | None = Field(
        description="`attributed`: the order counts as the ambassador's now; `stands`: it did already; `goodwill`:"
        " nothing can be decided any more, the store mends it by itself; `nothing`: refused."
    )

    @classmethod
    def of(cls, appeal: Appeal) -> Self:
        """As callers see it."""
        fields = {name: getattr(appeal, name) for name in cls.model_fields if name != "id" and hasattr(appeal, name)}
        return cls(id=appeal.appeal_id, **fields)


class AppealOut(AnsweredOut):
    """An appeal with what was written."""

    order_number: str | None = Field(description="The number of the order as the ambassador wrote it.")
    words: str | None = Field(description="What the ambassador wrote; null after the person was erased.")
    answer: str | None = Field(description="What the store answered.")
