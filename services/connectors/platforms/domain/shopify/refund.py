"""Refunds as Shopify reports them: in a delivery of their own, and again within every later body of their order.

A refund's transactions are in the currency in which the buyer paid, its lines and adjustments in both. What went back
is taken in the shop's money: as reported, else at the rate of the refund's own lines, else of its order. Where neither
says it, the amount is reported in its own currency, and lowers nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from contracts.events.orders import RefundLine
from services.connectors.platforms.domain.shopify.values import in_set, missing, sets
from services.connectors.platforms.domain.values import (
    Reported,
    count,
    currency_of,
    decimal,
    id_of,
    mappings,
    moment,
    rounded,
)
from services.kernel.errors import Invalid

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class ShopifyRefund:
    """One report of a refund. `amount_minor` succeeded, in `currency`; `foreign` is what came in yet other ones."""

    order_id: str
    refund_id: str
    at: datetime
    amount_minor: int
    currency: str | None
    lines: tuple[RefundLine, ...]
    shipping_minor: int | None
    status: Literal["succeeded", "failed", "none"]
    """`none`: no money has gone back, yet or at all."""
    foreign: tuple[tuple[str, int], ...]


def read_refund(reported: Reported, order: Reported | None = None) -> ShopifyRefund:
    """Reads the body of `refunds/create`, or a refund within its `order`. Raises `Invalid`."""
    moved = [t for t in mappings(reported.get("transactions")) if t.get("kind") == "refund"]
    good = [t for t in moved if t.get("status") == "success"]
    shop = _shop_currency(reported, order)
    amounts = _amounts(reported, good, shop, order)
    currency = shop if shop in amounts or not amounts else min(amounts)
    amount = amounts.pop(currency, 0) if currency is not None else 0
    included = _taxes_included(reported, order, amount, shop)
    lines = tuple(_lines(reported, shop, included=included))
    return ShopifyRefund(
        order_id=id_of(reported.get("order_id")) or (id_of(order.get("id")) if order else None) or missing("order_id"),
        refund_id=id_of(reported.get("id")) or missing("id"),
        at=moment(reported, "processed_at") or moment(reported, "created_at") or missing("created_at"),
        amount_minor=amount,
        currency=currency,
        # Lines of a refund whose money we know in another currency only could not be set beside it.
        lines=lines if currency == shop else (),
        shipping_minor=_shipping(reported, shop) if currency == shop else None,
        status="succeeded" if good else "failed" if moved and _all_failed(moved) else "none",
        foreign=tuple(sorted(amounts.items())),
    )


def refunds_in(order: Reported) -> list[ShopifyRefund]:
    """The refunds that an order's body carries; one that cannot be read must not cost us the order."""
    found: list[ShopifyRefund] = []
    for reported in mappings(order.get("refunds")):
        try:
            found.append(read_refund(reported, order))
        except (Invalid, ValueError):
            continue
    return _without_repaid(found, _removed_minor(order))


def moves_money(refund: Reported) -> bool:
    """Whether money went back or is to go back by it. One without is an edit: lines were taken out of the order."""
    transactions = refund.get("transactions")
    return not isinstance(transactions, list) or any(t.get("kind") == "refund" for t in mappings(transactions))


def line_total(line: Reported, currency: str | None) -> tuple[Decimal, Decimal]:
    """(subtotal, tax) of a refund's line in the shop's money. The subtotal holds the tax where prices do."""
    subtotal = _shop_decimal(line, "subtotal", currency)
    if subtotal is None:
        sold = line.get("line_item")
        price = _shop_decimal(sold, "price", currency) if isinstance(sold, dict) else None
        subtotal = (price or _NOTHING) * count(line.get("quantity"))
    return subtotal, _shop_decimal(line, "total_tax", currency) or _NOTHING


def shipping_total(refund: Reported, currency: str | None) -> tuple[Decimal, Decimal]:
    """(shipping, tax on it) that a refund gave back, in the shop's money."""
    amount, tax = _NOTHING, _NOTHING
    for adjustment in mappings(refund.get("order_adjustments")):
        if adjustment.get("kind") == "shipping_refund":
            amount += abs(_shop_decimal(adjustment, "amount", currency) or _NOTHING)
            tax += abs(_shop_decimal(adjustment, "tax_amount", currency) or _NOTHING)
    return amount, tax


