"""WooCommerce's deliveries: the body is the order as its REST API v3 has it, signed with the webhook's secret.

It never tries again what was not answered, and turns a webhook off after some failures in a row. Times named `…_gmt`
have no zone, amounts are decimal strings, and there is no topic for "paid".
"""

from services.common.words import _
from services.connectors.platforms.domain.port import Api, Platform
from services.connectors.platforms.domain.rules import SAME_BODY, Rules
from services.connectors.platforms.domain.woocommerce import naming
from services.connectors.platforms.domain.woocommerce.polling import POLLING
from services.connectors.platforms.domain.woocommerce.reading import read

WOOCOMMERCE = Platform(
    name="woocommerce",
    title="WooCommerce",
    source="woocommerce",
    authenticate=naming.authenticate,
    name_of=naming.name_of,
    ping=naming.ping,
    read=read,
    api=Api(host="shop.example", user=_("Consumer key"), password=_("Consumer secret")),
    polling=POLLING,
    topics=naming.TOPICS,
    rules=Rules(
        proof=_("The body is signed with the webhook's secret (X-WC-Webhook-Signature)."),
        order_id=_("The id of the order, not its number."),
        duplicates=SAME_BODY,
        refunds=_("Each by its own id, as a sum: what the order's body carries of it."),
        paid=_("When the order has date_paid_gmt, or its status is processing, completed or refunded."),
        tests=_("It marks none: an order by a test gateway counts as any."),
        cannot=_("Which lines a refund gave back, and that a refund was deleted. It tries no delivery twice."),
    ),
)
"""The platform."""
