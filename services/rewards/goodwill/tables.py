"""What was given by hand, its life, and how much one person may give alone."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, Table
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

GOODWILL_TERMS = Table(
    "goodwill_terms",
    METADATA,
    text("store_id", primary_key=True),
    text("unit", primary_key=True),
    Column("limit_minor", BigInteger, nullable=False),
    text("period"),
    Column("former_minor", BigInteger, nullable=True),
    text("former_period", nullable=True),
    moment("looser_at", nullable=True),
    CheckConstraint("limit_minor >= 0", name="limit"),
    CheckConstraint(
        "(former_minor is null) = (looser_at is null) and (former_period is null) = (looser_at is null)", name="former"
    ),
)
"""By currency, and for points: what one principal may give in a period without a second one. `former_…`: the tighter
limit of before, which holds beside it until `looser_at`.
"""

GOODWILL = Table(
    "goodwill",
    METADATA,
    text("store_id", primary_key=True),
    text("goodwill_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    text("pay_as"),
    text("unit"),
    text("currency"),
    Column("amount_minor", BigInteger, nullable=False),
    text("reason"),
    text("status"),
    text("made_by"),
    moment("made_at"),
    Column("day", Date, nullable=False),
    Column("unaided", Boolean, nullable=False),
    text("decided_by", nullable=True),
    moment("decided_at", nullable=True),
    text("reward_id", nullable=True),
    # After the day of the grant; null for never.
    Column("expires_after_days", Integer, nullable=True),
    Index("goodwill_unaided_idx", "store_id", "made_by", "unit", "day", postgresql_where=sql("unaided")),
    Index("goodwill_ambassador_idx", "store_id", "ambassador_id", "goodwill_id"),
    Index("goodwill_status_idx", "store_id", "status", "goodwill_id"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("(status = 'granted') = (reward_id is not null)", name="granted"),
    CheckConstraint("(status = 'waiting') = (decided_at is null)", name="decided"),
    CheckConstraint("status <> 'granted' or unaided or decided_by <> made_by", name="second_person"),
)
"""`unaided`: granted at once, within the limit of who made it. `day` is that of the grant, where the store is; until
then that of the wish. `reason` is in somebody's words, and goes when the ambassador is erased.
"""

GOODWILL_STEPS = Table(
    "goodwill_steps",
    METADATA,
    text("store_id", primary_key=True),
    text("goodwill_id", primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    text("kind"),
    Column("amount_minor", BigInteger, nullable=False),
    text("reason", nullable=True),
    text("actor_kind"),
    text("actor_id"),
    moment("at"),
)
"""Its life: asked for, granted, refused, taken back, and by whom. `reason` goes when the ambassador is erased."""
