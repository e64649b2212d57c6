"""Any shop's own server, which signs what it reports as Standard Webhooks 1.0 has it, in the words of our own API.

1C-Bitrix is the same with a guide of its own: a shop on it has a server where a few lines of PHP report to us.
"""

from dataclasses import replace

from services.common.words import _
from services.connectors.platforms.domain.generic import signing
from services.connectors.platforms.domain.generic.reading import TYPES, name_of, read
from services.connectors.platforms.domain.port import Platform
from services.connectors.platforms.domain.rules import Rules

GENERIC = Platform(
    name="generic",
    title="Signed JSON",
    authenticate=signing.authenticate,
    name_of=name_of,
    read=read,
    secret_of=signing.as_text,
    check_secret=signing.problem_of,
    topics=TYPES,
    rules=Rules(
        proof=_(
            "webhook-id, webhook-timestamp and the body are signed (Standard Webhooks); five minutes to either side."
        ),
        order_id=_("Yours: the same id by the API is the same order."),
        duplicates=_("The same webhook-id with the same body is one delivery, and equal reports are one fact."),
        refunds=_("Each by your id of it; told again, the newest telling holds."),
        paid=_("When your server says status: paid."),
        tests=_("There are none: what is signed counts."),
        cannot=_("What your server does not tell."),
    ),
)
"""Signed JSON."""

BITRIX = replace(GENERIC, name="bitrix", title="1C-Bitrix")
"""1C-Bitrix, by a snippet in the shop's `init.php`."""
