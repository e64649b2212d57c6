"""A milestone may be what a reward is for: settled orders that count towards one, and how far each ambassador has come.

No version of a program had milestones before: nothing that is there counts towards one.

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_KIND = "rewards_source_kind_check"


def upgrade() -> None:
    op.create_table(
        "milestone_orders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("friend_id", sa.Text(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("goals", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("revenue_minor >= 0", name=op.f("milestone_orders_revenue_check")),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("milestone_orders_pkey")),
    )
    op.create_index(
        "milestone_orders_friend_idx", "milestone_orders", ["store_id", "ambassador_id", "program_id", "friend_id"]
    )
    op.create_table(
        "milestone_counts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("milestone_counts_not_negative_check")),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "program_id", "goal", name=op.f("milestone_counts_pkey")),
    )
    op.drop_constraint(op.f(_KIND), "rewards")
    # What is there kept the narrower check of before: it need not be looked through, while nobody may write.
    op.execute(
        f"alter table rewards add constraint {_KIND} check (source_kind in ('order', 'person', 'event', 'period'))"
        " not valid"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_KIND), "rewards")
    op.create_check_constraint(op.f(_KIND), "rewards", "source_kind in ('order', 'person', 'event')")
    op.drop_table("milestone_counts")
    op.drop_table("milestone_orders")
