"""Orders as Shopify's GraphQL has them, in the words of its webhooks: one reader reads both, and one order that both
tell of says one thing.

Of a refund's transactions a webhook has the buyer's money, so that is what is asked for, with the shop's beside it
wherever a rate is taken from.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.connectors.platforms.domain.values import Reported, mappings
from services.kernel.errors import Invalid

ORDERS: Final = """
query ($query: String!, $after: String, $orders: Int!, $lines: Int!, $refunds: Int!, $refundLines: Int!) {
  orders(first: $orders, after: $after, query: $query, sortKey: UPDATED_AT) {
    edges { cursor node { ...Whole } }
    pageInfo { hasNextPage }
  }
}
fragment Whole on Order {
  legacyResourceId test createdAt processedAt updatedAt cancelledAt
  currencyCode taxesIncluded displayFinancialStatus
  email phone discountCodes
  customAttributes { key value }
  shippingAddress { countryCodeV2 } billingAddress { countryCodeV2 }
  customer { legacyResourceId defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber } }
  totalPriceSet { ...Both } subtotalPriceSet { ...Both } totalTaxSet { ...Both } totalDiscountsSet { ...Both }
  totalShippingPriceSet { ...Both }
  currentTotalPriceSet { ...Both } currentSubtotalPriceSet { ...Both } currentTotalTaxSet { ...Both }
  lineItems(first: $lines) {
    nodes {
      id sku quantity isGiftCard
      product { legacyResourceId }
      originalUnitPriceSet { ...Shop }
      discountAllocations { allocatedAmountSet { ...Shop } }
      taxLines { priceSet { ...Shop } }
    }
    pageInfo { hasNextPage }
  }
  shippingLines(first: 3) {
    nodes { discountedPriceSet { ...Shop } taxLines { priceSet { ...Shop } } }
    pageInfo { hasNextPage }
  }
  refunds(first: $refunds) {
    legacyResourceId createdAt
    refundLineItems(first: $refundLines) {
      nodes { quantity lineItem { id } subtotalSet { ...Both } totalTaxSet { ...Both } }
      pageInfo { hasNextPage }
    }
    refundShippingLines(first: 2) {
      nodes { subtotalAmountSet { ...Both } taxAmountSet { ...Both } }
      pageInfo { hasNextPage }
    }
    transactions(first: 3) {
      nodes { kind status amountSet { presentmentMoney { amount currencyCode } } }
      pageInfo { hasNextPage }
    }
  }
}
fragment Shop on MoneyBag { shopMoney { amount currencyCode } }
fragment Both on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
"""
"""Some orders by the time of their change. It asks for nothing that a webhook's body has not."""

CUT: Final = "kith_cut"
"""Put into an order of which the answer holds a part only."""
_ORDER_AMOUNTS: Final = {
    "total_price": "totalPriceSet",
    "subtotal_price": "subtotalPriceSet",
    "total_tax": "totalTaxSet",
    "total_discounts": "totalDiscountsSet",
    "total_shipping_price": "totalShippingPriceSet",
    "current_total_price": "currentTotalPriceSet",
    "current_subtotal_price": "currentSubtotalPriceSet",
    "current_total_tax": "currentTotalTaxSet",
}


def is_whole(order: Reported, refunds: int) -> bool:
    """Whether nothing of an order is missing that was asked for with room for so many refunds: their list does not say
    whether there are more.
    """
    listed = mappings(order.get("refunds"))
    parts = [order.get("lineItems"), order.get("shippingLines")]
    for refund in listed:
        parts += [refund.get(name) for name in ("refundLineItems", "refundShippingLines", "transactions")]
    return len(listed) < refunds and not any(_part(_part(part).get("pageInfo")).get("hasNextPage") for part in parts)


