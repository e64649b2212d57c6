"""Pictures that stores give. A program or language without a row has the one that we draw."""

from sqlalchemy import Column, LargeBinary, Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

PREVIEW_PICTURES = Table(
    "preview_pictures",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("language", primary_key=True),
    Column("picture", LargeBinary, nullable=False),
    text("digest"),
    moment("updated_at"),
)
"""`picture`: as JPEG, made anew from what was given; `digest` names its content. No part of the program's version: it
promises nobody anything.
"""
