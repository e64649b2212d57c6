"""A store's rule for releasing, the secrets that sign its questions, and what became of each question."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

RELEASE_RULES = Table(
    "release_rules",
    METADATA,
    text("store_id", primary_key=True),
    text("way"),
    text("url", nullable=True),
    # What came of the newest sample that was sent for a try.
    Column("test_number", Integer, nullable=False),
    text("test_outcome", nullable=True),
    Column("test_status", Integer, nullable=True),
    moment("tested_at", nullable=True),
    CheckConstraint("way <> 'ask' or url is not null", name="ask_whom"),
)

RELEASE_SECRETS = Table(
    "release_secrets",
    METADATA,
    text("store_id", primary_key=True),
    text("secret_id", primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    moment("created_at"),
    moment("ends_at", nullable=True),
    Index("release_secrets_id_key", "secret_id", unique=True),
)

RELEASE_ASKS = Table(
    "release_asks",
    METADATA,
    text("store_id", primary_key=True),
    text("reward_id", primary_key=True),
    # A reward that fell to nothing and rose again is asked about anew: the answer to an older question says nothing.
    Column("round", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    text("outcome"),
    Column("status", Integer, nullable=True),
    text("reason", nullable=True),
    moment("asked_at"),
    moment("tried_at", nullable=True),
    moment("next_at", nullable=True),
)
