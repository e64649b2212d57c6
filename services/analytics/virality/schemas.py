"""The body of the answer on how a program spreads."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.analytics.metrics.schemas import Framed, Value, rounded
from services.analytics.virality.domain import Cohort


class CohortOut(BaseModel):
    """Ambassadors who joined in one slot of time."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    joined: int
    shares: int = Field(description="Their shares within the window.")
    customers: int = Field(description="New customers whom they won within the window.")
    children: int = Field(description="Friends whom they brought and who became ambassadors, within the window.")
    k: float | None = Field(description="children ÷ joined, which is i × c.")
    i: float | None = Field(description="shares ÷ joined.")
    c: float | None = Field(description="children ÷ shares.")
    mature: bool = Field(description="Whether the window is over for all of them; K can only grow until then.")

    @classmethod
    def of(cls, cohort: Cohort) -> "CohortOut":
        """The cohort as an answer."""
        return cls(
            first=cohort.first,
            last=cohort.last,
            joined=cohort.joined,
            shares=cohort.shares,
            customers=cohort.customers,
            children=cohort.children,
            k=rounded(cohort.k),
            i=rounded(cohort.invites),
            c=rounded(cohort.per_invite),
            mature=cohort.mature,
        )


class CycleOut(BaseModel):
    """Days from an ambassador's joining to that of a friend they brought, over the friends who joined in the period."""

    pairs: int = Field(description="Complete pairs; ambassadors who have brought nobody yet are not in it.")
    median_days: int | None
    mean_days: float | None
    histogram: dict[int, int] = Field(description="Days → pairs.")


class ViralityOut(Framed):
    """How the program spreads."""

    window_days: int
    k: float | None
    k_mature: float | None = Field(description="K of the cohorts whose window is over.")
    amplification: float | None = Field(description="1 ÷ (1 − K) for K below 1.")
    cycle: CycleOut
    data: list[Value] = Field(description="The metrics that belong here, compared with the period before.")
    cohorts: list[CohortOut]
