"""Clicks may be what tiers are by: they are counted by day, each once.

No version of a program had such tiers before: nothing that is there counts towards them.

Revision: 0046
Follows: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tier_counts", sa.Column("clicks", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "tier_clicks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("click_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "click_id", name=op.f("tier_clicks_pkey")),
    )
    op.create_index("tier_clicks_day_idx", "tier_clicks", ["store_id", "day"])


def downgrade() -> None:
    op.drop_table("tier_clicks")
    op.drop_column("tier_counts", "clicks")