def as_webhook(order: Reported) -> dict[str, Any]:
    """The order as a webhook's body has it, as far as it is read. Raises `Invalid` for one that is not whole."""
    if order.get(CUT):
        raise Invalid.field("lineItems", "The order has more lines or refunds than one answer holds.")
    customer = _part(order.get("customer"))
    return {
        "id": order.get("legacyResourceId"),
        "test": order.get("test"),
        "created_at": order.get("createdAt"),
        "processed_at": order.get("processedAt"),
        "updated_at": order.get("updatedAt"),
        "cancelled_at": order.get("cancelledAt"),
        "currency": order.get("currencyCode"),
        "taxes_included": order.get("taxesIncluded"),
        "financial_status": _lower(order.get("displayFinancialStatus")),
        "email": order.get("email"),
        "phone": order.get("phone"),
        "customer": {
            "id": customer.get("legacyResourceId"),
            "email": _part(customer.get("defaultEmailAddress")).get("emailAddress"),
            "phone": _part(customer.get("defaultPhoneNumber")).get("phoneNumber"),
        },
        "shipping_address": {"country_code": _part(order.get("shippingAddress")).get("countryCodeV2")},
        "billing_address": {"country_code": _part(order.get("billingAddress")).get("countryCodeV2")},
        "discount_codes": [{"code": code} for code in order.get("discountCodes") or []],
        "note_attributes": [
            {"name": one.get("key"), "value": one.get("value")} for one in mappings(order.get("customAttributes"))
        ],
        **_amounts(order, _ORDER_AMOUNTS),
        "line_items": [_line(line) for line in _nodes(order.get("lineItems"))],
        "shipping_lines": [
            {**_amounts(line, {"discounted_price": "discountedPriceSet"}), "tax_lines": _taxes(line)}
            for line in _nodes(order.get("shippingLines"))
        ],
        "refunds": [_refund(refund) for refund in mappings(order.get("refunds"))],
    }


def _line(line: Reported) -> dict[str, Any]:
    return {
        "id": _tail(line.get("id")),
        "sku": line.get("sku"),
        "quantity": line.get("quantity"),
        "gift_card": line.get("isGiftCard"),
        "product_id": _part(line.get("product")).get("legacyResourceId"),
        **_amounts(line, {"price": "originalUnitPriceSet"}),
        "discount_allocations": [
            _amounts(part, {"amount": "allocatedAmountSet"}) for part in mappings(line.get("discountAllocations"))
        ],
        "tax_lines": _taxes(line),
    }


def _taxes(line: Reported) -> list[dict[str, Any]]:
    return [_amounts(tax, {"price": "priceSet"}) for tax in mappings(line.get("taxLines"))]


def _refund(refund: Reported) -> dict[str, Any]:
    shipping = {"amount": "subtotalAmountSet", "tax_amount": "taxAmountSet"}
    return {
        "id": refund.get("legacyResourceId"),
        "created_at": refund.get("createdAt"),
        "refund_line_items": [
            {
                "line_item_id": _tail(_part(line.get("lineItem")).get("id")),
                "quantity": line.get("quantity"),
                **_amounts(line, {"subtotal": "subtotalSet", "total_tax": "totalTaxSet"}),
            }
            for line in _nodes(refund.get("refundLineItems"))
        ],
        "order_adjustments": [
            {"kind": "shipping_refund", **_amounts(line, shipping)}
            for line in _nodes(refund.get("refundShippingLines"))
        ],
        "transactions": [_transaction(one) for one in _nodes(refund.get("transactions"))],
    }


def _transaction(one: Reported) -> dict[str, Any]:
    money = _part(_part(one.get("amountSet")).get("presentmentMoney"))
    return {
        "kind": _lower(one.get("kind")),
        "status": _lower(one.get("status")),
        "amount": money.get("amount"),
        "currency": money.get("currencyCode"),
    }


def _amounts(of: Reported, names: Mapping[str, str]) -> dict[str, Any]:
    """Each amount in the shop's money under its name, and in both where both were asked for."""
    found: dict[str, Any] = {}
    for name, theirs in names.items():
        shop, buyer = (_part(_part(of.get(theirs)).get(side)) for side in ("shopMoney", "presentmentMoney"))
        if shop:
            found[name] = shop.get("amount")
            found[f"{name}_set"] = {
                "shop_money": _money(shop),
                **({"presentment_money": _money(buyer)} if buyer else {}),
            }
    return found


def _money(reported: Reported) -> dict[str, Any]:
    return {"amount": reported.get("amount"), "currency_code": reported.get("currencyCode")}


def _nodes(connection: object) -> Iterable[Reported]:
    return mappings(_part(connection).get("nodes"))


def _part(value: object) -> Reported:
    return value if isinstance(value, Mapping) else {}


def _lower(value: object) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _tail(value: object) -> str | None:
    """The number of an id like `gid://shopify/LineItem/7`."""
    return value.rpartition("/")[2] or None if isinstance(value, str) else None
