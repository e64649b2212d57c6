"""All platforms that stores may connect."""

from collections.abc import Mapping
from typing import Final

from services.connectors.platforms.domain.generic import BITRIX, GENERIC
from services.connectors.platforms.domain.insales import INSALES
from services.connectors.platforms.domain.port import Platform
from services.connectors.platforms.domain.shopify import SHOPIFY
from services.connectors.platforms.domain.stripe import STRIPE
from services.connectors.platforms.domain.tilda import TILDA
from services.connectors.platforms.domain.woocommerce import WOOCOMMERCE

PLATFORMS: Final[Mapping[str, Platform]] = {
    one.name: one for one in (SHOPIFY, WOOCOMMERCE, INSALES, STRIPE, TILDA, BITRIX, GENERIC)
}
"""By name, in the order in which they are offered."""
