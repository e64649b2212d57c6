"""The page's parts, from figures: tiles, trend, funnel, tables, reasons, spread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from services.analytics.metrics.domain.figures import Channel, Funnel, View
from services.analytics.metrics.domain.pictures import series_of, written
from services.analytics.metrics.domain.registry import METRICS, Metric
from services.analytics.metrics.domain.totals import Totals
from services.analytics.overview.domain.address import TILES, Address
from services.common.channels import WITHOUT_CLICKS, channel_text
from services.common.reasons import reason_icon, reason_text
from services.ui import BarCell, Change, Column, Fact, Format, Reader, Row, Table, Tile
from services.ui.charts import FunnelStep, funnel_step
from services.ui.parts import Series

SPREAD = ("k_factor", "share_yield", "participation_rate", "cycle_time", "turned_rate")


def explained(metric: Metric, totals: Totals, reader: Reader) -> str:
    """Formula, parts and source in a sentence or two."""
    speech = reader.speech
    text = f"{speech.say(metric.name)} = {speech.say(metric.formula)}."
    if metric.bottom and not metric.needs & totals.missing:
        top, bottom = metric.parts(totals.sums)
        if metric.unit in {"share", "ratio"} and not any(name.endswith("_minor") for name in metric.needs):
            text += f" {reader.fmt.number(top)} ÷ {reader.fmt.number(bottom)}."
    if metric.maturity:
        text += f" {speech.say(metric.maturity)}"
    return f"{text} {speech.say('Source')}: {metric.source}."


def tiles(view: View, address: Address, now: Totals, before: Totals | None, reader: Reader) -> list[Tile]:
    """The six figures of the band."""
    made = []
    for key in TILES:
        metric = METRICS[key]
        value, was = now.value(metric), before.value(metric) if before else None
        made.append(
            Tile(
                label=reader.speech.say(metric.name),
                value=written(reader.fmt, metric, value, view.currency),
                href=address.with_metric(key),
                change=changed(metric, value, was, reader.fmt),
                before=written(reader.fmt, metric, was, view.currency) if before else "",
                current=key == address.metric,
                series=series_of(metric),
                formula=explained(metric, now, reader),
            )
        )
    return made


def changed(metric: Metric, value: float | None, was: float | None, fmt: Format) -> Change | None:
    """The change to the period before: shares in points, the rest in percent."""
    if metric.unit == "share":
        return fmt.change_points(value, was, good=metric.good)
    return None if value is None else fmt.change(value, was, good=metric.good)


def funnel_steps(found: Funnel, reader: Reader) -> list[FunnelStep]:
    """Bars from click to kept order; hatched what can still change."""
    fmt, speech = reader.fmt, reader.speech
    whole = max(found.clicks, found.friends, 1)

    def share(people: int) -> str:
        return fmt.percent(found.share_of_friends(people))

    def step(label: str, people: int, series: Series, note: str, waiting: int = 0, extra: int = 0) -> FunnelStep:
        return funnel_step(
            label, fmt.number(people), share=(people + extra) / whole, open_share=(waiting + extra) / whole,
            series=series, note=note, ident=series + label[:3],
        )  # fmt: skip

    per_friend = fmt.number(found.clicks / found.friends, digits=2) if found.friends else fmt.number(None)
    still = speech.count(
        "%(share)s can still buy: their %(n)s-day window is open",
        "%(share)s can still buy: their %(n)s-day window is open",
        found.window_days,
        n=fmt.number(found.window_days),
        share=share(found.open),
    )

    def of_friends(people: int) -> str:
        return speech.say("%(share)s of friends", share=share(people))

    held = speech.say(
        "%(held)s still on hold, %(refunded)s refunded",
        held=fmt.number(found.on_hold),
        refunded=fmt.number(found.refunded),
    )
    return [
        step(speech.say("Clicks"), found.clicks, "clicks", speech.say("%(n)s clicks per friend", n=per_friend)),
        step(speech.say("Friends (unique visitors)"), found.friends, "clicks", still, waiting=found.open),
        step(speech.say("Signed up"), found.signed_up, "signups", of_friends(found.signed_up)),
        step(speech.say("Bought"), found.bought, "orders", of_friends(found.bought)),
        step(speech.say("Kept after the hold"), found.kept, "orders", held, extra=found.on_hold),
    ]


def channels_table(view: View, rows: Sequence[Channel], reader: Reader) -> Table:
    """Channels, best first."""
    fmt, speech = reader.fmt, reader.speech
    rows = [row for row in rows if row.clicks or row.friends or row.orders]  # shares alone have nothing to show here
    most = max((row.revenue_minor for row in rows), default=0)
    return Table(
        name=speech.say("Channels"),
        columns=[
            Column("channel", speech.label("head", "Channel")),
            Column("clicks", speech.label("head", "Clicks"), figure=True, minor=True),
            Column("friends", speech.label("head", "Friends"), figure=True, minor=True),
            Column("conversion", speech.label("head", "Conv."), figure=True),
            Column("orders", speech.label("head", "Orders"), figure=True),
            Column("by_code", speech.label("head", "By code"), figure=True, minor=True),
            Column("revenue", _money_head(view, reader), figure=True, sorted="descending"),
        ],
        rows=[
            Row(
                {
                    "channel": BarCell(channel_text(row.channel, speech), _share(row.revenue_minor, most)),
                    "clicks": None if row.channel in WITHOUT_CLICKS else fmt.number(row.clicks),
                    "friends": None if row.channel in WITHOUT_CLICKS else fmt.number(row.friends),
                    "conversion": None if row.channel in WITHOUT_CLICKS else fmt.percent(row.conversion),
                    "orders": fmt.number(row.orders),
                    "by_code": fmt.number(row.by_code),
                    "revenue": fmt.amount(row.revenue_minor, view.currency, whole=True),
                }
            )
            for row in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class Person:
    """An ambassador's row, known by code."""

    ambassador_id: str
    code: str
    friends: int
    orders: int
    revenue_minor: int


