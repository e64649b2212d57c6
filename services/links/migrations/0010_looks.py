"""How a store looks to friends, and by which name an ambassador invites them.

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
    op.create_table(
        "store_looks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("store_id", name=op.f("store_looks_pkey")),
    )
    op.add_column("people", sa.Column("public_name", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "public_name")
    op.drop_table("store_looks")
