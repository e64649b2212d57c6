"""Connections: a former secret that holds on, what stands before orders' ids, and access to platforms' own APIs.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hooks", sa.Column("former_secret", sa.LargeBinary(), nullable=True))
    op.add_column("hooks", sa.Column("former_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("hooks", sa.Column("order_prefix", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "hooks",
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("hooks", sa.Column("host", sa.Text(), nullable=True))
    op.add_column("hooks", sa.Column("access", sa.LargeBinary(), nullable=True))
    op.create_index("deliveries_of_hook_idx", "deliveries", ["store_id", "hook_id", "received_at"], unique=False)


def downgrade() -> None:
    op.drop_index("deliveries_of_hook_idx", table_name="deliveries")
    for column in ("access", "host", "options", "order_prefix", "former_ends_at", "former_secret"):
        op.drop_column("hooks", column)
