"""Charts of figures: which kind suits a metric, its axis, its words. Pure; drawn by the page kit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.analytics.metrics.domain.figures import Point, View
from services.analytics.metrics.domain.periods import Grain
from services.analytics.metrics.domain.registry import Metric
from services.analytics.slices.domain import Version
from services.common.periods import local_day
from services.ui.charts import Caption, Columns, Layer, Lines, Marker, Slot
from services.ui.format import Format
from services.ui.locales import Speech
from services.ui.parts import Series

MOST_COLUMNS = 45

_SERIES: dict[str, Series] = {
    **dict.fromkeys(("revenue", "gross_revenue", "average_order", "roas"), "revenue"),
    **dict.fromkeys(("clicks", "friends", "visits", "visitors", "clicks_per_friend", "robot_share"), "clicks"),
    **dict.fromkeys(("signups", "signup_rate", "joined"), "signups"),
    **dict.fromkeys(("reward_cost", "cost_rate", "cac"), "rewards"),
    **dict.fromkeys(("refunds", "refund_rate"), "refunds"),
}


def series_of(metric: Metric) -> Series:
    """The colour that means this kind of figure everywhere."""
    return _SERIES.get(metric.key, "orders")


def written(fmt: Format, metric: Metric, value: float | None, currency: str) -> str:
    """A metric as people read it."""
    if value is None:
        return fmt.number(None)
    if metric.unit == "money":
        return fmt.money(int(value), currency, whole=True)
    if metric.unit == "share":
        return fmt.percent(value)
    if metric.unit == "days":
        return fmt.duration(value * 86_400)
    return fmt.number(value, digits=2 if metric.unit == "ratio" else 0)


@dataclass(frozen=True, slots=True)
class Trend:
    """What a chart of a metric over time is drawn from."""

    metric: Metric
    name: str
    grain: Grain
    points: Sequence[Point]
    view: View


def trend_chart(trend: Trend, fmt: Format, speech: Speech) -> Columns | Lines:
    """Sums as columns (as lines beyond 45 slots), rates as lines; the period before as ticks; today hatched."""
    view, metric = trend.view, trend.metric
    title = _title(trend, speech)
    slots = [_slot(trend, number, fmt, speech) for number in range(len(trend.points))]
    values = [point.value for point in trend.points]
    texts = [written(fmt, metric, value, view.currency) for value in values]
    before = [point.before for point in trend.points]
    open_from = next((n for n, point in enumerate(trend.points) if point.last >= view.today), None)
    rate = metric.unit in {"share", "ratio", "days"} or bool(metric.bottom)
    common = {
        "title": title,
        "sentence": _sentence(trend, title, fmt, speech),
        "slots": slots,
        "slot_head": _slot_head(trend.grain, speech),
        "layers": [Layer(_layer_name(trend, speech), series_of(metric), values, texts)],
        "axis": _axis(trend, fmt),
        "before": _before(trend, before, fmt, speech),
        "open_from": open_from,
        "open_label": _open_label(trend, fmt, speech),
        "markers": _markers(trend, speech),
        "note": _note(trend, rate, speech),
        "ident": "trend",
    }  # fmt: skip
    if rate or len(slots) > MOST_COLUMNS:
        return Lines(**common)  # type: ignore[arg-type]  # the same fields make either chart
    return Columns(**common)  # type: ignore[arg-type]


def _note(trend: Trend, rate: bool, speech: Speech) -> str:
    parts = [speech.say(trend.metric.maturity)] if trend.metric.maturity else []
    if rate and any(point.value is None for point in trend.points):
        parts.append(speech.say("In a gap there was nothing to divide by."))
    return " ".join(parts)


def _title(trend: Trend, speech: Speech) -> str:
    if trend.grain == "day":
        return speech.say("%(metric)s by day", metric=trend.name)
    if trend.grain == "week":
        return speech.say("%(metric)s by week", metric=trend.name)
    return speech.say("%(metric)s by month", metric=trend.name)


def _layer_name(trend: Trend, speech: Speech) -> str:
    return speech.say("Revenue, net of refunds") if trend.metric.key == "revenue" else trend.name


def _slot_head(grain: Grain, speech: Speech) -> str:
    if grain == "day":
        return speech.label("head", "Day")
    return speech.label("head", "Week of") if grain == "week" else speech.label("head", "Month")


def _slot(trend: Trend, number: int, fmt: Format, speech: Speech) -> Slot:
    point = trend.points[number]
    if trend.grain == "month":
        return Slot(fmt.month(point.start), tick=fmt.month(point.start))
    name = fmt.date(point.start)
    if trend.grain == "week":
        every = max(1, len(trend.points) // 8)
        return Slot(name, tick=name if number % every == 0 else "")
    if len(trend.points) <= 10:
        return Slot(name, tick=name)
    first = number == 0 and point.start.weekday() not in (0, 5, 6)
    monday = point.start.weekday() == 0 and (len(trend.points) <= 62 or point.start.day <= 7)
    return Slot(name, tick=name if first or monday else "")


def _axis(trend: Trend, fmt: Format) -> Callable[[float], str]:
    metric = trend.metric
    largest = max((abs(v) for p in trend.points for v in (p.value, p.before) if v is not None), default=0)
    if metric.unit == "money":
        return fmt.axis_money(trend.view.currency, largest_minor=round(largest))
    if metric.unit == "share":
        return fmt.axis_percent()
    return fmt.axis_number(largest=largest)


def _before(trend: Trend, before: list[float | None], fmt: Format, speech: Speech) -> Layer | None:
    if trend.view.before is None:
        return None
    days = trend.view.period.days
    if days % 7 == 0 and trend.grain == "day":
        label = speech.count(
            "Same weekday, %(n)s day before", "Same weekday, %(n)s days before", days, n=fmt.number(days)
        )
    else:
        label = speech.count("%(n)s day before", "%(n)s days before", days, n=fmt.number(days))
    texts = [written(fmt, trend.metric, value, trend.view.currency) for value in before]
    return Layer(label, "muted", before, texts)


def _open_label(trend: Trend, fmt: Format, speech: Speech) -> str:
    until = fmt.time(trend.view.freshness.until)
    if trend.grain == "day":
        return speech.say("Today, until %(time)s", time=until)
    return speech.say("Not over yet, until %(time)s", time=until)


def _markers(trend: Trend, speech: Speech) -> list[Marker]:
    """Program versions that came into force in the period, the first version apart: it is the program itself."""
    view = trend.view
    found = []
    for version in view.versions:
        if version.version == 1 or view.program_id not in (None, version.program_id):
            continue
        day = local_day(version.published_at, view.calendar.zone)
        at = _slot_of(trend.points, day)
        if at is not None:
            found.append(Marker(at, f"v{version.version}", _what(version, speech)))
    return sorted(found, key=lambda marker: marker.at)


def _what(version: Version, speech: Speech) -> str:
    return speech.say("%(name)s changed", name=version.name)


def _slot_of(points: Sequence[Point], day: date) -> int | None:
    return next((number for number, point in enumerate(points) if point.start <= day <= point.last), None)


def _sentence(trend: Trend, title: str, fmt: Format, speech: Speech) -> str:
    known = [point for point in trend.points if point.value is not None]
    period = fmt.period(trend.view.period.first, trend.view.period.last)
    if not known:
        return speech.say("%(title)s, %(period)s: nothing yet.", title=title, period=period)
    most = max(known, key=lambda point: point.value or 0)
    return speech.say(
        "%(title)s, %(period)s: most on %(day)s, %(value)s.",
        title=title,
        period=period,
        day=fmt.date(most.start),
        value=written(fmt, trend.metric, most.value, trend.view.currency),
    )


def caption_of(view: View, formula: str, fmt: Format, speech: Speech) -> Caption:
    """What travels with a picture."""
    return Caption(
        period=fmt.period(view.period.first, view.period.last),
        formula=formula,
        freshness=freshness_text(view, fmt, speech),
        source=view.calendar.name,
    )


def freshness_text(view: View, fmt: Format, speech: Speech) -> str:
    """Up to date at 16:02; or how far behind."""
    fresh = view.freshness
    if not fresh.behind_s:
        return speech.say("Up to date at %(time)s", time=fmt.time(fresh.at))
    return speech.say(
        "Behind by %(span)s: data to %(time)s", span=fmt.duration(fresh.behind_s), time=fmt.time(fresh.until)
    )


def bars_chart(
    title: str, sentence: str, names: Sequence[str], head: str, layer: Layer, axis: Callable[[float], str]
) -> Columns:
    """Columns over things instead of days: channels, ambassadors, steps."""
    return Columns(
        title=title, sentence=sentence, slots=[Slot(name, tick=name) for name in names], slot_head=head, layers=[layer],
        axis=axis, ident="bars",
    )  # fmt: skip
