"""Charts: round axes, true lengths, what is open or missing, and files that stand alone."""

import dataclasses
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ui import Format
from services.ui.charts import (
    Caption,
    Chart,
    Columns,
    Layer,
    Lines,
    Marker,
    Part,
    Slot,
    columns,
    export_svg,
    funnel_step,
    line,
    nice_ticks,
    sparkline,
    strip,
)
from services.ui.charts.frame import badge_rows
from services.ui.charts.ink import text_width
from services.ui.charts.lines import runs
from services.ui.parts import Series

FMT = Format("en")


def texts(values: list[float | None]) -> list[str]:
    return [FMT.number(value) for value in values]


def layer(values: list[float | None], series: Series = "revenue", label: str = "Revenue") -> Layer:
    return Layer(label, series, values, texts(values))


def some_columns(*layers: Layer, before: Layer | None = None, open_from: int | None = None, **more: object) -> Columns:
    slots = [Slot(f"Day {n}", tick=str(n) if n % 7 == 0 else "") for n in range(len(layers[0].values))]
    return Columns(
        title="Revenue",
        sentence="Revenue by day.",
        slots=slots,
        slot_head="Day",
        layers=layers,
        axis=FMT.number,
        before=before,
        open_from=open_from,
        **more,  # type: ignore[arg-type]  # further fields of a test's own
    )


def parse(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.drawing))


