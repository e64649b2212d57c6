"""Amounts as fields of forms hold them, and reading them."""

from services.common.money import from_decimal, to_decimal
from services.common.words import Translatable, _
from services.kernel.errors import Invalid
from services.rewards.rules.domain import POINTS


def amount_of(text: str, currency: str, field: str) -> int | None:
    """An amount as people write it, in minor units; None for an empty field. Raises `Invalid`, of `field`."""
    written = "".join(text.split()).replace(",", ".")
    if not written:
        return None
    amount = from_decimal(written, currency, field=field)
    if amount <= 0:
        raise Invalid.field(field, "An amount is above zero.")
    return amount


def amount_in(text: str, unit: str, field: str, *, most: int) -> int:
    """An amount of money or a number of points as people write it, above zero and at most `most`. Raises `Invalid`, of
    `field`, also for an empty one.
    """
    if unit == POINTS:
        written = "".join(text.split())
        amount = int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None
    else:
        try:
            amount = amount_of(text, unit, field)
        except Invalid:
            amount = None
    if not amount or amount > most:
        raise Invalid.field(field, Translatable(_("Write an amount above zero.")), code="amount")
    return amount


def shown(amount_minor: int, unit: str) -> str:
    """An amount of money or a number of points as a field holds it."""
    return str(amount_minor) if unit == POINTS else str(to_decimal(amount_minor, unit))
