"""Numbers, money and dates in four languages: what the kit repairs, and what a page must never show."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.ui import Format

NOW = datetime(2026, 11, 22, 16, 2, 11, tzinfo=UTC)
S = "\u00a0"


def formats() -> dict[str, Format]:
    return {language: Format(language, now=NOW) for language in ("en", "ru", "uk", "ro")}


@pytest.mark.parametrize(
    ("language", "euros", "hryvnias", "lei"),
    [
        ("en", "€1,234.50", "₴1,234.50", f"MDL{S}1,234.50"),
        ("ru", f"1{S}234,50{S}€", f"1{S}234,50{S}₴", f"1{S}234,50{S}MDL"),
        ("uk", f"1{S}234,50{S}€", f"1{S}234,50{S}₴", f"1{S}234,50{S}MDL"),
        ("ro", f"1.234,50{S}€", f"1.234,50{S}₴", f"1.234,50{S}MDL"),
    ],
)
def test_money_has_one_sign_per_currency_and_the_languages_own_digits(
    language: str, euros: str, hryvnias: str, lei: str
) -> None:
    fmt = Format(language)
    assert fmt.money(123450, "EUR") == euros
    assert fmt.money(123450, "UAH") == hryvnias
    assert fmt.money(123450, "MDL") == lei


def test_money_keeps_all_minor_digits_of_its_currency_unless_whole_units_are_asked_for() -> None:
    fmt = Format("en")
    assert fmt.money(1250, "JPY") == "¥1,250"
    assert fmt.money(1250, "KWD") == f"KWD{S}1.250"
    assert fmt.money(2122149, "EUR", whole=True) == "€21,221"
    assert fmt.amount(35160, "EUR") == "351.60"


def test_a_negative_value_has_the_true_minus_sign_in_front_of_everything() -> None:
    assert {fmt.money(-460, "EUR") for fmt in formats().values()} == {"−€4.60", f"−4,60{S}€"}
    assert Format("en").number(-3) == "−3"
    assert "-" not in "".join(fmt.number(-1234.5, digits=1) + fmt.percent(-0.1) for fmt in formats().values())


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    assert Format("en").money(-1, "EUR", whole=True) == "€0"
    assert Format("en").points(-0.00001) == f"0.0{S}pp"


def test_a_missing_value_is_a_dash_and_never_zero() -> None:
    fmt = Format("en")
    assert {fmt.money(None, "EUR"), fmt.number(None), fmt.percent(None), fmt.amount(None, "EUR")} == {"–"}


def test_shares_are_written_as_each_language_does() -> None:
    assert [fmt.percent(0.059) for fmt in formats().values()] == ["5.9%", f"5,9{S}%", "5,9%", f"5,9{S}%"]
    assert [fmt.points(0.005) for fmt in formats().values()] == [
        f"+0.5{S}pp",
        f"+0,5{S}п.п.",
        f"+0,5{S}в.п.",
        f"+0,5{S}p.p.",
    ]


def test_spaces_inside_a_value_never_break() -> None:
    for fmt in formats().values():
        texts = [
            fmt.number(1234567),
            fmt.money(123456789, "RUB"),
            fmt.date(date(2025, 9, 1)),
            fmt.points(0.1),
            fmt.duration(240),
            fmt.about(1234),
        ]
        assert not any(" " in text or "\u202f" in text for text in texts), texts


def test_a_change_is_coloured_by_what_is_welcome_and_not_by_its_direction() -> None:
    fmt = Format("en")
    grown = fmt.change(134, 100)
    cost = fmt.change_points(0.117, 0.109, good="down")
    assert grown is not None
    assert (grown.text, grown.direction, grown.tone) == ("34.0%", "up", "good")
    assert cost is not None
    assert (cost.text, cost.direction, cost.tone) == (f"0.8{S}pp", "up", "bad")


def test_a_base_of_zero_is_new_and_has_no_percent() -> None:
    new = Format("ru").change(5, 0)
    assert new is not None
    assert (new.text, new.direction, new.tone) == ("впервые", "new", "neutral")
    assert Format("en").change(5, None) is None
    assert Format("en").change(0, 0) is None


def test_no_difference_points_nowhere() -> None:
    same = Format("en").change(100, 100)
    assert same is not None
    assert (same.direction, same.tone) == ("flat", "neutral")


def test_a_year_is_written_only_where_it_is_not_this_one_and_without_a_word_for_it() -> None:
    assert [fmt.date(date(2026, 11, 22)) for fmt in formats().values()] == [
        f"22{S}Nov",
        f"22{S}нояб.",
        f"22{S}лист.",
        f"22{S}nov.",
    ]
    assert [fmt.date(date(2025, 9, 1)) for fmt in formats().values()] == [
        f"1{S}Sep{S}2025",
        f"1{S}сент.{S}2025",
        f"1{S}вер.{S}2025",
        f"1{S}sept.{S}2025",
    ]


def test_a_period_names_its_month_once_and_its_years_where_they_matter() -> None:
    fmt = Format("en", now=NOW)
    assert fmt.period(date(2026, 10, 26), date(2026, 11, 22)) == f"26{S}Oct{S}– 22{S}Nov"
    assert fmt.period(date(2026, 11, 1), date(2026, 11, 22)) == f"1–22{S}Nov"
    assert fmt.period(date(2025, 12, 20), date(2026, 1, 3)) == f"20{S}Dec{S}2025{S}– 3{S}Jan{S}2026"


def test_moments_are_shown_in_the_stores_zone() -> None:
    fmt = Format("en", zone=ZoneInfo("Europe/Chisinau"), now=NOW)
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert fmt.moment(late) == f"22{S}Nov, 01:30"
    assert fmt.ago(late) == "today"


def test_days_ago_are_words() -> None:
    fmt = formats()
    day = date(2026, 11, 16)
    assert fmt["en"].ago(day) == f"6{S}days{S}ago"
    assert fmt["ru"].ago(day) == f"6{S}дней{S}назад"
    assert fmt["uk"].ago(date(2026, 11, 21)) == "учора"
    assert fmt["ro"].ago(date(2026, 11, 2)) == f"acum{S}20{S}de{S}zile"


def test_a_duration_is_said_in_its_one_telling_unit() -> None:
    fmt = Format("en")
    assert [fmt.duration(seconds) for seconds in (1.24, 35, 240, 3 * 3600, 9 * 86400)] == [
        f"1.2{S}s",
        f"35{S}s",
        f"4{S}min",
        f"3{S}h",
        f"9{S}days",
    ]


def test_an_axis_writes_all_its_ticks_in_one_unit() -> None:
    euros = Format("en").axis_money("EUR", largest_minor=150_000)
    assert [euros(tick) for tick in (-50_000, 0, 50_000, 150_000)] == ["−€500", "€0", "€500", "€1,500"]
    lei = Format("ro").axis_number(largest=38_400)
    assert [lei(tick) for tick in (0, 20_000, 40_000)] == ["0", f"20{S}mii", f"40{S}mii"]
    assert Format("en").axis_number(largest=7_500_000)(2_500_000) == "2.5m"
    assert Format("ru").axis_percent()(0.025) == f"2,5{S}%"


def test_an_estimate_says_so() -> None:
    assert Format("en").about(8528, error=0.02) == f"≈{S}8,528 ±{S}2.0%"
