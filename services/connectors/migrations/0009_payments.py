"""Which order a payment paid: refunds of subscriptions name the payment alone.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "payment_id", name=op.f("payments_pkey")),
    )
    op.create_index(op.f("payments_store_id_noted_at_idx"), "payments", ["store_id", "noted_at"], unique=False)


def downgrade() -> None:
    op.drop_table("payments")
