"""Shopify's deliveries, read into what we call an order, a refund and a cancellation.

Every field of theirs may be absent: a subscription can trim the payload. Amounts are decimal strings, taken in the
shop's own currency, whatever the buyer paid in.
"""

from services.common.words import _
from services.connectors.platforms.domain.port import Api, Platform
from services.connectors.platforms.domain.rules import EACH_REFUND, SAME_BODY, Rules
from services.connectors.platforms.domain.shopify import naming
from services.connectors.platforms.domain.shopify.polling import POLLING
from services.connectors.platforms.domain.shopify.reading import privacy, read

SHOPIFY = Platform(
    name="shopify",
    title="Shopify",
    source="shopify",
    authenticate=naming.authenticate,
    name_of=naming.name_of,
    read=read,
    privacy=privacy,
    privacy_topics=(naming.DATA_REQUEST, naming.REDACT_CUSTOMER, naming.REDACT_SHOP),
    api=Api(
        host="shop.myshopify.com",
        hosts=r"[a-z0-9][a-z0-9-]*\.myshopify\.com",
        password=_("Admin API access token"),
    ),
    polling=POLLING,
    topics=tuple(naming.KINDS),
    rules=Rules(
        proof=_("The body is signed with the app's client secret (X-Shopify-Hmac-Sha256)."),
        order_id=_("The id of the order, not its number."),
        duplicates=SAME_BODY,
        refunds=EACH_REFUND,
        paid=_("When its financial_status says so."),
        tests=_("Orders with test: true are kept in the log and never count."),
        cannot=_("How often the customer bought before: Shopify counts unpaid orders, too."),
    ),
)
"""The platform."""
