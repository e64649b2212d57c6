"""Imports of what shops sold before they were connected.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), nullable=False)
        for name in ("before_at", "since_at", "until_at", "began_at", "moved_at")
    ]
    numbers = [
        sa.Column(name, sa.Integer(), nullable=False) for name in ("round", "asked", "found", "taken", "unreadable")
    ]
    op.create_table(
        "histories",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("hook_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("size", sa.SmallInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *moments,
        *numbers,
        sa.PrimaryKeyConstraint("store_id", "hook_id", name=op.f("histories_pkey")),
    )


def downgrade() -> None:
    op.drop_table("histories")
