"""Stripe's events. An order is a payment intent, and of a subscription each invoice: what a shop calls it is not taken,
since payments are made without a shop, too.
"""

from services.common.words import _
from services.connectors.platforms.domain.port import Api, Platform
from services.connectors.platforms.domain.rules import Rules
from services.connectors.platforms.domain.stripe import signing
from services.connectors.platforms.domain.stripe.naming import NAMING
from services.connectors.platforms.domain.stripe.past import PAST
from services.connectors.platforms.domain.stripe.polling import POLLING
from services.connectors.platforms.domain.stripe.reading import TOPICS, read

STRIPE = Platform(
    name="stripe",
    title="Stripe",
    source="stripe",
    authenticate=signing.authenticate,
    name_of=signing.name_of,
    read=read,
    polling=POLLING,
    past=PAST,
    naming=NAMING,
    api=Api(password=_("Restricted API key")),
    check_secret=signing.problem_of,
    topics=TOPICS,
    rules=Rules(
        proof=_("Time and body are signed with the endpoint's secret (Stripe-Signature); five minutes to either side."),
        order_id=_("The payment intent (pi_…); of a subscription each invoice (in_…), an order of its own."),
        duplicates=_("The same event is one delivery, and equal reports are one fact."),
        refunds=_(
            "Each by its own id, so that it counts once; one that failed takes nothing back. A chargeback is one while "
            "the bank has the money, and none once it is won. One that names a payment is of the invoice that it paid."
        ),
        paid=_("When payment_status is paid or no_payment_required, also later; an invoice by invoice.paid."),
        tests=_("Events with livemode: false are kept in the log and never count."),
        cannot=_(
            "A promotion code's text: of those that Kith made it knows it, others it asks for with its key, or "
            "metadata has it; the code of an invoice, but for the session that began it; which invoice a refund is of, "
            "where one payment paid several; before API 2024-10-28, a refund that fails later."
        ),
    ),
)
"""The platform."""
