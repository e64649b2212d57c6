"""Single values of Shopify's bodies: texts, ids, moments, and amounts in the shop's own currency."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from services.common import money
from services.kernel.errors import Invalid

Reported = Mapping[str, Any]

_TWO_DIGITS = "EUR"
"""A currency that ISO 4217 does not have is counted as most are: its order is kept, and no program is in it."""


def mappings(reported: object) -> list[Reported]:
    """The objects of a list; none if it is no list."""
    return [entry for entry in reported if isinstance(entry, Mapping)] if isinstance(reported, Sequence) else []


def text(reported: Reported, name: str) -> str | None:
    """A text that says something."""
    value = reported.get(name)
    return value.strip() or None if isinstance(value, str) else None


def currency_of(reported: Reported, name: str = "currency") -> str | None:
    """A currency's code. One that cannot be a code is written as ISO 4217 writes no currency."""
    found = text(reported, name)
    if found is None:
        return None
    code = found.upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else "XXX"


def id_of(value: object) -> str | None:
    """An id, which they write as a number."""
    if isinstance(value, bool) or value is None:
        return None
    return str(value) if isinstance(value, int | str) and str(value).strip() else None


def count(value: object) -> int:
    """A whole number of at least 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def moment(reported: Reported, name: str) -> datetime | None:
    """A time with its zone. Raises `Invalid`."""
    value = text(reported, name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid.field(name, f"{name} is not a time with its zone.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def missing(name: str) -> Any:
    """Raises `Invalid` for what no delivery may lack."""
    raise Invalid.field(name, f"The delivery has no {name}; subscribe without trimming fields.", code="missing")


def minor(reported: Reported, name: str, currency: str) -> int | None:
    """An amount in the shop's own currency: of `…_set` if the body has it, else as it stands. Raises `Invalid`."""
    found = in_set(reported, name, "shop_money")
    value = found[1] if found is not None and found[0] == currency else reported.get(name)
    if value is None:
        return None
    amount = _exact(value, currency, name)
    if amount < 0:
        raise Invalid.field(name, f"{name} is below zero.")
    return amount


def in_set(reported: Reported, name: str, kind: str) -> tuple[str, str] | None:
    """(currency, amount) of one side of an amount's `…_set`: `shop_money`, or the buyer's, `presentment_money`."""
    both = reported.get(f"{name}_set")
    one = both.get(kind) if isinstance(both, Mapping) else None
    if not isinstance(one, Mapping):
        return None
    currency, amount = currency_of(one, "currency_code"), one.get("amount")
    return (currency, str(amount)) if currency is not None and isinstance(amount, str | int) else None


def sets(reported: Reported) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """(shop's, buyer's) of every amount in an object that is reported in both currencies."""
    for name in reported:
        if name.endswith("_set"):
            shop = in_set(reported, name.removesuffix("_set"), "shop_money")
            buyer = in_set(reported, name.removesuffix("_set"), "presentment_money")
            if shop is not None and buyer is not None:
                yield shop, buyer


def decimal(value: object) -> Decimal | None:
    """A decimal number, of either sign; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**15 else None


def rounded(amount: Decimal, currency: str) -> int:
    """Minor units of an amount that we had to work out, or that is in somebody else's currency: half up."""
    scaled = amount.scaleb(money.exponent(currency if money.known(currency) else _TWO_DIGITS))
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def _exact(value: object, currency: str, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid.field(name, f'{name} must be a decimal string such as "46.00".')
    return money.from_decimal(str(value), currency if money.known(currency) else _TWO_DIGITS, field=name)
