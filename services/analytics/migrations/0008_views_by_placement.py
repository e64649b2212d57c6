"""Views of the invitation to share, by its place on the store's pages

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_placements",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("placement", sa.Text(), nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day", "placement", name=op.f("daily_placements_pkey")),
    )


def downgrade() -> None:
    op.drop_table("daily_placements")
