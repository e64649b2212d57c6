"""One code that changed is compared by itself, and codes that a shop was asked for are found among many.

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
        "changed_codes",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "connection_id", "code_id", name=op.f("changed_codes_pkey")),
    )
    op.create_index(
        "codes_ambassador_idx",
        "codes",
        ["store_id", "ambassador_id"],
        unique=False,
        postgresql_where=sa.text("ambassador_id is not null"),
    )
    op.create_index(
        "store_codes_asked_idx",
        "store_codes",
        ["store_id", "connection_id", "code_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and asked_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("store_codes_asked_idx", table_name="store_codes")
    op.drop_index("codes_ambassador_idx", table_name="codes")
    op.drop_table("changed_codes")
