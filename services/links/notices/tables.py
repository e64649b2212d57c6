"""What there is to notify people of: ids and figures, no name, no address and no text of any message."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.kernel.tables import moment, text
from services.links.settings import METADATA

NOTICES = Table(
    "notices",
    METADATA,
    text("notice_id", primary_key=True),
    text("store_id"),
    text("ambassador_id"),
    text("occasion"),
    text("subject"),
    Column("facts", JSONB, nullable=False),
    text("state"),
    text("reason", nullable=True),
    text("message_id", nullable=True),
    moment("happened_at"),
    moment("due"),
    moment("created_at"),
    moment("told_at", nullable=True),
    moment("used_at", nullable=True),
    Column("failed", ARRAY(Text), nullable=False, server_default="{}"),
    UniqueConstraint("store_id", "ambassador_id", "occasion", "subject"),
    Index("notices_waiting_idx", "store_id", "due", postgresql_where=sql_text("state = 'waiting'")),
    Index(None, "store_id", "message_id"),
    Index(None, "store_id", "subject"),
    Index("notices_ended_idx", "store_id", "created_at"),
)
"""`subject` is what it is about (an order, a reward, a version): of one occasion each is notified once, however often
its event comes. `facts` are reasons and amounts of that moment, `failed` the channels that could not deliver it.
"""

NOTICE_MARKS = Table(
    "notice_marks",
    METADATA,
    text("store_id", primary_key=True),
    Column("mark", UUID, primary_key=True),
)
"""Of what was sent so long ago that its row is gone: a hash of person, occasion and subject, so that it is sent never
again.
"""

NOTICE_ORDERS = Table(
    "notice_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("ambassador_id", nullable=True),
)
"""The newest decision that was received of each order which named somebody, and whose it was last: it may wait, and be
another's then.
"""

NOTICE_REWARDS = Table(
    "notice_rewards",
    METADATA,
    text("store_id", primary_key=True),
    text("reward_id", primary_key=True),
    text("ambassador_id"),
    text("order_id"),
    Column("revision", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    text("currency"),
    text("pay_as"),
    text("status"),
    moment("available_at", nullable=True),
    Index(None, "store_id", "ambassador_id", "order_id"),
)
"""Ambassadors' rewards as rewards last reported them: what an order brings, and whether something was taken back."""

NOTICE_TEMPLATES = Table(
    "notice_templates",
    METADATA,
    text("store_id", primary_key=True),
    text("occasion", primary_key=True),
    text("language", primary_key=True),
    text("subject"),
    text("body"),
    text("label"),
    moment("changed_at"),
)
"""A store's own words; where it wrote none, ours."""

NOTICE_OCCASIONS = Table(
    "notice_occasions",
    METADATA,
    text("store_id", primary_key=True),
    text("occasion", primary_key=True),
    Column("told", Boolean, nullable=False),
)
"""Occasions that a store chose to notify of, or not; of all the others it does."""

NOTICE_STARTS = Table(
    "notice_starts",
    METADATA,
    text("store_id", primary_key=True),
    moment("since"),
)
"""Stores that were there before anybody was notified of anything: of what happened earlier nobody is."""

ANNOUNCEMENTS = Table(
    "announcements",
    METADATA,
    text("announcement_id", primary_key=True),
    text("store_id"),
    Column("texts", JSONB, nullable=False),
    Column("segment", JSONB, nullable=False),
    text("state"),
    moment("next_at", nullable=True),
    Column("every_weeks", Integer, nullable=True),
    Column("times", Integer, nullable=True),
    moment("until", nullable=True),
    Column("runs", Integer, nullable=False),
    moment("created_at"),
    *(Column(f"past_{name}", Integer, nullable=False, server_default="0") for name in ("people", "told", "used")),
    Index(None, "store_id", "next_at"),
)
"""What a store sends to a segment of its ambassadors: its own words by language, and when the next turn is. What came
of turns whose notices are forgotten stands in `past_…`.
"""
