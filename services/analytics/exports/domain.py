"""A sheet: what a table says, as rows that a spreadsheet can add up. Pictures: the same as an SVG file. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.common.money import half_up_to, to_decimal
from services.ui.charts import Caption, Columns, Lines


@dataclass(frozen=True, slots=True)
class Sheet:
    """Heads and rows. Money is in whole units of its currency with all digits, and the head names the currency."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and what must travel with it."""

    chart: Columns | Lines
    caption: Caption


def money(minor: float | None, currency: str) -> Decimal | None:
    """An amount for a sheet: 4599.47."""
    return None if minor is None else to_decimal(int(minor), currency)


def ratio(value: float | Fraction | None) -> float | None:
    """A quotient with six decimals."""
    return None if value is None else float(half_up_to(value, 6))
