"""Announcements to segments of a store's ambassadors, and whether what was told was used.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "announcements",
        sa.Column("announcement_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("segment", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("every_weeks", sa.Integer(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f("announcements_pkey")),
    )
    op.create_index(op.f("announcements_store_id_next_at_idx"), "announcements", ["store_id", "next_at"])


def downgrade() -> None:
    op.drop_table("announcements")
    op.drop_column("notices", "used_at")