def percent(text: str | None) -> float:
    return float((text or "0").rstrip("%"))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1270, [0, 500, 1000, 1500]),
        (0, 9, [0, 2.5, 5, 7.5, 10]),
        (0, 0.059, [0, 0.02, 0.04, 0.06]),
        (-180, 790, [-200, 0, 200, 400, 600, 800]),
        (0, 0, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_an_axis_has_few_round_ticks(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


@example(-625328.8644680167, -625328.8644680174, False)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.booleans())
def test_an_axis_always_encloses_its_values_in_equal_steps(low: float, high: float, from_zero: bool) -> None:
    ticks = nice_ticks(low, high, from_zero=from_zero)
    assert ticks[0] <= min(low, high) + 1e-6
    assert ticks[-1] >= max(low, high) - 1e-6
    assert 2 <= len(ticks) <= 6
    steps = [b - a for a, b in pairwise(ticks)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)
    assert not from_zero or ticks[0] <= 0 <= ticks[-1]


def test_things_that_are_counted_get_no_tick_between_two_of_them() -> None:
    assert nice_ticks(0, 3, whole=True) == [0, 1, 2, 3]
    assert all(tick == int(tick) for tick in nice_ticks(0, 9, whole=True))


def test_a_column_is_as_high_as_its_value_and_stands_on_zero() -> None:
    chart = columns(some_columns(layer([500, 1000, 1500])))
    rects = [rect for rect in parse(chart).iter("rect") if rect.get("class") == "fill revenue"]
    assert [percent(rect.get("height")) for rect in rects] == pytest.approx([100 / 3, 200 / 3, 100], abs=0.01)
    assert all(percent(rect.get("y")) + percent(rect.get("height")) == pytest.approx(100, abs=0.02) for rect in rects)


def test_what_is_below_zero_hangs_under_it_and_stacks_outwards() -> None:
    chart = columns(
        some_columns(layer([800]), layer([-100], "rewards", "Rewards"), layer([-100], "refunds", "Refunds"))
    )
    boxes = {
        str(rect.get("class")): (percent(rect.get("y")), percent(rect.get("height")))
        for rect in parse(chart).iter("rect")
    }
    assert boxes["fill revenue"] == pytest.approx((0, 80), abs=0.01)
    assert boxes["fill rewards"] == pytest.approx((80, 10), abs=0.01)
    assert boxes["fill refunds"] == pytest.approx((90, 10), abs=0.01)
    assert any(mark.get("class") == "gap" for mark in parse(chart).iter("line"))


def test_a_day_that_is_not_over_is_hatched_and_says_so_in_the_legend() -> None:
    chart = columns(some_columns(layer([5, 6, 2]), open_from=2, open_label="Today, until 16:02"))
    drawn = [rect.get("class") for rect in parse(chart).iter("rect")]
    assert drawn.count("fill revenue") == 3  # two columns and the hatch's own stroke
    assert drawn.count("hatched revenue") == 1
    assert [(key.label, key.mark) for key in chart.legend] == [("Revenue", "fill"), ("Today, until 16:02", "hatch")]


def test_a_missing_value_is_no_column_and_a_dash_in_the_table() -> None:
    chart = columns(some_columns(layer([5, None, 7]), before=layer([None, 4, 4], "muted", "Before")))
    assert sum(rect.get("class") == "fill revenue" for rect in parse(chart).iter("rect")) == 2
    assert sum(mark.get("class") == "tick" for mark in parse(chart).iter("line")) == 2
    assert chart.heads == ["Day", "Revenue", "Before"]
    assert [list(row) for row in chart.rows] == [["Day 0", "5", "–"], ["Day 1", "–", "4"], ["Day 2", "7", "4"]]


def test_a_chart_of_nothing_still_has_its_axis() -> None:
    chart = columns(some_columns(layer([0, 0, None]), whole=True))
    assert [text.text for text in parse(chart).iter("text") if text.get("text-anchor") == "end"] == ["0"]
    assert columns(some_columns(layer([]))).drawing == ""


def test_the_first_label_below_starts_where_the_plot_does() -> None:
    labels = [text for text in parse(columns(some_columns(layer([1.0] * 15)))).iter("text") if text.get("dy") == "18"]
    assert [(label.get("x"), label.get("text-anchor")) for label in labels[:2]] == [("0", "start"), ("50%", "middle")]


def test_badges_that_would_collide_take_a_row_of_their_own() -> None:
    near = [
        Marker(14, "v3", "10% on every order"),
        Marker(16, "×2", "Coffee days", until=19),
        Marker(26, "v4", "Spring"),
    ]
    assert badge_rows(near, 28) == [0, 1, 0]
    chart = columns(some_columns(layer([1.0] * 28), markers=near))
    assert chart.badges == 2
    assert sum(mark.get("class") == "since" for mark in parse(chart).iter("line")) == 2
    assert sum(rect.get("class") == "band" for rect in parse(chart).iter("rect")) == 1


def test_a_gap_breaks_the_line_and_what_is_open_is_dashed() -> None:
    values: list[float | None] = [1, 2, None, None, 3, 4, 5]
    assert [list(run) for run in runs(values)] == [[0, 1], [4, 5, 6]]
    spec = Lines(
        title="Rate",
        sentence="Rate.",
        slots=[Slot(str(n)) for n in range(7)],
        slot_head="Day",
        layers=[layer(values, "orders", "Rate")],
        axis=FMT.number,
        open_from=6,
    )
    drawn = [path.get("class") for path in parse(line(spec)).iter("path")]
    assert drawn == ["stroke orders", "stroke orders", "stroke orders dashed"]


def test_a_single_point_between_gaps_is_a_dot() -> None:
    spec = Lines(
        title="Rate",
        sentence="Rate.",
        slots=[Slot(str(n)) for n in range(3)],
        slot_head="Day",
        layers=[layer([None, 2, None], "orders", "Rate")],
        axis=FMT.number,
    )
    assert len(list(parse(line(spec)).iter("circle"))) == 1


def test_values_and_slots_must_match() -> None:
    with pytest.raises(ValueError, match="3 values but 2 texts"):
        Layer("Revenue", "revenue", [1, 2, 3], ["1", "2"])
    with pytest.raises(ValueError, match="2 values for 3 slots"):
        some_columns(layer([1, 2, 3]), before=layer([1, 2]))


def test_the_open_part_of_a_funnel_step_is_hatched_within_its_bar() -> None:
    step = funnel_step("Friends", "8,528", share=0.8, open_share=0.35, series="clicks", note="44% can still buy")
    widths = {
        rect.get("class"): percent(rect.get("width")) for rect in ElementTree.fromstring(step.drawing).iter("rect")
    }
    assert widths["hatched clicks"] == pytest.approx(35)
    rects = [r for r in ElementTree.fromstring(step.drawing).iter("rect") if r.get("class") == "fill clicks"]
    assert percent(rects[0].get("width")) == pytest.approx(45)


def test_a_part_too_narrow_for_its_figure_shows_none_but_is_read_out() -> None:
    drawn = ElementTree.fromstring(strip("People", [Part(0.96, "96%", 5), Part(0.04, "4%", 2)]).drawing)
    assert [text.text for text in drawn.iter("text")] == ["96%"]
    assert drawn.get("aria-label") == "People: 96%, 4%"


def test_a_sparkline_needs_two_points() -> None:
    assert sparkline([1, None], series="clicks", sentence="x") == ""
    assert "aria-label" in sparkline([1, None, 3], series="clicks", sentence="Rising")


def test_texts_of_a_chart_are_escaped() -> None:
    chart = columns(some_columns(layer([1, 2]), markers=[Marker(0, "<b>", '"><script>')]))
    assert "<script>" not in chart.drawing
    assert "<b>" not in chart.drawing


def test_a_page_drawing_has_no_colour_no_style_and_no_viewbox_of_its_own() -> None:
    chart = columns(some_columns(layer([1, 2, 3]), before=layer([1, 1, 1], "muted", "Before"), open_from=2))
    assert "style=" not in chart.drawing
    assert "#" not in re.sub(r"url\(#[\w-]+\)", "", chart.drawing)
    assert "viewBox" not in chart.drawing


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_file_stands_alone_with_title_period_formula_and_freshness(theme: str) -> None:
    spec = some_columns(layer([500, -20]), before=layer([400, 0], "muted", "Before"), open_from=1, open_label="Today")
    caption = Caption("26 Oct – 22 Nov", "Sum of orders, net of refunds", "Up to date at 16:02", source="Zerno Coffee")
    document = export_svg(spec, caption, theme="dark" if theme == "dark" else "light")
    root = ElementTree.fromstring(document)
    drawn = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))
    for part in (
        "Revenue",
        "Zerno Coffee · 26 Oct – 22 Nov",
        "Sum of orders, net of refunds",
        "Up to date at 16:02",
        "Before",
    ):
        assert part in drawn
    assert root.get("viewBox")
    assert "class=" not in document
    assert "var(" not in document
    assert "style=" not in document


