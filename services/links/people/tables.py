"""Ambassadors, and apart from them the table of who they are: with `applicants` all personal data of the product."""

from sqlalchemy import Column, Computed, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.links.settings import METADATA

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("ambassador_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("external_id", nullable=True),
    text("status"),
    text("group_name", nullable=True),
    text("sponsor_id", nullable=True),
    text("locale", nullable=True),
    Column("contact_hashes", ARRAY(Text), nullable=False),
    text("link_id"),
    text("code_id"),
    moment("created_at"),
    Column("revision", Integer, nullable=False),
    text("role", nullable=True),
    text("terms_version", nullable=True),
    moment("terms_at", nullable=True),
    Column("first_contact", Text, Computed("contact_hashes[1]", persisted=True), nullable=True),
    Column("second_contact", Text, Computed("contact_hashes[2]", persisted=True), nullable=True),
    UniqueConstraint("store_id", "program_id", "external_id"),
    Index(None, "store_id", "ambassador_id"),
    Index("ambassadors_first_contact_idx", "store_id", "first_contact", "ambassador_id"),
    Index("ambassadors_second_contact_idx", "store_id", "second_contact", "ambassador_id"),
    Index("ambassadors_erased_idx", "store_id", "ambassador_id", postgresql_where=sql_text("status = 'erased'")),
)
"""Nobody has more contacts than an address and a number. Each is a column, too: under the stores' policy no index
serves what looks into a list.
"""

AMBASSADOR_CONTACTS = Table(
    "ambassador_contacts",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("hash", primary_key=True),
    text("ambassador_id"),
    Index(None, "store_id", "ambassador_id"),
)
"""Whom a program knows by a mail address or a phone number (their keyed hashes): the first who came with it. Others may
have the same one if the store knows them under another customer id.
"""

PEOPLE = Table(
    "people",
    METADATA,
    text("ambassador_id", primary_key=True),
    text("store_id"),
    text("name", nullable=True),
    text("email", nullable=True),
    text("phone", nullable=True),
    text("public_name", nullable=True),
    text("telegram", nullable=True),
    text("sms", nullable=True),
    text("sms_hash", nullable=True),
    text("sms_asked", nullable=True),
    text("notes", nullable=True),
    Column("name_folded", Text, Computed("lower(name)", persisted=True), nullable=True),
    text("sought", nullable=True),
    Index(None, "store_id"),
    Index("people_name_folded_idx", "store_id", "name_folded", "ambassador_id"),
    Index("people_telegram_idx", "store_id", "telegram", postgresql_where=sql_text("telegram is not null")),
)
"""`telegram` is the chat in which a store's bot speaks with the person: both numbers; `sms` the number
that they proved, with its keyed hash, and `sms_asked` the one that a code went to. `notes` are the store's own, and
nobody else's to read. `sought` is what the person is searched by, in small letters, each on a line: name, address,
customer id, personal code. A trigger writes it (migration 0033), since the code comes when the person is there already.
"""

UNANNOUNCED = Table(
    "unannounced",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
)
"""Ambassadors who are published once more, soon: a version of the tables put them here, since when events say
more of them than they did.
"""

_AUDIT = METADATA.tables["audit"]
Index("audit_subject_idx", _AUDIT.c.store_id, _AUDIT.c.subject, _AUDIT.c.at)
"""What was done to one ambassador, for their page."""
