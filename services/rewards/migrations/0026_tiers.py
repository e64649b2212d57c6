"""Tiers of ambassadors: what counts towards them, who is in which, and by what rewards were multiplied.

No version of a program had tiers before: nothing that is there counts towards one. When ambassadors joined is read from
the catalog anew.

Revision: 0026
Follows: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tier_orders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("friend_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("revenue_minor >= 0", name=op.f("tier_orders_revenue_check")),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("tier_orders_pkey")),
    )
    op.create_index(
        "tier_orders_friend_idx", "tier_orders", ["store_id", "ambassador_id", "program_id", "friend_id", "day"]
    )
    op.create_table(
        "tier_counts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("friends", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "friends >= 0 and orders >= 0 and revenue_minor >= 0", name=op.f("tier_counts_not_negative_check")
        ),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "program_id", "day", name=op.f("tier_counts_pkey")),
    )
    op.create_table(
        "tier_standings",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("falls_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "program_id", name=op.f("tier_standings_pkey")),
    )
    op.create_index(
        "tier_standings_due_idx",
        "tier_standings",
        ["store_id", "due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_table(
        "tier_sweeps",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", name=op.f("tier_sweeps_pkey")),
    )
    op.add_column("ambassadors", sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rewards", sa.Column("tier", sa.Text(), nullable=True))
    op.add_column("rewards", sa.Column("multiplier", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("rewards_multiplier_check"), "rewards", "multiplier > 0 and (tier is null or multiplier is not null)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("rewards_multiplier_check"), "rewards")
    op.drop_column("rewards", "multiplier")
    op.drop_column("rewards", "tier")
    op.drop_column("ambassadors", "joined_at")
    op.drop_table("tier_sweeps")
    op.drop_table("tier_standings")
    op.drop_table("tier_counts")
    op.drop_table("tier_orders")
