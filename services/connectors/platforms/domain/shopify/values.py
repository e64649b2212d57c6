"""Amounts in Shopify's bodies, which have both the shop's own currency and the buyer's."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.connectors.platforms.domain.values import Reported, currency_of, exact
from services.kernel.errors import Invalid


def missing(name: str) -> Any:
    """Raises `Invalid` for what no delivery may lack."""
    raise Invalid.field(name, f"The delivery has no {name}; subscribe without trimming fields.", code="missing")


def minor(reported: Reported, name: str, currency: str) -> int | None:
    """An amount in the shop's own currency: of `…_set` if the body has it, else as it stands. Raises `Invalid`."""
    found = in_set(reported, name, "shop_money")
    value = found[1] if found is not None and found[0] == currency else reported.get(name)
    if value is None:
        return None
    amount = exact(value, currency, name)
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
