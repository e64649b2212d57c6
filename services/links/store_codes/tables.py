"""Which connections carry the store's codes, and where each code is."""

from sqlalchemy import Boolean, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import text
from services.links.settings import METADATA

CODE_CARRIERS = Table(
    "code_carriers",
    METADATA,
    text("store_id", primary_key=True),
    text("connection_id", primary_key=True),
    Column("carries", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("platform", Text, nullable=False, server_default=""),
    Column("discount_hosts", ARRAY(Text), nullable=False, server_default="{}"),
)
"""`discount_hosts`: hosts of its shop at which an address applies a code; none where none is known."""

STORE_CODES = Table(
    "store_codes",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    text("connection_id", primary_key=True),
    Column("usable", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
"""`usable`: a buyer can enter the code at the checkout of the connection's shop."""
