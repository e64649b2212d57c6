"""Slices of links' set-up, a row per revision, stamped with the store's fact number: replays read them as they were."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from services.attribution.settings import METADATA
from services.common.own_placeholders import placeholders_table
from services.kernel.tables import APPEND_ONLY, moment, text

PROGRAMS = Table(
    "programs",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("published_at"),
    Column("body", LargeBinary, nullable=False),
    info=APPEND_ONLY,
)

CODES = Table(
    "codes",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    text("code"),
    Column("ambassador_id", Text, nullable=True),
    moment("at"),
    Column("body", LargeBinary, nullable=False),
    Index("codes_store_id_code_idx", "store_id", "code"),
    Index("codes_store_id_ambassador_id_idx", "store_id", "ambassador_id"),
    info=APPEND_ONLY,
)

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("at"),
    Column("body", LargeBinary, nullable=False),
    info=APPEND_ONLY,
)

AMBASSADOR_NAMES = Table(
    "ambassador_names",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
)
"""Every name (`c:` customer id, `h:` hash of a contact) that an ambassador ever had."""

LINKS = Table(
    "links",
    METADATA,
    text("store_id", primary_key=True),
    text("link_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("slug"),
)
"""How links are called, to be shown. No decision asks for it, so only the newest revision is kept."""

STORE_PLACEHOLDERS = placeholders_table(METADATA)
