"""Portals that were closed because their ambassador was erased.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closed_portals",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("closed_portals_pkey")),
    )


def downgrade() -> None:
    op.drop_table("closed_portals")
