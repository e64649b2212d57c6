"""The newest state of each order's decision, the rewards that follow from it or were given by hand, and what each
program has spent.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

CONVERSIONS = Table(
    "conversions",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("program_id", nullable=True),
    Column("body", LargeBinary, nullable=True),
    # The state as it was kept before: plain. One of the two is there.
    text("data", nullable=True),
    # The program's version, or the store itself, has not been received yet.
    Column("waiting", Boolean, nullable=False, server_default="false"),
    # Null in rows from before there was a simulator: it fills them in when it first needs them.
    moment("placed_at", nullable=True),
    Index("conversions_waiting_idx", "store_id", "program_id", postgresql_where=sql("waiting")),
    Index(
        "conversions_period_idx",
        *("store_id", "program_id", "placed_at", "order_id"),
        postgresql_where=sql("program_id is not null"),
    ),
)

CUSTOM_EVENTS = Table(
    "custom_events",
    METADATA,
    text("store_id", primary_key=True),
    text("event_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("program_id", nullable=True),
    Column("body", LargeBinary, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Index("custom_events_waiting_idx", "store_id", "program_id", postgresql_where=sql("waiting")),
)
"""The newest state of each custom event's decision."""

REWARDS = Table(
    "rewards",
    METADATA,
    text("store_id", primary_key=True),
    # The id of the source, of whatever kind.
    text("order_id", primary_key=True),
    text("program_id", primary_key=True),
    text("rule", primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    text("side", primary_key=True),
    text("beneficiary_id", primary_key=True),
    text("reward_id"),
    text("ambassador_id"),
    Column("program_version", Integer, nullable=False),
    text("pay_as"),
    text("unit"),
    text("currency"),
    Column("order_revision", Integer, nullable=False),
    moment("placed_at"),
    Column("day", Date, nullable=False),
    Column("base_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("want_minor", BigInteger, nullable=False),
    Column("bound_minor", BigInteger, nullable=True),
    Column("target_minor", BigInteger, nullable=False),
    text("reason"),
    text("status"),
    Column("revision", Integer, nullable=False),
    moment("settled_at", nullable=True),
    moment("available_at"),
    moment("created_at"),
    moment("granted_at", nullable=True),
    moment("changed_at"),
    moment("approved_at", nullable=True),
    moment("released_at", nullable=True),
    moment("rejected_at", nullable=True),
    Column("settled_minor", BigInteger, nullable=True),
    text("note", nullable=True),
    text("waits_for", nullable=True),
    text("waits_why", nullable=True),
    moment("waits_since", nullable=True),
    Column("granted_by", BigInteger, nullable=True),
    Column("source_kind", Text, nullable=False, server_default="order"),
    # Of a custom event.
    text("event_name", nullable=True),
    # As they were at the first grant.
    text("tier", nullable=True),
    Column("multiplier", Integer, nullable=True),
    # Of points or store credit that were released.
    text("lot_id", nullable=True),
    # Of a plan's target, as it stood when the reward last changed.
    Column("plan_target", BigInteger, nullable=True),
    Column("plan_counted", BigInteger, nullable=True),
    Column("plan_sold", BigInteger, nullable=True),
    # Of a sponsor's: who brought the order, and whether the sponsor was active when it was first decided.
    text("won_by", nullable=True),
    Column("sponsor_active", Boolean, nullable=True),
    # Of a rule that is shared with the friend: the ambassador's part in basis points.
    Column("split", Integer, nullable=True),
    Index("rewards_reward_id_key", "store_id", "reward_id", unique=True),
    Index(
        "rewards_one_beneficiary_key",
        *("store_id", "order_id", "program_id", "rule", "level", "side"),
        unique=True,
        postgresql_where=sql("target_minor > 0"),
    ),
    Index("rewards_ambassador_idx", "store_id", "ambassador_id", "reward_id"),
    Index(
        "rewards_sourced_idx",
        *("store_id", "source_kind", "reward_id"),
        postgresql_where=sql("source_kind <> 'order'"),
    ),
    Index(
        "rewards_sourced_status_idx",
        *("store_id", "source_kind", "status", "reward_id"),
        postgresql_where=sql("source_kind <> 'order'"),
    ),
    Index(
        "rewards_capped_idx",
        *("store_id", "program_id", "unit", "placed_at", "reward_id"),
        postgresql_where=sql("target_minor < want_minor"),
    ),
    Index(
        "rewards_sponsor_idx",
        *("store_id", "ambassador_id", "reward_id"),
        postgresql_where=sql("won_by is not null"),
    ),
    Index("rewards_status_idx", "store_id", "status", "reward_id"),
    Index(
        "rewards_releasable_idx",
        *("store_id", "available_at"),
        postgresql_where=sql(
            "target_minor > 0 and settled_at is not null and released_at is null and waits_for is null"
        ),
    ),
    Index(
        "rewards_waiting_idx",
        *("store_id", "waits_for", "waits_since", "reward_id"),
        postgresql_where=sql("waits_for is not null and target_minor > 0"),
    ),
    CheckConstraint("target_minor >= 0 and target_minor <= want_minor", name="target_within_want"),
    CheckConstraint("target_minor <= bound_minor", name="target_within_bound"),
    CheckConstraint("want_minor <= base_minor", name="want_within_base"),
    CheckConstraint("want_minor <= settled_minor", name="want_within_settled"),
    CheckConstraint("rejected_at is null or target_minor = 0", name="rejected_for_good"),
    CheckConstraint("released_at is null or settled_at is not null", name="released_after_settling"),
    CheckConstraint("target_minor = 0 or granted_at is not null", name="granted_at"),
    CheckConstraint(
        "(waits_for is null) = (waits_since is null) and (waits_for is null) = (waits_why is null)", name="waits"
    ),
    CheckConstraint(
        "waits_for is null or (approved_at is null and released_at is null and rejected_at is null)",
        name="waits_undecided",
    ),
    CheckConstraint("source_kind in ('order', 'person', 'event', 'period', 'cashback')", name="source_kind"),
    CheckConstraint("(source_kind = 'event') = (event_name is not null)", name="event_name"),
    CheckConstraint("split between 0 and 10000", name="split"),
    CheckConstraint("multiplier > 0 and (tier is null or multiplier is not null)", name="multiplier"),
    CheckConstraint(
        "won_by is null or (source_kind = 'order' and side = 'ambassador' and won_by <> beneficiary_id"
        " and ambassador_id = beneficiary_id)",
        name="won_by",
    ),
    CheckConstraint("sponsor_active is null or won_by is not null", name="sponsor_active"),
)

SPENT = Table(
    "spent",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("unit", primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor >= 0", name="amount"),
)

CAPPED_SWEEPS = Table(
    "capped_sweeps",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("unit", primary_key=True),
    # Behind which of what caps refused it goes on; null at the beginning.
    moment("placed_at", nullable=True),
    text("reward_id"),
    # Ambassadors in whose limits room appeared on the way: theirs are left out until it begins once more, at its end.
    Column("again", ARRAY(Text), nullable=False, server_default="{}"),
)
"""Programs in which room has appeared: what caps refused is tried again, the oldest purchase first."""

LIMIT_PERIODS = Table(
    "limit_periods",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("rule", primary_key=True),
    text("period", primary_key=True),
    Column("counted_from", Date, nullable=False),
)
"""By what periods the rules of any version limit. Periods that begin on `counted_from` or later have a whole counter;
one of an earlier period is made of the rewards when it is first needed.
"""

LIMIT_COUNTS = Table(
    "limit_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    text("rule", primary_key=True),
    text("period", primary_key=True),
    Column("first", Date, primary_key=True, autoincrement=False),
    Column("rewards", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("rewards >= 0 and amount_minor >= 0", name="not_negative"),
)
"""Rewards above zero of one rule, ambassador and period, and their sum. Pages are filled to 70 %: a counter that moves
finds room beside itself, and its index stays as it is.
"""

MILESTONE_ORDERS = Table(
    "milestone_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    text("friend_id"),
    Column("revenue_minor", BigInteger, nullable=False),
    # What its program's version has milestones for.
    Column("goals", ARRAY(Text), nullable=False),
    Column("goals_mark", BigInteger, Computed("hash_array_extended(goals, 0)", persisted=True), nullable=True),
    Index("milestone_orders_friend_idx", "store_id", "ambassador_id", "program_id", "friend_id", "goals_mark"),
    CheckConstraint("revenue_minor >= 0", name="revenue"),
)
"""Settled orders that count towards milestones now, as they count: one that stops counting is deleted. `goals_mark`
stands for the goals: a friend's orders have as many different ones as they are under versions that count otherwise.
"""

MILESTONE_COUNTS = Table(
    "milestone_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    text("goal", primary_key=True),
    Column("counted", BigInteger, nullable=False),
    CheckConstraint("counted >= 0", name="not_negative"),
)
"""How far an ambassador has come towards a goal: friends, orders, or revenue in minor units."""

CASHBACK_ORDERS = Table(
    "cashback_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("buyer"),
    text("program_id"),
    Column("revenue_minor", BigInteger, nullable=False),
    # What the version that was in force has cashback for.
    Column("goals", ARRAY(Text), nullable=False),
    Index("cashback_orders_buyer_idx", "store_id", "buyer"),
    CheckConstraint("revenue_minor >= 0", name="revenue"),
)
"""Settled orders that nobody referred and that count towards cashback now. One that stops counting is deleted, unless
rules asked what its buyer held: what it may count towards is fixed then.
"""

CASHBACK_COUNTS = Table(
    "cashback_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("buyer", primary_key=True),
    text("program_id", primary_key=True),
    text("goal", primary_key=True),
    Column("spent_minor", BigInteger, nullable=False),
    CheckConstraint("spent_minor >= 0", name="not_negative"),
)
"""What a buyer has spent towards a goal."""

CASHBACK_BLOCKS = Table(
    "cashback_blocks",
    METADATA,
    text("store_id", primary_key=True),
    text("buyer", primary_key=True),
    text("program_id", primary_key=True),
    text("goal", primary_key=True),
    Column("last", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, nullable=False),
    text("source_id"),
    CheckConstraint("first >= 1 and last >= first", name="span"),
)
"""Which times of a goal each reward of cashback is for, wanted or not: those behind the last are not given yet."""

PLAN_ORDERS = Table(
    "plan_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    text("friend_id"),
    # Of the purchase, where the store is.
    Column("day", Date, nullable=False),
    Column("revenue_minor", BigInteger, nullable=False),
    # What its program's version has plans for.
    Column("goals", ARRAY(Text), nullable=False),
    Column("goals_mark", BigInteger, Computed("hash_array_extended(goals, 0)", persisted=True), nullable=True),
    Index("plan_orders_friend_idx", "store_id", "ambassador_id", "program_id", "friend_id", "goals_mark", "day"),
    CheckConstraint("revenue_minor >= 0", name="revenue"),
)
"""Settled orders that count towards plans' targets now, as they count: one that stops counting is deleted."""

PLAN_COUNTS = Table(
    "plan_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    text("goal", primary_key=True),
    Column("first", Date, primary_key=True, autoincrement=False),
    Column("counted", BigInteger, nullable=False),
    Column("sold_minor", BigInteger, nullable=False),
    # The newest under which an order was counted.
    Column("program_version", Integer, nullable=False),
    CheckConstraint("counted >= 0 and sold_minor >= 0", name="not_negative"),
)
"""How far an ambassador has come in the period that begins on `first`: revenue in minor units, orders or friends; and
what was sold.
"""

PLAN_TARGETS = Table(
    "plan_targets",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    text("goal", primary_key=True),
    Column("first", Date, primary_key=True, autoincrement=False),
    Column("target", BigInteger, nullable=False),
    moment("set_at"),
    Index("plan_targets_list_idx", "store_id", "first", "goal", "ambassador_id", "program_id"),
    CheckConstraint("target > 0", name="above_zero"),
)
"""What an ambassador is to reach in the period that begins on `first`."""
