"""Providers that stores have set up, with their credentials."""

from sqlalchemy import Column, Index, LargeBinary, Table
from sqlalchemy import text as sql_text

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

PAYOUT_PROVIDERS = Table(
    "payout_providers",
    METADATA,
    text("store_id", primary_key=True),
    text("provider_id", primary_key=True),
    text("kind"),
    text("hook"),
    text("place"),
    text("client_id", nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    text("secret_end"),
    text("trouble", nullable=True),
    moment("heard_at", nullable=True),
    moment("made_at"),
    moment("changed_at"),
    moment("ended_at", nullable=True),
    Index(
        "payout_providers_current_key",
        *("store_id", "kind"),
        unique=True,
        postgresql_where=sql_text("ended_at is null"),
    ),
)
"""`place`: the address, or `live` or `sandbox`. A row is one account at a provider: another address, or another
client, is another row, since what was sent to the former one must be asked about there. `sealed`: its secret, and the
one before with its end; null once the account was ended and nothing is left to be asked there. `trouble`: why the last
call was not taken, null since one was.
"""