def _amounts(reported: Reported, good: Iterable[Reported], shop: str | None, order: Reported | None) -> dict[str, int]:
    """What succeeded, by currency: in the shop's as far as it can be known."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for transaction in good:
        found = in_set(transaction, "amount", "shop_money")
        named = found[0] if found else currency_of(transaction) or shop
        currency: str = named or missing("transactions.currency")
        value = found[1] if found else transaction.get("amount")
        amount = decimal(value)
        if amount is None or amount < 0:
            raise Invalid.field("transactions.amount", f"{value!r} is not an amount.")
        rate = None if shop is None or currency == shop else _rate(reported, order, shop, currency)
        if shop is not None and rate is not None:
            currency, amount = shop, amount * rate
        sums[currency] += amount
    if order is not None and shop is not None and sums and shop not in sums:
        # No rate anywhere: what the refund's own lines and shipping come to is in the shop's money at least.
        own = _own_sum(reported, shop, included=order.get("taxes_included") is True)
        sums = defaultdict(Decimal, {shop: own}) if own else sums
    return {currency: rounded(amount, currency) for currency, amount in sums.items()}


def _own_sum(reported: Reported, currency: str, *, included: bool) -> Decimal:
    lines = [line_total(line, currency) for line in mappings(reported.get("refund_line_items"))]
    shipping, on_shipping = shipping_total(reported, currency)
    return sum((s if included else s + t for s, t in lines), shipping + on_shipping)


def _rate(reported: Reported, order: Reported | None, shop: str, buyer: str) -> Decimal | None:
    """The shop's money for one unit of the buyer's: by the refund's own amounts, else by its order's."""
    own = [reported, *mappings(reported.get("refund_line_items")), *mappings(reported.get("order_adjustments"))]
    for source in (own, [order] if order else []):
        ours, theirs = _NOTHING, _NOTHING
        for (our, our_amount), (their, their_amount) in (pair for part in source for pair in sets(part)):
            if (our, their) == (shop, buyer):
                ours += abs(decimal(our_amount) or _NOTHING)
                theirs += abs(decimal(their_amount) or _NOTHING)
        if ours and theirs:
            return ours / theirs
    return None


def _shop_currency(reported: Reported, order: Reported | None) -> str | None:
    if order is not None:
        return currency_of(order)
    transactions = mappings(reported.get("transactions"))
    parts = [
        reported,
        *mappings(reported.get("refund_line_items")),
        *mappings(reported.get("order_adjustments")),
        *transactions,
    ]
    shops = {found[0] for part in parts for name in part if (found := in_set(part, name[:-4], "shop_money"))}
    if shops:
        return min(shops)
    named = {currency_of(t) for t in transactions} - {None}
    return named.pop() if len(named) == 1 else None


def _lines(reported: Reported, currency: str | None, *, included: bool) -> Iterable[RefundLine]:
    for line in mappings(reported.get("refund_line_items")):
        line_id = id_of(line.get("line_item_id"))
        subtotal, tax = line_total(line, currency)
        if line_id is not None and currency is not None and subtotal > 0:
            net = max(_NOTHING, subtotal - tax) if included else subtotal
            yield RefundLine(
                line_id=line_id[:255], quantity=count(line.get("quantity")) or None, amount_minor=rounded(net, currency)
            )


def _shipping(reported: Reported, currency: str | None) -> int | None:
    amount, _ = shipping_total(reported, currency)
    return rounded(amount, currency) if amount and currency is not None else None


def _taxes_included(reported: Reported, order: Reported | None, amount_minor: int, currency: str | None) -> bool:
    """Whether prices hold the tax. A refund alone does not say so: then its sum fits one reading better."""
    if order is not None:
        return order.get("taxes_included") is True
    lines = [line_total(line, currency) for line in mappings(reported.get("refund_line_items"))]
    shipping, on_shipping = shipping_total(reported, currency)
    net = sum((subtotal for subtotal, _ in lines), shipping)
    tax = sum((tax for _, tax in lines), on_shipping)
    if currency is None or not tax:
        return False
    return abs(amount_minor - rounded(net, currency)) < abs(amount_minor - rounded(net + tax, currency))


def _all_failed(moved: Iterable[Reported]) -> bool:
    return all(transaction.get("status") in {"failure", "error"} for transaction in moved)


def _removed_minor(order: Reported) -> int:
    """What the lines were worth that edits took out of an order."""
    currency, included = currency_of(order), order.get("taxes_included") is True
    edits = [refund for refund in mappings(order.get("refunds")) if not moves_money(refund)]
    gone = [line_total(line, currency) for edit in edits for line in mappings(edit.get("refund_line_items"))]
    return rounded(sum((s if included else s + t for s, t in gone), _NOTHING), currency) if currency else 0


def _without_repaid(refunds: Iterable[ShopifyRefund], removed_minor: int) -> list[ShopifyRefund]:
    """Refunds without what they repaid of lines that an edit took out of a paid order: the order is lower by it
    already, and such a refund names no line.
    """
    left, found = removed_minor, []
    for refund in sorted(refunds, key=lambda one: (one.at, one.refund_id)):
        if not refund.lines and refund.shipping_minor is None:
            repaid = min(left, refund.amount_minor)
            left -= repaid
            refund = replace(refund, amount_minor=refund.amount_minor - repaid)
        found.append(refund)
    return found


def _shop_decimal(reported: Reported, name: str, currency: str | None) -> Decimal | None:
    found = in_set(reported, name, "shop_money")
    return decimal(found[1] if found is not None and found[0] == currency else reported.get(name))
