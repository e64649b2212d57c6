"""The answers as sheets and pictures. Sheets hold exact amounts, so that they add up to what the page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.exports.domain import Picture, Sheet, money, ratio
from services.analytics.metrics.domain.figures import Channel, Funnel, Point, View
from services.analytics.metrics.domain.pictures import bars_chart, caption_of
from services.analytics.metrics.domain.registry import METRICS, Metric
from services.analytics.metrics.domain.totals import Totals
from services.common.channels import CHANNELS
from services.ui.charts import Layer
from services.ui.format import Format
from services.ui.locales import Speech, load_speech

_DRAWN = 8


@dataclass(frozen=True, slots=True)
class Named:
    """An ambassador's row, with the code that names it where there is one."""

    code: str | None
    ambassador_id: str
    friends: int
    shares: int
    orders: int
    customers: int
    revenue_minor: int
    reward_minor: int


def shown(metric: Metric, value: float | None, currency: str) -> object:
    """A metric in a sheet's cell: money in whole units with all digits, quotients with six."""
    if value is None:
        return None
    if metric.unit == "money":
        return money(value, currency)
    return value if value == int(value) and not metric.bottom else ratio(value)


def _part(names: Sequence[str], sum_of: int | None, currency: str) -> object:
    """A numerator or denominator in a sheet's cell: amounts in whole units, as everything beside them."""
    return money(sum_of, currency) if all(name.endswith("_minor") for name in names) else sum_of


def definitions() -> Sheet:
    """Every metric's definition."""
    return Sheet(
        "metrics",
        ("key", "name", "formula", "numerator", "denominator", "unit", "source", "maturity"),
        [
            (m.key, m.name, m.formula, " + ".join(m.top), " + ".join(m.bottom), m.unit, m.source, m.maturity)
            for m in METRICS.values()
        ],
    )


def summary(view: View, now: Totals, before: Totals | None) -> Sheet:
    """Metric by metric, with its period before."""
    rows: list[Sequence[object]] = []
    for metric in METRICS.values():
        value, was = now.value(metric), before.value(metric) if before else None
        top, bottom = metric.parts(now.sums) if not metric.needs & now.missing else (None, None)
        unit = view.currency if metric.unit == "money" else metric.unit
        rows.append(
            (
                metric.key,
                metric.name,
                shown(metric, value, view.currency),
                unit,
                shown(metric, was, view.currency),
                _part(metric.top, top, view.currency),
                _part(metric.bottom, bottom, view.currency),
                view.currency,
            )
        )
    return Sheet(
        named("summary", view),
        ("metric", "name", "value", "unit", "previous", "numerator", "denominator", "currency"),
        rows,
    )


def timeseries(view: View, metric: Metric, points: Sequence[Point]) -> Sheet:
    """Slot by slot."""
    unit = view.currency if metric.unit == "money" else metric.unit
    return Sheet(
        named(metric.key, view),
        ("from", "to", metric.key, "previous", "unit"),
        [
            (p.start, p.last, shown(metric, p.value, view.currency), shown(metric, p.before, view.currency), unit)
            for p in points
        ],
    )


def steps_of(found: Funnel) -> list[tuple[str, int]]:
    """Steps and their people."""
    return [
        ("clicks", found.clicks),
        ("friends", found.friends),
        ("signed_up", found.signed_up),
        ("bought", found.bought),
        ("kept", found.kept),
    ]


def funnel(view: View, found: Funnel, before: dict[str, int]) -> Sheet:
    """Step by step."""
    rows = [
        (step, people, before.get(step), None if step == "clicks" else ratio(found.share_of_friends(people)))
        for step, people in steps_of(found)
    ]
    return Sheet(named("funnel", view), ("step", "people", "previous", "share_of_friends"), rows)


def funnel_picture(view: View, found: Funnel) -> Picture:
    """Steps as columns."""
    fmt, speech = _english(view)
    names = ("Clicks", "Friends", "Signed up", "Bought", "Kept")
    counts = [people for _, people in steps_of(found)]
    layer = Layer("People", "orders", counts, [fmt.number(count) for count in counts])
    chart = bars_chart(
        "From click to kept order", f"{found.clicks} clicks, {found.friends} friends, {found.bought} bought.", names,
        "Step", layer, fmt.axis_number(largest=max(counts)),
    )  # fmt: skip
    return Picture(chart, caption_of(view, "Friends who first came in this period", fmt, speech))


def channels(view: View, rows: Sequence[Channel]) -> Sheet:
    """Channel by channel."""
    return Sheet(
        named("channels", view),
        (
            "channel", "clicks", "shares", "friends", "buyers", "conversion", "orders", "orders_by_code", "customers",
            "revenue", "currency",
        ),
        [
            (
                row.channel, row.clicks, row.shares, row.friends, row.buyers, ratio(row.conversion), row.orders,
                row.by_code, row.customers, money(row.revenue_minor, view.currency), view.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


def channels_picture(view: View, rows: Sequence[Channel]) -> Picture:
    """The best channels as columns."""
    best = rows[:_DRAWN]
    names = [CHANNELS[row.channel].name if row.channel in CHANNELS else row.channel for row in best]
    title = _of_all("Referred revenue by channel", len(rows))
    return _revenue_picture(view, title, names, [row.revenue_minor for row in best], "Channel")


def placements(view: View, rows: Sequence[tuple[str, int, int | None]]) -> Sheet:
    """Place by place."""
    return Sheet(named("placements", view), ("placement", "views", "previous"), rows)


def ambassadors(view: View, rows: Sequence[Named]) -> Sheet:
    """Ambassador by ambassador."""
    return Sheet(
        named("ambassadors", view),
        (
            "code", "ambassador_id", "friends", "shares", "orders", "customers", "revenue", "reward", "currency",
        ),
        [
            (
                row.code, row.ambassador_id, row.friends, row.shares, row.orders, row.customers,
                money(row.revenue_minor, view.currency), money(row.reward_minor, view.currency), view.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


def ambassadors_picture(view: View, rows: Sequence[Named], total: int) -> Picture:
    """The best ambassadors as columns, of `total` who did something."""
    best = rows[:_DRAWN]
    title = _of_all("Referred revenue by ambassador", total)
    return _revenue_picture(
        view, title, [row.code or row.ambassador_id for row in best], [row.revenue_minor for row in best], "Code"
    )


def _of_all(title: str, count: int) -> str:
    """That a picture shows the best ones only."""
    return title if count <= _DRAWN else f"{title}, the best {_DRAWN} of {count}"


def _revenue_picture(view: View, title: str, names: Sequence[str], amounts: Sequence[int], head: str) -> Picture:
    fmt, speech = _english(view)
    texts = [fmt.money(amount, view.currency, whole=True) for amount in amounts]
    sentence = f"{title}: {names[0]} most, {texts[0]}." if names else f"{title}: nothing yet."
    axis = fmt.axis_money(view.currency, largest_minor=max((abs(a) for a in amounts), default=0))
    chart = bars_chart(title, sentence, names, head, Layer("Revenue, net of refunds", "revenue", amounts, texts), axis)
    return Picture(chart, caption_of(view, METRICS["revenue"].formula, fmt, speech))


def named(what: str, view: View) -> str:
    """What a file is called: after what it holds, and of which days."""
    return f"{what}-{view.period.first}-{view.period.last}"


def _english(view: View) -> tuple[Format, Speech]:
    return Format("en", zone=view.calendar.zone, now=view.freshness.at), load_speech("en")
