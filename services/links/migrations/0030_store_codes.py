"""Where codes work at stores' own checkouts.

Revision: 0030
Follows: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code_carriers",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("carries", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "connection_id", name=op.f("code_carriers_pkey")),
    )
    op.create_table(
        "store_codes",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "code_id", "connection_id", name=op.f("store_codes_pkey")),
    )


def downgrade() -> None:
    op.drop_table("store_codes")
    op.drop_table("code_carriers")
