"""How numbers, money, shares and dates look in each language.

One `Format` per language, time zone and moment. Digits, grouping and names of months come from Babel; what it gets
wrong for our four languages is put right here and nowhere else: the true minus sign, one sign per currency, spaces
that do not break. Not here: sentences (`locales.py`), and the rule of rounding (`common/money.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from typing import Literal

from babel.core import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import get_decimal_symbol, get_group_symbol

from services.common.money import exponent, half_up_to
from services.ui.locales import BABEL_LOCALES

NBSP = "\u00a0"
MINUS = "\u2212"
MISSING = "–"

_SIGNS = {"EUR": "€", "UAH": "₴", "RUB": "₽", "USD": "$", "GBP": "£", "JPY": "¥"}
_PERCENT = {"en": "%", "uk": "%", "ru": NBSP + "%", "ro": NBSP + "%"}
_POINTS = {"en": "pp", "ru": "п.п.", "uk": "в.п.", "ro": "p.p."}
_NEW = {"en": "new", "ru": "впервые", "uk": "уперше", "ro": "nou"}
_SHORT = {"en": ("k", "m"), "ru": ("тыс.", "млн"), "uk": ("тис.", "млн"), "ro": ("mii", "mil.")}
_UNITS = {"en": ("h", "min", "s"), "ru": ("ч", "мин", "с"), "uk": ("год", "хв", "с"), "ro": ("h", "min", "s")}
_DAYS = {
    "en": ("today", "yesterday"),
    "ru": ("сегодня", "вчера"),
    "uk": ("сьогодні", "учора"),
    "ro": ("astăzi", "ieri"),
}

Number = int | float | Decimal
Direction = Literal["up", "down", "flat", "new"]
Tone = Literal["good", "bad", "neutral"]
Welcome = Literal["up", "down", "neither"]
Day = date  # methods below are called `date`


@dataclass(frozen=True)
class Change:
    """A difference to an earlier period: its text without a sign, where it points, and whether that is welcome."""

    text: str
    direction: Direction
    tone: Tone


class Format:
    """Writes values for one reader.

    `zone` is the store's time zone, in which moments are shown. `now` decides what "today" and "this year" are;
    without it every date carries its year.
    """

    def __init__(self, language: str = "en", *, zone: tzinfo = UTC, now: datetime | None = None) -> None:
        self.language = language
        self.zone = zone
        self.now = now.astimezone(zone) if now is not None else None
        self._locale = Locale.parse(BABEL_LOCALES[language])
        self._separators = _separators(language)

    # Numbers

    def number(self, value: Number | None, *, digits: int = 0, sign: bool = False) -> str:
        """`value` with exactly `digits` decimals; a missing value is a dash, never a zero."""
        if value is None:
            return MISSING
        exact = _exact(value)
        return _signed(exact, self._digits(abs(exact), digits), sign=sign)

    def percent(self, ratio: Number | None, *, digits: int = 1) -> str:
        """A share: 0.059 → 5.9%."""
        if ratio is None:
            return MISSING
        share = _exact(ratio) * 100
        return _signed(share, self._digits(abs(share), digits) + _PERCENT[self.language])

    def points(self, difference: Number, *, digits: int = 1, sign: bool = True) -> str:
        """A difference of two shares in percentage points: 0.005 → +0.5 pp."""
        share = _exact(difference) * 100
        return _signed(share, f"{self._digits(abs(share), digits)}{NBSP}{_POINTS[self.language]}", sign=sign)

    def about(self, value: Number, *, error: Number | None = None) -> str:
        """An estimate: ≈ before it, and its relative error where that is known."""
        text = f"≈{NBSP}{self.number(value)}"
        return text if error is None else f"{text} ±{NBSP}{self.percent(error)}"

    # Money

    def money(self, minor: int | None, currency: str, *, whole: bool = False, sign: bool = False) -> str:
        """An amount in minor units. All minor digits unless `whole`, which is for analytics and never for a ledger."""
        if minor is None:
            return MISSING
        places = exponent(currency)
        amount = Decimal(minor).scaleb(-places)
        return _signed(amount, self._with_sign(self._digits(abs(amount), 0 if whole else places), currency), sign=sign)

    def amount(self, minor: int | None, currency: str, *, whole: bool = False) -> str:
        """The digits alone, for a column whose head names the currency."""
        if minor is None:
            return MISSING
        places = exponent(currency)
        return self.number(Decimal(minor).scaleb(-places), digits=0 if whole else places)

    def currency(self, code: str) -> str:
        """The sign of a currency, or its code where it has none: € for EUR, MDL for MDL."""
        return _SIGNS.get(code, code)

    def country(self, code: str) -> str:
        """The name of a country, by its ISO 3166-1 code of two letters; the code where it has no name."""
        return str(self._locale.territories.get(code, code))

    def axis_money(self, currency: str, *, largest_minor: int) -> Callable[[float], str]:
        """A writer for the ticks of an axis in minor units, all in the unit that suits the largest value."""
        step = 10 ** exponent(currency)
        short = self.axis_number(largest=largest_minor / step)
        return lambda minor: _signed(_exact(minor), self._with_sign(short(abs(minor) / step), currency))

    def axis_number(self, *, largest: float) -> Callable[[float], str]:
        """A writer for the ticks of an axis: plain up to 10,000, then thousands, then millions."""
        thousand, million = _SHORT[self.language]
        divisor, unit = (
            (1_000_000, million) if largest >= 5_000_000 else (1_000, thousand) if largest >= 10_000 else (1, "")
        )
        gap = "" if self.language == "en" else NBSP
        suffix = gap + unit if unit else ""

        def write(value: float) -> str:
            scaled = _exact(value) / divisor
            return _signed(scaled, self._short_digits(abs(scaled)) + (suffix if scaled else ""))

        return write

    def axis_percent(self) -> Callable[[float], str]:
        """A writer for the ticks of an axis of shares."""
        return lambda ratio: _signed(
            _exact(ratio), self._short_digits(abs(_exact(ratio)) * 100) + _PERCENT[self.language]
        )

    # Changes

    def change(self, now: Number, before: Number | None, *, good: Welcome = "up") -> Change | None:
        """The relative change. Nothing to compare with gives None; a base of zero gives "new", it has no percent."""
        if before is None:
            return None
        if before == 0:
            return None if now == 0 else Change(_NEW[self.language], "new", "neutral")
        ratio = (_exact(now) - _exact(before)) / abs(_exact(before))
        return _change(ratio, self.percent(abs(ratio)), good)

    def change_points(self, now: Number | None, before: Number | None, *, good: Welcome = "up") -> Change | None:
        """The change of a share, in percentage points."""
        if now is None or before is None:
            return None
        difference = _exact(now) - _exact(before)
        return _change(difference, self.points(abs(difference), sign=False), good)

    # Dates

    def date(self, value: Day | datetime, *, year: bool | None = None) -> str:
        """22 Nov; with its year when that is not the current one, or as `year` says."""
        day = self._day(value)
        with_year = year if year is not None else self.now is None or day.year != self.now.year
        return self._pattern(day, "d MMM y" if with_year else "d MMM")

    def month(self, value: Day) -> str:
        """Nov 2026."""
        return self._pattern(value, "LLL y")

    def weekday(self, value: Day | datetime) -> str:
        """Sun."""
        return self._pattern(self._day(value), "ccc")

    def time(self, value: datetime, *, seconds: bool = False) -> str:
        """14:02, in the store's zone."""
        return value.astimezone(self.zone).strftime("%H:%M:%S" if seconds else "%H:%M")

    def moment(self, value: datetime, *, seconds: bool = False) -> str:
        """22 Nov, 14:02."""
        return f"{self.date(value)}, {self.time(value, seconds=seconds)}"

    def period(self, first: Day, last: Day) -> str:
        """26 Oct – 22 Nov; both days belong to it."""
        if first == last:
            return self.date(first)
        years = self.now is None or {first.year, last.year} != {self.now.year}
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{self.date(last, year=years)}"
        return f"{self.date(first, year=first.year != last.year)}{NBSP}– {self.date(last, year=years)}"

    def ago(self, value: Day | datetime) -> str:
        """today, yesterday, 6 days ago; needs `now`."""
        if self.now is None:
            return self.date(value)
        days = (self.now.date() - self._day(value)).days
        if days in (0, 1):
            return _DAYS[self.language][days]
        return self._span(timedelta(days=-days), "day" if abs(days) < 60 else "month", direction=True)

    def duration(self, seconds: float) -> str:
        """1.2 s, 4 min, 3 h, 9 days: the one unit that says enough."""
        if seconds >= 2 * 86400:
            return self._span(timedelta(seconds=seconds), "day")
        for size, unit in zip((3600, 60, 1), _UNITS[self.language], strict=True):
            if seconds >= size or size == 1:
                shown = half_up_to(seconds / size, 1 if seconds < 10 else 0)
                return f"{self._short_digits(shown)}{NBSP}{unit}"
        raise AssertionError("the smallest unit takes everything")

    # Parts

    def _digits(self, value: Decimal, digits: int) -> str:
        return f"{half_up_to(value, digits):,f}".translate(self._separators)

    def _short_digits(self, value: Decimal) -> str:
        text = f"{half_up_to(value, 2):,f}".rstrip("0").rstrip(".")
        return text.translate(self._separators)

    def _with_sign(self, digits: str, currency: str) -> str:
        sign = self.currency(currency)
        if self.language != "en":
            return f"{digits}{NBSP}{sign}"
        return f"{sign}{NBSP}{digits}" if sign.isalpha() else sign + digits

    def _day(self, value: Day | datetime) -> Day:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value

    def _pattern(self, day: Day, pattern: str) -> str:
        text = format_date(day, pattern, locale=self._locale)
        return text.replace("Sept", "Sep").replace(" ", NBSP) if self.language == "en" else text.replace(" ", NBSP)

    def _span(self, span: timedelta, unit: Literal["month", "day"], *, direction: bool = False) -> str:
        text = format_timedelta(
            span,
            granularity=unit,
            threshold=10_000,  # never a larger unit than the one asked for
            add_direction=direction,
            locale=self._locale,
        )
        return text.replace(" ", NBSP)


@cache
def _separators(language: str) -> dict[int, str]:
    """From Python's marks to the language's. A space that groups digits never breaks a line."""
    locale = Locale.parse(BABEL_LOCALES[language])
    group = get_group_symbol(locale)
    return str.maketrans({",": NBSP if group.isspace() else group, ".": get_decimal_symbol(locale)})


def _exact(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _signed(value: Decimal, text: str, *, sign: bool = False) -> str:
    shows_zero = not any(mark in "123456789" for mark in text)
    if value < 0 and not shows_zero:
        return MINUS + text
    return "+" + text if sign and value > 0 and not shows_zero else text


def _change(amount: Decimal, text: str, good: Welcome) -> Change:
    if not any(mark in "123456789" for mark in text):
        return Change(text, "flat", "neutral")
    direction: Direction = "up" if amount > 0 else "down"
    tone: Tone = "neutral" if good == "neither" else "good" if direction == good else "bad"
    return Change(text, direction, tone)
