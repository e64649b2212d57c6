"""Puts the page's values together for the template, and the same figures into one sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.analytics.exports.domain import Sheet, money
from services.analytics.metrics.domain import pictures, sheets
from services.analytics.metrics.domain.figures import Channel, Figures, View, funnel, names_of, series
from services.analytics.metrics.domain.periods import Grain, odd_days
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.totals import other_currencies
from services.analytics.overview.domain import parts
from services.analytics.overview.domain.address import TILES, Address, mistakes, presets
from services.analytics.overview.domain.parts import Person
from services.ui import Choice, Freshness, RangePicker, Reader
from services.ui.charts import Chart, Columns, columns, line


@dataclass(frozen=True, slots=True)
class Shown:
    """The loaded figures, as the page needs them."""

    view: View
    now: Figures
    before: Figures | None
    channels: Sequence[Channel]
    people: Sequence[Person]
    active: int
    reasons: Sequence[tuple[str, str, int]]


def values(shown: Shown, address: Address, reader: Reader) -> dict[str, object]:
    """Everything that the template names."""
    view = shown.view
    now = shown.now.total(view.currency)
    before = shown.before.total(view.currency) if shown.before and view.comparable else None
    return {
        "tiles": parts.tiles(view, address, now, before, reader),
        "trend": trend(shown, address, reader),
        "trend_files": _trend_files(address, reader),
        "funnel": parts.funnel_steps(funnel(view, shown.now), reader),
        "channels": parts.channels_table(view, shown.channels, reader),
        "ambassadors": parts.ambassadors_table(view, shown.people, reader),
        "active": reader.fmt.number(shown.active),
        "without": parts.without_ambassador(shown.reasons, reader),
        "spread": parts.spread(view, now, reader),
        "programs": programs(view, address, reader),
        "program_name": names_of(view.versions).get(view.program_id or "", ""),
        "picker": picker(view, address, reader),
        "exports": exports(address, reader),
        "others": others(shown, reader),
        "files": {part: address.file(part, "csv") for part in ("funnel", "channels", "ambassadors", "virality")},
        "wrong": mistakes(address, reader),
    }


def trend(shown: Shown, address: Address, reader: Reader) -> Chart:
    """The chosen metric by day; by week where there would be too many days."""
    view, metric = shown.view, METRICS[address.metric]
    grain: Grain = "day" if view.period.days <= 2 * pictures.MOST_COLUMNS + 2 else "week"
    points = series(metric, grain, view, shown.now, shown.before)
    name = reader.speech.say(metric.name)
    spec = pictures.trend_chart(pictures.Trend(metric, name, grain, points, view), reader.fmt, reader.speech)
    return columns(spec) if isinstance(spec, Columns) else line(spec)


def freshness(view: View, reader: Reader) -> Freshness:
    """How current the page is."""
    text = pictures.freshness_text(view, reader.fmt, reader.speech)
    detail = reader.speech.say("Events are waiting to be counted. The figures below will catch up by themselves.")
    return Freshness(text, behind=view.freshness.behind_s > 0, detail=detail)


def programs(view: View, address: Address, reader: Reader) -> list[Choice]:
    """All programs, then each."""
    every = Choice(reader.speech.say("All programs"), href=address.with_program(None), current=view.program_id is None)
    return [
        every,
        *(
            Choice(name, href=address.with_program(program_id), current=program_id == view.program_id)
            for program_id, name in sorted(names_of(view.versions).items(), key=lambda item: item[1])
        ),
    ]


def picker(view: View, address: Address, reader: Reader) -> RangePicker:
    """The period, its presets, and what it is compared with."""
    fmt, speech = reader.fmt, reader.speech
    zone = view.calendar.zone
    odd = [
        speech.count(
            "%(day)s has %(n)s hour",
            "%(day)s has %(n)s hours",
            hours,
            n=fmt.number(hours, digits=int(hours % 1 > 0)),
            day=fmt.date(day),
        )
        for day, hours in odd_days(view.period, zone)
    ]
    compared = ""
    if view.before:
        compared = speech.say("vs %(period)s", period=fmt.period(view.before.first, view.before.last))
    return RangePicker(
        text=fmt.period(view.period.first, view.period.last),
        first=view.period.first.isoformat(),
        last=view.period.last.isoformat(),
        presets=presets(address, view.today, view.period, speech),
        comparisons=[
            Choice(speech.say("The period before"), value="previous", current=address.compare),
            Choice(speech.say("Nothing"), value="none", current=not address.compare),
        ],
        compared_with=compared,
        zone=". ".join([speech.say("Days of %(zone)s", zone=zone.key), *odd]),
        keep=address.kept(without=frozenset({"from", "to", "compare"})),
    )


def exports(address: Address, reader: Reader) -> list[Choice]:
    """The page as files."""
    speech = reader.speech
    return [
        Choice(speech.say("Everything on this page, CSV"), href=address.href(format="csv")),
        Choice(speech.say("All metrics, CSV"), href=address.file("summary", "csv")),
        *_trend_files(address, reader),
        Choice(speech.say("Ambassadors, CSV"), href=address.file("ambassadors", "csv")),
        Choice(speech.say("Cohorts, CSV"), href=address.file("virality", "csv")),
    ]


def _trend_files(address: Address, reader: Reader) -> list[Choice]:
    speech = reader.speech
    return [
        Choice(speech.say("Chart, CSV"), href=address.file("timeseries", "csv", metric=address.metric)),
        Choice(speech.say("Chart, SVG"), href=address.file("timeseries", "svg", metric=address.metric)),
    ]


def others(shown: Shown, reader: Reader) -> str:
    """Orders in other currencies, which no sum of money on the page contains."""
    fmt, speech = reader.fmt, reader.speech
    found = other_currencies(shown.now.rows(), shown.view.currency)
    if not found:
        return ""
    listed = ", ".join(
        speech.count("%(money)s in %(n)s order", "%(money)s in %(n)s orders", sums["orders"],
                     n=fmt.number(sums["orders"]), money=fmt.money(sums["revenue_minor"], code, whole=True))
        for code, sums in found.items()
    )  # fmt: skip
    return speech.say("Not in the sums of money: %(listed)s.", listed=listed)


def sheet(shown: Shown, address: Address) -> Sheet:
    """Every figure of the page, one a row, exact: section, item, measure, value, unit, previous."""
    view = shown.view
    now = shown.now.total(view.currency)
    before = shown.before.total(view.currency) if shown.before and view.comparable else None
    rows: list[tuple[object, ...]] = []

    def add(section: str, item: object, measure: str, value: object, unit: str, previous: object = None) -> None:
        rows.append((section, item, measure, value, unit, previous))

    for key in (*TILES, *parts.SPREAD):
        metric = METRICS[key]
        was = before.value(metric) if before else None
        add(
            "spread" if key in parts.SPREAD else "figures",
            metric.name,
            key,
            sheets.shown(metric, now.value(metric), view.currency),
            view.currency if metric.unit == "money" else metric.unit,
            sheets.shown(metric, was, view.currency),
        )
    metric = METRICS[address.metric]
    for point in series(metric, "day", view, shown.now, shown.before):
        value, was = point.value, point.before
        unit = view.currency if metric.unit == "money" else metric.unit
        add(
            "trend",
            point.start,
            metric.key,
            sheets.shown(metric, value, view.currency),
            unit,
            sheets.shown(metric, was, view.currency),
        )
    for step, people in sheets.steps_of(funnel(view, shown.now)):
        add("funnel", step, "people", people, "count")
    _add_tables(shown, rows)
    return Sheet(
        f"overview-{view.period.first}-{view.period.last}",
        ("section", "item", "measure", "value", "unit", "previous"),
        rows,
    )


def _add_tables(shown: Shown, rows: list[tuple[object, ...]]) -> None:
    currency = shown.view.currency
    for channel in shown.channels:
        counts: Mapping[str, int] = {"clicks": channel.clicks, "friends": channel.friends, "orders": channel.orders}
        rows += [
            ("channels", channel.channel or "unknown", name, count, "count", None) for name, count in counts.items()
        ]
        revenue = money(channel.revenue_minor, currency)
        rows.append(("channels", channel.channel or "unknown", "revenue", revenue, currency, None))
    for person in shown.people:
        counts = {"friends": person.friends, "orders": person.orders}
        rows += [("ambassadors", person.code, name, count, "count", None) for name, count in counts.items()]
        rows.append(("ambassadors", person.code, "revenue", money(person.revenue_minor, currency), currency, None))
    for disposition, reason, orders in shown.reasons:
        if disposition in {"unattributed", "rejected"}:
            rows.append(("orders without an ambassador", reason, disposition, orders, "count", None))
        if disposition == "waiting":
            rows.append(("orders not decided yet", reason, disposition, orders, "count", None))
