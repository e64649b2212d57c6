"""In which form an order's refunds are told: an endpoint and its account may have two versions of one API.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refund_forms",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("refund_forms_pkey")),
    )
    op.create_index(op.f("refund_forms_store_id_noted_at_idx"), "refund_forms", ["store_id", "noted_at"], unique=False)


def downgrade() -> None:
    op.drop_table("refund_forms")
