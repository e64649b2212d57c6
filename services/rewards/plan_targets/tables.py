"""How the store calls ambassadors, by which its files of targets name them. Targets themselves stand beside what counts
towards them, in grants.
"""

from sqlalchemy import Column, Index, Integer, Table

from services.kernel.tables import text
from services.rewards.settings import METADATA

EXTERNAL_IDS = Table(
    "external_ids",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("external_id", nullable=True),
    Column("revision", Integer, nullable=False),
    Index("external_ids_external_id_idx", "store_id", "external_id"),
)
"""The store's own customer ids of ambassadors, by which its spreadsheets name them; null for who has none, or no more.
"""
