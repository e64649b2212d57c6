"""Orders of a Shopify shop in both of its tongues, each written by its own documents: what webhooks bring, and what the
Admin API answers.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Chisinau")


def sold(at: datetime, order_id: int, **fields: Any) -> dict[str, Any]:
    """What both of the shop's tongues tell of an order, in neither's words. Amounts are in the shop's money; `rate` is
    the buyer's for one of it.
    """
    order: dict[str, Any] = {
        "id": order_id,
        "placed": at,
        "changed": at,
        "cancelled": None,
        "test": False,
        "status": "paid",
        "included": False,
        "rate": ("EUR", "1"),
        "email": "friend@example.com",
        "phone": None,
        "customer": {"id": 77001, "email": "friend@example.com", "phone": None},
        "goes_to": "MD",
        "billed_to": "RO",
        "codes": ["ANNA10"],
        "attributes": {"kith_visitor": "v_9"},
        "lines": [{"id": 11, "sku": "YIRG", "product": 5, "quantity": 2, "price": "28.00", "discount": "10.00"}],
        "shipping": [{"price": "4.90", "tax": None}],
        "refunds": [],
        "amounts": {"total": "50.90", "subtotal": "46.00", "tax": "0.00", "discounts": "10.00", "shipping": "4.90"},
        "now": {},
    }
    return order | fields


def refund(refund_id: int, at: datetime, amount: str | None, **fields: Any) -> dict[str, Any]:
    """Money that went back; `amount` is the buyer's. None is an edit, by which none did."""
    made: dict[str, Any] = {
        "id": refund_id,
        "at": at,
        "amount": amount,
        "status": "success",
        "lines": [],
        "shipping": [],
    }
    return made | fields


def _buyers(amount: str, order: Mapping[str, Any]) -> str:
    return f"{float(amount) * float(order['rate'][1]):.2f}"


def _current(order: Mapping[str, Any]) -> dict[str, str]:
    """What is left after edits and refunds."""
    return {**{name: order["amounts"][name] for name in ("total", "subtotal", "tax")}, **order["now"]}


