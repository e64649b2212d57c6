"""What buyers spend may be what a reward is for: orders that nobody referred, sums, and what each reward is for.

No version of a program had cashback before: nothing that is there counts towards it.

Revision: 0037
Follows: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_KIND = "rewards_source_kind_check"


def upgrade() -> None:
    op.create_table(
        "cashback_orders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("goals", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("revenue_minor >= 0", name=op.f("cashback_orders_revenue_check")),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("cashback_orders_pkey")),
    )
    op.create_index("cashback_orders_buyer_idx", "cashback_orders", ["store_id", "buyer"])
    op.create_table(
        "cashback_counts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("spent_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("spent_minor >= 0", name=op.f("cashback_counts_not_negative_check")),
        sa.PrimaryKeyConstraint("store_id", "buyer", "program_id", "goal", name=op.f("cashback_counts_pkey")),
    )
    op.create_table(
        "cashback_blocks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.CheckConstraint("first >= 1 and last >= first", name=op.f("cashback_blocks_span_check")),
        sa.PrimaryKeyConstraint("store_id", "buyer", "program_id", "goal", "last", name=op.f("cashback_blocks_pkey")),
    )
    op.add_column("programs", sa.Column("cashback", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("programs_cashback_idx", "programs", ["store_id"], postgresql_where=sa.text("cashback"))
    op.drop_constraint(op.f(_KIND), "rewards")
    # What is there kept the narrower check of before: it need not be looked through, while nobody may write.
    op.execute(
        f"alter table rewards add constraint {_KIND} check"
        " (source_kind in ('order', 'person', 'event', 'period', 'cashback')) not valid"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_KIND), "rewards")
    op.create_check_constraint(op.f(_KIND), "rewards", "source_kind in ('order', 'person', 'event', 'period')")
    op.drop_index("programs_cashback_idx", "programs")
    op.drop_column("programs", "cashback")
    for table in ("cashback_blocks", "cashback_counts", "cashback_orders"):
        op.drop_table(table)
