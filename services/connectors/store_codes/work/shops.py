"""Which platforms carry codes, and how each is asked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.connectors.store_codes.domain import insales as insales_coupons
from services.connectors.store_codes.domain import shopify as shopify_discounts
from services.connectors.store_codes.domain.port import Result, Want
from services.connectors.store_codes.domain.woocommerce import AT_ONCE
from services.connectors.store_codes.work import insales, shopify, stripe, woocommerce
from services.connectors.store_codes.work.api import Api, basic

Ask = Callable[[Api, Sequence[Want], Callable[[Result], None]], Awaitable[None]]
"""Asks about these codes and says what it learns of each as soon as it does. Raises `NoAnswer` and `Unreadable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """How a platform is asked about codes."""

    headers: Callable[[str | None, str], Mapping[str, str]]
    """What opens its API, made of user and password."""
    look_up: Ask
    put: Ask
    at_once: int
    """Codes of one turn."""
    hosts: Callable[[Api], Awaitable[Sequence[str]]] | None = None
    """Where its shop is, as far as an address there applies a code; None where there is no such address. Raises
    `NoAnswer`.
    """
    host: str | None = None
    """Where its API is for all shops; None where each shop has its own."""


SHOPS: Final[Mapping[str, Shop]] = {
    "woocommerce": Shop(
        headers=basic,
        look_up=woocommerce.look_up,
        put=woocommerce.put,
        hosts=woocommerce.hosts,
        at_once=AT_ONCE,
    ),
    "shopify": Shop(
        headers=shopify.headers,
        look_up=shopify.look_up,
        put=shopify.put,
        hosts=shopify.hosts,
        at_once=shopify_discounts.AT_ONCE,
    ),
    "insales": Shop(
        headers=basic,
        look_up=insales.look_up,
        put=insales.put,
        at_once=insales_coupons.AT_ONCE,
    ),
    "stripe": Shop(
        headers=stripe.headers,
        look_up=stripe.look_up,
        put=stripe.put,
        at_once=stripe.AT_ONCE,
        host="api.stripe.com",
    ),
}
"""By the platform's name."""