def as_webhook(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as `orders/updated` brings it: local times, numbers as ids, decimals with two digits."""

    def both(name: str, amount: str) -> dict[str, Any]:
        sides = {"shop_money": (amount, "EUR"), "presentment_money": (_buyers(amount, order), order["rate"][0])}
        return {
            name: amount,
            f"{name}_set": {side: {"amount": a, "currency_code": c} for side, (a, c) in sides.items()},
        }

    def taxes(line: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"title": "VAT", "rate": 0.2, **both("price", line["tax"])}] if line.get("tax") else []

    amounts, now = order["amounts"], _current(order)
    return {
        "id": order["id"],
        "name": f"#{order['id']}",
        "admin_graphql_api_id": f"gid://shopify/Order/{order['id']}",
        "created_at": _local(order["placed"]),
        "processed_at": _local(order["placed"]),
        "updated_at": _local(order["changed"]),
        "cancelled_at": _local(order["cancelled"]),
        "test": order["test"],
        "financial_status": order["status"],
        "currency": "EUR",
        "presentment_currency": order["rate"][0],
        "taxes_included": order["included"],
        "email": order["email"],
        "contact_email": order["email"],
        "phone": order["phone"],
        "customer": order["customer"] and {**order["customer"], "orders_count": 3, "first_name": "Eva"},
        "shipping_address": order["goes_to"] and {"country": "somewhere", "country_code": order["goes_to"]},
        "billing_address": order["billed_to"] and {"country": "somewhere", "country_code": order["billed_to"]},
        "discount_codes": [{"code": code, "amount": "10.00", "type": "fixed_amount"} for code in order["codes"]],
        "note_attributes": [{"name": name, "value": value} for name, value in order["attributes"].items()],
        **both("total_price", amounts["total"]),
        **both("subtotal_price", amounts["subtotal"]),
        **both("total_tax", amounts["tax"]),
        **both("total_discounts", amounts["discounts"]),
        **both("current_total_price", now["total"]),
        **both("current_subtotal_price", now["subtotal"]),
        **both("current_total_tax", now["tax"]),
        "total_shipping_price_set": both("x", amounts["shipping"])["x_set"],
        "line_items": [
            {
                "id": line["id"],
                "sku": line["sku"],
                "product_id": line["product"],
                "quantity": line["quantity"],
                "gift_card": line.get("gift_card", False),
                **both("price", line["price"]),
                **both("total_discount", "0.00"),
                "discount_allocations": [both("amount", line["discount"])] if line.get("discount") else [],
                "tax_lines": taxes(line),
            }
            for line in order["lines"]
        ],
        "shipping_lines": [
            {
                "code": "post",
                **both("price", one["price"]),
                **both("discounted_price", one["price"]),
                "tax_lines": taxes(one),
            }
            for one in order["shipping"]
        ],
        "refunds": [
            {
                "id": back["id"],
                "order_id": order["id"],
                "created_at": _local(back["at"]),
                "processed_at": _local(back["at"]),
                "refund_line_items": [
                    {
                        "line_item_id": line["id"],
                        "quantity": 1,
                        **both("subtotal", line["subtotal"]),
                        **both("total_tax", line["tax"]),
                    }
                    for line in back["lines"]
                ],
                "order_adjustments": [
                    {
                        "kind": "shipping_refund",
                        **both("amount", f"-{one['amount']}"),
                        **both("tax_amount", f"-{one['tax']}"),
                    }
                    for one in back["shipping"]
                ],
                "transactions": _transactions(order, back, str.lower),
            }
            for back in order["refunds"]
        ],
    }


def _transactions(order: Mapping[str, Any], back: Mapping[str, Any], case: Any) -> list[dict[str, Any]]:
    if back["amount"] is None:  # an edit: lines were taken out, and no money went back
        return []
    return [
        {"kind": case("refund"), "status": case(back["status"]), "amount": back["amount"], "currency": order["rate"][0]}
    ]


def as_node(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as the Admin API has it: UTC, long ids, decimals with as few digits as are needed."""

    def bag(amount: str) -> dict[str, Any]:
        return {
            "shopMoney": {"amount": _short(amount), "currencyCode": "EUR"},
            "presentmentMoney": {"amount": _short(_buyers(amount, order)), "currencyCode": order["rate"][0]},
        }

    def taxes(line: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"title": "VAT", "priceSet": bag(line["tax"])}] if line.get("tax") else []

    amounts, now, customer = order["amounts"], _current(order), order["customer"]
    return {
        "id": f"gid://shopify/Order/{order['id']}",
        "legacyResourceId": str(order["id"]),
        "test": order["test"],
        "createdAt": _utc(order["placed"]),
        "processedAt": _utc(order["placed"]),
        "updatedAt": _utc(order["changed"]),
        "cancelledAt": _utc(order["cancelled"]),
        "currencyCode": "EUR",
        "taxesIncluded": order["included"],
        "displayFinancialStatus": order["status"].upper(),
        "email": order["email"],
        "phone": order["phone"],
        "shippingAddress": order["goes_to"] and {"countryCodeV2": order["goes_to"]},
        "billingAddress": order["billed_to"] and {"countryCodeV2": order["billed_to"]},
        "discountCodes": order["codes"],
        "customAttributes": [{"key": name, "value": value} for name, value in order["attributes"].items()],
        "customer": customer
        and {
            "legacyResourceId": str(customer["id"]),
            "defaultEmailAddress": customer["email"] and {"emailAddress": customer["email"]},
            "defaultPhoneNumber": customer["phone"] and {"phoneNumber": customer["phone"]},
        },
        "totalPriceSet": bag(amounts["total"]),
        "subtotalPriceSet": bag(amounts["subtotal"]),
        "totalTaxSet": bag(amounts["tax"]),
        "totalDiscountsSet": bag(amounts["discounts"]),
        "totalShippingPriceSet": bag(amounts["shipping"]),
        "currentTotalPriceSet": bag(now["total"]),
        "currentSubtotalPriceSet": bag(now["subtotal"]),
        "currentTotalTaxSet": bag(now["tax"]),
        "lineItems": _all(
            [
                {
                    "id": f"gid://shopify/LineItem/{line['id']}",
                    "sku": line["sku"],
                    "quantity": line["quantity"],
                    "currentQuantity": line["quantity"],
                    "isGiftCard": line.get("gift_card", False),
                    "product": line["product"] and {"legacyResourceId": str(line["product"])},
                    "originalUnitPriceSet": bag(line["price"]),
                    "discountAllocations": [{"allocatedAmountSet": bag(line["discount"])}]
                    if line.get("discount")
                    else [],
                    "taxLines": taxes(line),
                }
                for line in order["lines"]
            ]
        ),
        "shippingLines": _all(
            [
                {"originalPriceSet": bag(one["price"]), "discountedPriceSet": bag(one["price"]), "taxLines": taxes(one)}
                for one in order["shipping"]
            ]
        ),
        "refunds": [
            {
                "id": f"gid://shopify/Refund/{back['id']}",
                "legacyResourceId": str(back["id"]),
                "createdAt": _utc(back["at"]),
                "updatedAt": _utc(back["at"]),
                "refundLineItems": _all(
                    [
                        {
                            "quantity": 1,
                            "lineItem": {"id": f"gid://shopify/LineItem/{line['id']}"},
                            "subtotalSet": bag(line["subtotal"]),
                            "totalTaxSet": bag(line["tax"]),
                        }
                        for line in back["lines"]
                    ]
                ),
                "refundShippingLines": _all(
                    [
                        {"subtotalAmountSet": bag(one["amount"]), "taxAmountSet": bag(one["tax"])}
                        for one in back["shipping"]
                    ]
                ),
                "transactions": _all(
                    [
                        {
                            "kind": one["kind"],
                            "status": one["status"],
                            "amountSet": {
                                "shopMoney": {"amount": _short(one["amount"]), "currencyCode": "EUR"},
                                "presentmentMoney": {"amount": _short(one["amount"]), "currencyCode": one["currency"]},
                            },
                        }
                        for one in _transactions(order, back, str.upper)
                    ]
                ),
            }
            for back in order["refunds"]
        ],
    }


def _all(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A connection with all that there is."""
    return {"nodes": nodes, "pageInfo": {"hasNextPage": False}}


def _local(at: datetime | None) -> str | None:
    return at.astimezone(LOCAL).isoformat(timespec="seconds") if at else None


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _short(amount: str) -> str:
    return str(float(amount))
