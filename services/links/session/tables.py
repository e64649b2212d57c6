"""Which one-time sign-in addresses were used. Holds a random text and a moment, nothing of anybody."""

from sqlalchemy import Table

from services.kernel.tables import PIPE, moment, text
from services.links.changes.tables import METADATA

USED_SIGN_INS = Table(
    "used_sign_ins",
    METADATA,
    text("nonce", primary_key=True),
    moment("expires_at"),
    info=PIPE,
)
