"""Bodies of the answers. Money is in minor units of `currency`; a metric that has no denominator is null."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.analytics.metrics.domain.figures import Channel, Freshness, Point, View
from services.analytics.metrics.domain.periods import Period, odd_days
from services.analytics.metrics.domain.registry import METRICS, Good, Metric, Unit
from services.analytics.metrics.domain.totals import Totals
from services.analytics.metrics.sql import Leader
from services.common.money import half_up_to


class MetricOut(BaseModel):
    """A metric's definition."""

    key: str
    name: str
    formula: str
    numerator: list[str] = Field(description="Sums that are added; a leading minus subtracts.")
    denominator: list[str] | None
    unit: Unit
    good: Good = Field(description="Which way is welcome.")
    source: str = Field(description="Events that it is counted from.")
    maturity: str | None = Field(description="What can still change.")
    estimated: bool = Field(
        description="Contains a count of distinct people: exact up to 1,024, beyond it with a standard error of 0.8 %,"
        " so that 997 of 1,000 lie within ± 2.5 %."
    )

    @classmethod
    def of(cls, metric: Metric) -> "MetricOut":
        """The definition as an answer."""
        return cls(
            key=metric.key,
            name=metric.name,
            formula=metric.formula,
            numerator=list(metric.top),
            denominator=list(metric.bottom) or None,
            unit=metric.unit,
            good=metric.good,
            source=metric.source,
            maturity=metric.maturity or None,
            estimated=metric.estimated,
        )


class MetricsOut(BaseModel):
    """All metrics."""

    data: list[MetricOut]


class PeriodOut(BaseModel):
    """Days in the store's zone; both belong to it."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    days: int

    @classmethod
    def of(cls, period: Period) -> "PeriodOut":
        """The period as an answer."""
        return cls(first=period.first, last=period.last, days=period.days)


class OddDay(BaseModel):
    """A day on which clocks were set."""

    day: date
    hours: float


class FreshnessOut(BaseModel):
    """How current the figures are."""

    at: datetime = Field(description="When the answer was made.")
    data_until: datetime = Field(description="Everything up to here is counted.")
    behind_s: int = Field(description="Seconds from there to now; 0 when nothing waits.")
    newest_event_at: datetime | None

    @classmethod
    def of(cls, freshness: Freshness) -> "FreshnessOut":
        """Freshness as an answer."""
        return cls(
            at=freshness.at,
            data_until=freshness.until,
            behind_s=freshness.behind_s,
            newest_event_at=freshness.newest_event_at,
        )


class Framed(BaseModel):
    """What every answer says beside its figures."""

    period: PeriodOut
    compared_with: PeriodOut | None
    timezone: str
    odd_days: list[OddDay] = Field(description="Days of the period that do not have 24 hours.")
    program_id: str | None
    currency: str
    freshness: FreshnessOut


def frame(view: View) -> dict[str, object]:
    """The fields of `Framed`."""
    return {
        "period": PeriodOut.of(view.period),
        "compared_with": PeriodOut.of(view.before) if view.before else None,
        "timezone": view.calendar.zone.key,
        "odd_days": [OddDay(day=day, hours=hours) for day, hours in odd_days(view.period, view.calendar.zone)],
        "program_id": view.program_id,
        "currency": view.currency,
        "freshness": FreshnessOut.of(view.freshness),
    }


class Value(BaseModel):
    """A metric of the period, and of the one before."""

    metric: str
    unit: Unit
    value: float | int | None
    previous: float | int | None
    change: float | None = Field(description="(value − previous) ÷ previous; null without a base.")
    numerator: int | None
    denominator: int | None
    estimated: bool = Field(
        False,
        description="Contains an estimate of people; then that of the period before is one too, also if few came.",
    )

    @classmethod
    def of(cls, metric: Metric, now: Totals, before: Totals | None) -> "Value":
        """The metric's values."""
        value, previous = now.value(metric), before.value(metric) if before else None
        top, bottom = metric.parts(now.sums) if not metric.needs & now.missing else (None, None)
        return cls(
            metric=metric.key,
            unit=metric.unit,
            value=rounded(value),
            previous=rounded(previous),
            change=rounded((value - previous) / abs(previous)) if value is not None and previous else None,
            numerator=top,
            denominator=bottom,
            estimated=bool(metric.needs & now.estimates),
        )


def rounded(value: float | None) -> float | int | None:
    """Quotients with six decimals; whole numbers stay whole."""
    return value if value is None or isinstance(value, int) else float(half_up_to(value, 6))


