"""Tilda's forms: unsigned, so that the secret stands in the address; without a time, a zone or a currency.

It delivers an order when the form is sent, or once it is paid, as the owner set it; which of both no delivery says.
"""

from services.common.words import _
from services.connectors.platforms.domain import proof
from services.connectors.platforms.domain.port import Named, Platform
from services.connectors.platforms.domain.rules import Rules
from services.connectors.platforms.domain.tilda.reading import read

TILDA = Platform(
    name="tilda",
    title="Tilda",
    source="tilda",
    authenticate=proof.by_address,
    name_of=lambda asked: Named("", "form"),
    read=read,
    key_in_address=True,
    secret_of=proof.as_text,
    check_secret=proof.problem_of_key,
    options=frozenset({"currency", "paid_on_arrival"}),
    needs=frozenset({"currency"}),
    rules=Rules(
        proof=_("Nothing is signed: the secret stands in the address. Keep the address to yourself."),
        order_id=_("payment[orderid], the number that the buyer is shown."),
        duplicates=_("The same form is one delivery, and equal reports are one fact."),
        refunds=_("It tells of none: report them by the API."),
        paid=_(
            "As you say: with paid_on_arrival each order that comes, where Tilda sends it after payment; else none."
        ),
        tests=_("Its test (test=test) is kept in the log and never counts."),
        cannot=_("When an order was placed, its currency, refunds and cancellations."),
    ),
)
"""The platform."""