def ambassadors_table(view: View, rows: Sequence[Person], reader: Reader) -> Table:
    """The best ambassadors: the code first, the name is added by the browser."""
    fmt, speech = reader.fmt, reader.speech
    most = max((row.revenue_minor for row in rows), default=0)
    return Table(
        name=speech.say("Top ambassadors"),
        columns=[
            Column("code", speech.label("head", "Ambassador")),
            Column("friends", speech.label("head", "Friends"), figure=True),
            Column("orders", speech.label("head", "Orders"), figure=True),
            Column("revenue", _money_head(view, reader), figure=True, sorted="descending"),
        ],
        rows=[
            Row(
                {
                    "code": BarCell(
                        Markup('<b class="code">{}</b>').format(row.code),
                        _share(row.revenue_minor, most),
                        detail=Markup('<span data-name="{}"></span>').format(row.ambassador_id),
                        href=f"/console/links/ambassadors/{row.ambassador_id}",
                    ),
                    "friends": fmt.number(row.friends),
                    "orders": fmt.number(row.orders),
                    "revenue": fmt.amount(row.revenue_minor, view.currency, whole=True),
                }
            )
            for row in rows
        ],
        names_src="/console/links/names",
    )


def _money_head(view: View, reader: Reader) -> str:
    return f"{reader.speech.label('head', 'Revenue')}, {reader.fmt.currency(view.currency)}"


def _share(part: int, most: int) -> float:
    return max(0.0, part / most) if most > 0 else 0.0


@dataclass(frozen=True, slots=True)
class WithoutAmbassador:
    """Orders that nobody referred, by reason: `count` of `of` decided orders. `waiting`: of those not decided."""

    facts: Sequence[Fact]
    count: int
    of: int
    waiting: str


def without_ambassador(reasons: Sequence[tuple[str, str, int]], reader: Reader) -> WithoutAmbassador:
    """From (disposition, reason, orders). Waiting and cancelled orders are in neither figure, and counted apart."""
    listed: Counter[str] = Counter()
    decided = waiting = 0
    for disposition, reason, orders in reasons:
        if disposition in {"attributed", "unattributed", "rejected"}:
            decided += orders
        if disposition == "waiting":
            waiting += orders
        if disposition in {"unattributed", "rejected"}:
            listed[reason] += orders
    ranked = sorted(listed.items(), key=lambda item: (-item[1], item[0]))
    facts = [
        Fact(reason_text(reason, reader.speech), reader.fmt.number(orders), icon=reason_icon(reason))
        for reason, orders in ranked
    ]
    text = reader.speech.count(
        "%(n)s order is not decided yet.", "%(n)s orders are not decided yet.", waiting, n=reader.fmt.number(waiting)
    )
    return WithoutAmbassador(facts, sum(listed.values()), decided, text if waiting else "")


def spread(view: View, now: Totals, reader: Reader) -> list[Fact]:
    """How the program spreads by itself."""
    made = []
    for key in SPREAD:
        metric = METRICS[key]
        value = now.value(metric)
        text = written(reader.fmt, metric, value, view.currency)
        if value is not None and metric.needs & now.estimates:
            text = f"≈\u00a0{text}"
        label = reader.speech.say(metric.name)
        made.append(Fact(label, text))
    return made
