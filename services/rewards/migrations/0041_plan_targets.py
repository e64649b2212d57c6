"""A plan's target may be what a reward is for: settled orders of a period, counts, targets, and who the store means by
its own ids and by codes.

No version of a program had plans before: nothing that is there counts towards one.

Revision: 0041
Follows: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0042"
branch_labels = None
depends_on = None

_FIGURES = ("plan_target", "plan_counted", "plan_sold")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _orders() -> None:
    op.create_table(
        "plan_orders",
        *_text("store_id", "order_id", "ambassador_id", "program_id", "friend_id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("goals", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "goals_mark", sa.BigInteger(), sa.Computed("hash_array_extended(goals, 0)", persisted=True), nullable=True
        ),
        sa.CheckConstraint("revenue_minor >= 0", name=op.f("plan_orders_revenue_check")),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("plan_orders_pkey")),
    )
    op.create_index(
        "plan_orders_friend_idx",
        "plan_orders",
        ["store_id", "ambassador_id", "program_id", "friend_id", "goals_mark", "day"],
    )


def upgrade() -> None:
    _orders()
    op.create_table(
        "plan_counts",
        *_text("store_id", "ambassador_id", "program_id", "goal"),
        sa.Column("first", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("sold_minor", sa.BigInteger(), nullable=False),
        sa.Column("program_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("counted >= 0 and sold_minor >= 0", name=op.f("plan_counts_not_negative_check")),
        sa.PrimaryKeyConstraint(
            "store_id", "ambassador_id", "program_id", "goal", "first", name=op.f("plan_counts_pkey")
        ),
    )
    op.create_table(
        "plan_targets",
        *_text("store_id", "ambassador_id", "program_id", "goal"),
        sa.Column("first", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("target > 0", name=op.f("plan_targets_above_zero_check")),
        sa.PrimaryKeyConstraint(
            "store_id", "ambassador_id", "program_id", "goal", "first", name=op.f("plan_targets_pkey")
        ),
    )
    op.create_index(
        "plan_targets_list_idx", "plan_targets", ["store_id", "first", "goal", "ambassador_id", "program_id"]
    )
    op.create_table(
        "external_ids",
        *_text("store_id", "ambassador_id"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("external_ids_pkey")),
    )
    op.create_index("external_ids_external_id_idx", "external_ids", ["store_id", "external_id"])
    op.create_index("codes_code_idx", "codes", ["store_id", "code"])
    for name in _FIGURES:
        op.add_column("rewards", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in reversed(_FIGURES):
        op.drop_column("rewards", name)
    op.drop_index("codes_code_idx", "codes")
    for table in ("external_ids", "plan_targets", "plan_counts", "plan_orders"):
        op.drop_table(table)
