"""InSales signs nothing: whoever knows the address may write anything to it. So a delivery only says which order to ask
for, and what counts is the shop's answer.
"""

from services.common.words import _
from services.connectors.platforms.domain import proof
from services.connectors.platforms.domain.insales.polling import POLLING
from services.connectors.platforms.domain.insales.reading import name_of, question, read
from services.connectors.platforms.domain.port import Api, Platform
from services.connectors.platforms.domain.rules import Rules

INSALES = Platform(
    name="insales",
    title="InSales",
    source="insales",
    authenticate=proof.by_address,
    name_of=name_of,
    read=read,
    polling=POLLING,
    question=question,
    key_in_address=True,
    secret_of=proof.as_text,
    check_secret=proof.problem_of_key,
    api=Api(host="shop.myinsales.ru", user=_("The API key’s identifier"), password=_("The API key’s password")),
    installed=True,
    needs=frozenset({"host", "access"}),
    topics=("orders/create", "orders/update"),
    rules=Rules(
        proof=_(
            "Nothing is signed: the address is secret, and each order is read back from the shop before it counts."
        ),
        order_id=_("The id of the order, not its number."),
        duplicates=_("What the shop answers twice is one delivery, and equal reports are one fact."),
        refunds=_(
            "It tells of none: an order that was declined or returned is cancelled, a lower amount is an update."
        ),
        paid=_("When its financial_status says so."),
        tests=_("It marks none: an order by a test gateway counts as any."),
        cannot=_("A refund of part of an order whose amount stays: report it by the API."),
    ),
)
"""The platform."""
