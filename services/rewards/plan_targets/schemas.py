"""Bodies of the API of targets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.fields import MAX_MINOR
from services.common.money import in_units, known
from services.kernel.errors import Invalid
from services.rewards.plan_targets.actions.set import Outcome, State
from services.rewards.plan_targets.domain import MOST_AT_ONCE, Target, Wanted
from services.rewards.rules.domain import POINTS

_IN = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
MOST_BYTES: Final = 1024 * 1024
"""Of a file, and of a request."""
_Figure = Annotated[int, Field(ge=1, le=MAX_MINOR, strict=True)]

CSV_COLUMNS: Final = {
    "ambassador_id": "ambassador_id",
    "ambassador_code": "ambassador_code",
    "plan": "plan",
    "period": "period",
    "of": "of",
    "target": "target",
    "counted": "counted",
    "sold": "sold",
    "currency": "currency",
    "reached": "reached",
    "bonus": "bonus",
    "unit": "unit",
    "reward_id": "reward_id",
}


class TargetIn(BaseModel):
    """What an ambassador is to reach: one of target_minor, target_count and remove."""

    model_config = _IN

    ambassador_id: str = Field(min_length=1, max_length=255)
    plan: str = Field(min_length=1, max_length=40, description="Name of a rule of `plan_rewards`.")
    period: str = Field(max_length=10, description="`2027-03`, `2027-Q1` or `2027`, as the plan counts.")
    target_minor: _Figure | None = Field(
        None, description="Of a plan of revenue: minor units of the program's currency."
    )
    target_count: _Figure | None = Field(None, description="Of a plan of orders or friends.")
    remove: bool = Field(False, description="There is to be no target any more.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.target_minor is not None, self.target_count is not None, self.remove].count(True) != 1:
            raise ValueError("give one of target_minor, target_count and remove")
        return self

    def wanted(self) -> Wanted:
        """As the action takes it."""
        return Wanted(self.ambassador_id, self.plan, self.period, self.target_minor, self.target_count)


class TargetsIn(BaseModel):
    """Targets: as a list, each set by itself; or as the text of a CSV file, of which all are set or none."""

    model_config = _IN | ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "targets": [
                        {
                            "ambassador_id": "amb_01k9x0p7v1x5z9c3e7g1j5m9q3",
                            "plan": "bonus",
                            "period": "2027-03",
                            "target_minor": 1000000,
                        }
                    ]
                }
            ]
        }
    )

    targets: list[TargetIn] | None = Field(None, min_length=1, max_length=MOST_AT_ONCE)
    csv: str | None = Field(
        None,
        min_length=1,
        max_length=MOST_BYTES,
        description="Columns `ambassador` (an id, a code, or your own id of them), `period`, `target` as people write"
        " it (10000.00, or a number; `-` takes it away), and `plan` where the program has several.",
    )

    def wanted(self) -> list[Wanted]:
        """As the action takes it. Raises `Invalid` for both ways, or none."""
        if (self.targets is None) == (self.csv is None):
            raise Invalid.field("targets", "Give either targets or csv.", code="missing")
        return [one.wanted() for one in self.targets or ()]


class TargetOut(BaseModel):
    """A target, how far it is, and the bonus that there is for it."""

    ambassador_id: str
    program_id: str
    plan: str
    period: str
    of: str = Field(description="revenue, orders or friends.")
    target_minor: int | None = Field(description="Of revenue.")
    target_count: int | None = Field(description="Of orders and friends.")
    counted: int = Field(description="How much of it there is: settled orders that are not returned.")
    sold_minor: int = Field(description="What these come to, in the program's currency.")
    currency: str
    reached: bool
    reward_id: str | None = Field(description="Of the bonus; null before there was one.")
    bonus_minor: int | None = Field(description="What it is worth now; null for points, and where there is none.")
    bonus_points: int | None
    available_at: datetime | None
    set_at: datetime

    @classmethod
    def of_one(cls, one: Target) -> Self:
        """As callers see it."""
        money, points = one.of == "revenue", one.unit == POINTS
        return cls(
            ambassador_id=one.key.ambassador_id,
            program_id=one.key.program_id,
            plan=one.plan,
            period=one.key.period.text,
            of=one.of,
            target_minor=one.target if money else None,
            target_count=None if money else one.target,
            counted=one.so_far.counted,
            sold_minor=one.so_far.sold_minor,
            currency=one.currency,
            reached=one.reached,
            reward_id=one.reward_id,
            bonus_minor=None if points or one.reward_id is None else one.bonus,
            bonus_points=one.bonus if points else None,
            available_at=one.available_at,
            set_at=one.set_at,
        )


def cells(one: Target) -> dict[str, Any]:
    """A row of a spreadsheet: it can be changed and sent again."""
    of_money = one.currency if one.of == "revenue" and known(one.currency) else None
    unit = None if one.unit in ("", POINTS) else one.unit
    return {
        "ambassador_id": one.key.ambassador_id,
        "plan": one.plan,
        "period": one.key.period.text,
        "of": one.of,
        "target": in_units(one.target, of_money),
        "counted": in_units(one.so_far.counted, of_money),
        "sold": in_units(one.so_far.sold_minor, one.currency if known(one.currency) else None),
        "currency": one.currency,
        "reached": one.reached,
        "bonus": in_units(one.bonus, unit) if one.reward_id is not None else None,
        "unit": one.unit,
        "reward_id": one.reward_id,
    }


class WrongOut(BaseModel):
    """Why a target was not set."""

    field: str
    code: str
    detail: str


class OutcomeOut(BaseModel):
    """What became of one target of the request, in its order."""

    status: State
    target: TargetOut | None
    error: WrongOut | None = Field(description="Of what was refused.")

    @classmethod
    def of(cls, one: Outcome, place: int) -> Self:
        """As callers see it."""
        wrong = one.wrong
        return cls(
            status=one.state,
            target=None if one.target is None else TargetOut.of_one(one.target),
            error=None
            if wrong is None
            else WrongOut(field=f"targets.{place}.{wrong.field}", code=wrong.code, detail=str(wrong.detail)),
        )


class OutcomesOut(BaseModel):
    """What became of all of them."""

    data: list[OutcomeOut]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Self:
        """As callers see it."""
        return cls(data=[OutcomeOut.of(one, place) for place, one in enumerate(outcomes)])


Format = Literal["json", "csv"]