class OtherMoney(BaseModel):
    """Referred orders in a currency that the figures leave out."""

    currency: str
    orders: int
    revenue_minor: int


class Reason(BaseModel):
    """Orders under one disposition and reason."""

    disposition: Literal["attributed", "unattributed", "rejected", "waiting", "cancelled"]
    reason: str
    orders: int


class RewardsByStatusOut(BaseModel):
    """Rewards by side and status, as they stand now."""

    beneficiary: Literal["ambassador", "friend"]
    status: str
    rewards: int
    amount_minor: int


class SummaryOut(Framed):
    """Every metric of a period, its orders by reason, and what is owed now."""

    data: list[Value]
    orders_by_reason: list[Reason]
    owed_now: list[RewardsByStatusOut]
    other_currencies: list[OtherMoney]


class PointOut(BaseModel):
    """One slot of a series. The last one may not be over yet."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    value: float | int | None
    previous: float | int | None
    open: bool = Field(description="Whether the slot is not over yet.")

    @classmethod
    def of(cls, point: Point, today: date) -> "PointOut":
        """The slot as an answer."""
        return cls(
            first=point.start,
            last=point.last,
            value=rounded(point.value),
            previous=rounded(point.before),
            open=point.last >= today,
        )


class SeriesOut(Framed):
    """A metric over time."""

    metric: str
    unit: Unit
    group_by: Literal["day", "week", "month"]
    data: list[PointOut]


class Step(BaseModel):
    """A step of the funnel. From friends on, all steps follow the same people: those of the period."""

    step: Literal["clicks", "friends", "signed_up", "bought", "kept"]
    people: int
    previous: int | None
    share_of_friends: float | None
    open: int = Field(description="People of this step who can still go on.")


class FunnelOut(Framed):
    """From click to kept order."""

    data: list[Step]
    on_hold: int
    refunded: int


class ChannelOut(BaseModel):
    """A channel."""

    channel: str = Field(
        description="How the buyers came. `code`: by promo code without a click; `customer`: known friends who came"
        " back; empty: unknown."
    )
    clicks: int
    shares: int
    friends: int = Field(description="Friends whose first visit came by this channel.")
    buyers: int = Field(description="Those of these friends who bought, whenever and by whatever proof.")
    orders: int
    orders_by_code: int = Field(description="Of the orders, those that a promo code proved.")
    customers: int
    conversion: float | None = Field(description="buyers ÷ friends.")
    revenue_minor: int

    @classmethod
    def of(cls, channel: Channel) -> "ChannelOut":
        """The channel as an answer."""
        return cls(
            channel=channel.channel,
            clicks=channel.clicks,
            shares=channel.shares,
            friends=channel.friends,
            buyers=channel.buyers,
            orders=channel.orders,
            orders_by_code=channel.by_code,
            customers=channel.customers,
            conversion=rounded(channel.conversion),
            revenue_minor=channel.revenue_minor,
        )


class ChannelsOut(Framed):
    """The period by channel."""

    data: list[ChannelOut]


class PlacementOut(BaseModel):
    """A place of the store's pages where the invitation to share stands."""

    placement: str = Field(description="Empty where a page did not say which.")
    views: int = Field(description="Each visitor once a day.")
    previous: int | None = Field(description="In the period before.")


class PlacementsOut(Framed):
    """Views of the invitation to share, by place. They are the store's, whatever program is asked for."""

    data: list[PlacementOut]


class AmbassadorOut(BaseModel):
    """An ambassador, known by id and code: names and addresses are in links only."""

    ambassador_id: str
    code: str | None
    friends: int
    shares: int
    orders: int
    customers: int
    revenue_minor: int
    reward_minor: int

    @classmethod
    def of(cls, leader: Leader) -> "AmbassadorOut":
        """The ambassador as an answer."""
        return cls(
            ambassador_id=leader.ambassador_id,
            code=leader.code,
            friends=leader.friends,
            shares=leader.shares,
            orders=leader.orders,
            customers=leader.customers,
            revenue_minor=leader.revenue_minor,
            reward_minor=leader.reward_minor,
        )


class AmbassadorsOut(Framed):
    """The period's best ambassadors."""

    total: int = Field(description="Ambassadors who were active in the period.")
    next_offset: int | None = Field(description="Pass it as `offset` to go on; null where the list ends.")
    sort: str
    data: list[AmbassadorOut]


ALL_METRICS = MetricsOut(data=[MetricOut.of(metric) for metric in METRICS.values()])
