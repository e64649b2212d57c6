"""The kit page's charts: a trend with everything it can mark, money above and below zero, a rate with a gap."""

from __future__ import annotations

import math
from datetime import date, timedelta

from services.ui import Format
from services.ui.charts import (
    Columns,
    FunnelStep,
    Layer,
    Lines,
    Marker,
    Part,
    Slot,
    Strip,
    funnel_step,
    strip,
)

TODAY = date(2026, 11, 22)


def days() -> list[date]:
    return [TODAY - timedelta(days=27 - n) for n in range(28)]


def revenue(shift: int = 0) -> list[int]:
    """Minor units with a weekday rhythm and a bump; `shift` days earlier for comparison."""
    values = []
    for number, day in enumerate(days()):
        weekly = 1 + 0.22 * math.sin((day.weekday() + 1) / 7 * 6.28)
        bump = 1.8 if not shift and 18 <= number <= 21 else 1.0
        values.append(
            round(620_00 * weekly * bump * (1 + 0.012 * (number - shift)) + 37_00 * math.sin(number * 1.7 + shift))
        )
    return values


def trend(fmt: Format) -> Columns:
    now, before = revenue(), revenue(28)
    now[-1] = 362_00
    return Columns(
        title="Referred revenue by day",
        sentence=f"Revenue by day, {fmt.period(days()[0], TODAY)}: {fmt.money(sum(now), 'EUR', whole=True)} in all.",
        slots=[Slot(fmt.date(day), tick=fmt.date(day) if day.weekday() == 0 else "") for day in days()],
        slot_head="Day",
        layers=[Layer("Revenue, net of refunds", "revenue", now, [fmt.money(v, "EUR", whole=True) for v in now])],
        before=Layer(
            "Same weekday, 28 days before", "muted", before, [fmt.money(v, "EUR", whole=True) for v in before]
        ),
        axis=fmt.axis_money("EUR", largest_minor=max(now)),
        open_from=27,
        open_label="Today, until 16:02",
        markers=[Marker(14, "v3", "10% on every order"), Marker(18, "×2", "Coffee days", until=21)],
    )


def money_flow(fmt: Format) -> Columns:
    brought = revenue()[:8]
    cost, back = [-v // 9 for v in brought], [-v // 15 for v in brought]
    write = [[fmt.money(v, "EUR", whole=True) for v in values] for values in (brought, cost, back)]
    return Columns(
        title="Money by week",
        sentence="Revenue above zero, rewards and refunds below.",
        slots=[Slot(f"Week {n}", tick=f"W{n}") for n in range(40, 48)],
        slot_head="Week",
        layers=[
            Layer("Revenue", "revenue", brought, write[0]),
            Layer("Rewards", "rewards", cost, write[1]),
            Layer("Refunds", "refunds", back, write[2]),
        ],
        axis=fmt.axis_money("EUR", largest_minor=max(brought)),
        ident="money",
    )


def rate(fmt: Format) -> Lines:
    values: list[float | None] = [0.045 + 0.01 * math.sin(n / 4) + 0.0004 * n for n in range(28)]
    values[9] = values[10] = None
    before = [0.041 + 0.008 * math.sin(n / 4 + 1) for n in range(28)]
    return Lines(
        title="Conversion by day",
        sentence="Conversion by day with a gap on two days.",
        slots=[Slot(fmt.date(day), tick=fmt.date(day) if day.weekday() == 0 else "") for day in days()],
        slot_head="Day",
        layers=[Layer("Conversion", "orders", values, [fmt.percent(v) for v in values])],
        before=Layer("28 days before", "muted", before, [fmt.percent(v) for v in before]),
        axis=fmt.axis_percent(),
        open_from=24,
        note="No visits were recorded on 4 and 5 Nov. The last four days can still grow.",
        ident="rate",
    )


def funnel_steps(fmt: Format) -> list[FunnelStep]:
    return [
        funnel_step("Clicks", fmt.number(10620), share=1, series="clicks", note="1.25 clicks per friend"),
        funnel_step(
            "Friends (unique visitors)",
            fmt.number(8528),
            share=0.803,
            open_share=0.35,
            series="clicks",
            note="44.0% can still buy: their 30-day window is open",
            ident="friends",
        ),
        funnel_step(
            "Signed up", fmt.number(1245), share=0.117, open_share=0.03, series="signups", note="14.6% of friends"
        ),
        funnel_step("Bought", fmt.number(500), share=0.047, series="orders", note="5.9% of friends"),
    ]


def share_strips() -> list[Strip]:
    return [
        strip("People", [Part(0.20, "20%", 5), Part(0.48, "48%", 2), Part(0.32, "32%", 0, more="never shared")]),
        strip("Revenue", [Part(0.78, "78%", 5), Part(0.22, "22%", 2)]),
    ]
