"""When each store's books were last gone through; and what sources rewards may have is sure of all rewards.

The check was added without looking through the rewards that were there. Looking holds up nobody who writes.

Revision: 0028
Follows: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_checks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sets", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=True),
        sa.Column("wrong", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("sets >= 0 and wrong >= 0", name=op.f("ledger_checks_not_negative_check")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("ledger_checks_pkey")),
    )
    op.execute("alter table rewards validate constraint rewards_source_kind_check")


def downgrade() -> None:
    op.drop_table("ledger_checks")
