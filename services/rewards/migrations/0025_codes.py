"""Ambassadors' codes, which name them in spreadsheets, and the one of them that each is known by.

Both come from the catalog's events, read from the first one.

Revision: 0025
Follows: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "codes",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "code_id", name=op.f("codes_pkey")),
    )
    op.create_index("codes_ambassador_idx", "codes", ["store_id", "ambassador_id"])
    op.create_table(
        "chosen_codes",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("chosen_codes_pkey")),
    )


def downgrade() -> None:
    op.drop_table("chosen_codes")
    op.drop_index("codes_ambassador_idx", "codes")
    op.drop_table("codes")
