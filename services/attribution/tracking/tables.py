"""Facts from browsers that can bear on a decision: a visitor seen with a token, a customer named with authority.

Everything else goes to the bus alone. A fact is named by what it says, so that reported again it is the same.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text
from sqlalchemy import text as sql

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

TRACKS = Table(
    "tracks",
    METADATA,
    text("store_id", primary_key=True),
    text("track_id", primary_key=True),
    text("type"),
    Column("seq", BigInteger, nullable=True),
    moment("at"),
    Column("visitor_id", Text, nullable=True),
    Column("click_id", Text, nullable=True),
    Column("names", Boolean, nullable=False),
    Column("person_id", Text, nullable=True),
    Column("body", LargeBinary, nullable=False),
    Index("tracks_visitor_idx", "store_id", "visitor_id", postgresql_where=sql("visitor_id is not null")),
    Index("tracks_click_idx", "store_id", "click_id", postgresql_where=sql("click_id is not null")),
    Index("tracks_person_idx", "store_id", "person_id", "at", postgresql_where=sql("person_id is not null")),
)
"""`names`: the store's server, or its proof, names a customer. `person_id` is set for these when the fact is stamped.
`visitor_id` is null where the visitor lends nothing."""