@pytest.mark.parametrize("count", [7, 28, 56, 91])
def test_no_label_below_the_axis_leaves_the_plot_on_a_phone(count: int) -> None:
    slots = [Slot(f"Day {n}", tick="30 September") for n in range(count)]
    chart = columns(dataclasses.replace(some_columns(layer([1] * count)), slots=slots))
    for text in parse(chart).iter("text"):
        if text.text != "30 September":
            continue
        at, anchor = percent(text.get("x")) / 100 * 280, text.get("text-anchor")
        ends = at + {"start": 1.0, "middle": 0.5, "end": 0.0}[anchor or "start"] * text_width("30 September")
        assert ends <= 281


@pytest.mark.parametrize(
    "ticks", [["1 Jan 2024"] * 7, ["1 Dec 2025", "", "12 Jan", "", "", "23 Feb"] * 9, ["2 Nov"] * 10]
)
def test_labels_that_would_meet_on_a_phone_are_shown_on_wide_screens_only(ticks: list[str]) -> None:
    slots = [Slot(f"slot {number}", tick=tick) for number, tick in enumerate(ticks)]
    chart = columns(dataclasses.replace(some_columns(layer([1] * len(ticks))), slots=slots))
    labels = [text for text in parse(chart).iter("text") if text.text in set(filter(None, ticks))]
    shown, ends = [text for text in labels if text.get("class") != "wide"], -30.0
    for text in shown:
        width = text_width(text.text or "")
        anchored = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor") or "start"]
        start = percent(text.get("x")) / 100 * 280 - width * anchored
        assert start >= ends, f"{text.text} meets the one before"
        ends = start + width
    assert 0 < len(shown) < len(labels) == len(list(filter(None, ticks)))
