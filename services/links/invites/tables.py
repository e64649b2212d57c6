"""Invitations. With `people` and `applicants` the only table with addresses, each for a week or so."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint
from sqlalchemy import text as sql_text

from services.kernel.tables import PIPE, moment, text
from services.links.settings import METADATA

INVITES = Table(
    "invites",
    METADATA,
    text("invite_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("purpose"),
    text("inviter_kind"),
    text("inviter_id"),
    text("mail_hash"),
    text("email", nullable=True),
    text("language"),
    text("state"),
    text("consent"),
    moment("created_at"),
    moment("due", nullable=True),
    moment("followed_at", nullable=True),
    UniqueConstraint("store_id", "program_id", "inviter_id", "mail_hash"),
    Index("invites_due_idx", "store_id", "due", postgresql_where=sql_text("due is not null")),
    Index(None, "store_id", "inviter_id", "created_at"),
    Index(None, "store_id", "mail_hash"),
)
"""One address that somebody gave, with the version of what they agreed to when they did (`consent`, at `created_at`).
The address itself is there as long as `due` is: until the reminder is on its way or there will be none; its keyed hash
stays.
"""

INVITATIONS = Table(
    "invitations",
    METADATA,
    text("invitation_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("inviter_id"),
    text("label"),
    moment("created_at"),
    moment("ended_at", nullable=True),
    Index(None, "store_id", "created_at"),
)
"""Personal addresses of the store's people: whoever joins by one is noted as invited by them."""

INVITED = Table(
    "invited",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("by_id"),
    text("inviter_id"),
    moment("at"),
    Index(None, "store_id", "by_id"),
)
"""Who joined by which invitation (`by_id`), and whose that was."""

INVITE_COUNTS = Table(
    "invite_counts",
    METADATA,
    text("mail_hash", primary_key=True),
    text("month"),
    Column("count", Integer, nullable=False),
    Index(None, "month"),
    info=PIPE,
)
"""How often an address was invited in a month, by whomever of whichever store: keyed hashes, of this month only."""

INVITE_REFUSALS = Table(
    "invite_refusals",
    METADATA,
    text("store_id", primary_key=True),
    text("mail_hash", primary_key=True),
    moment("at"),
)
"""Addresses that a store was asked to invite never again. Of an ambassador's own mails this says nothing: those end by
`suppressions`.
"""
