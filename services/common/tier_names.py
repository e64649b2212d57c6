"""How a tier's multiplier is written where people read."""

from decimal import Decimal
from typing import Protocol


class Writes(Protocol):
    """How a reader writes figures: `services.ui.Format` is one."""

    def number(self, value: Decimal, /, *, digits: int = 0) -> str:
        """A number."""


def times(basis_points: int, fmt: Writes) -> str:
    """×1, ×1.5, ×1.25: with no more decimals than there are."""
    factor = Decimal(basis_points) / 10_000
    return "×" + fmt.number(factor, digits=max(0, -int(factor.normalize().as_tuple().exponent)))
