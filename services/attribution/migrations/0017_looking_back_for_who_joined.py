"""Programs of which a version has come that rewards joining: who joined before it was known is gone through.

Revision: 0017
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "joined_sweeps",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", name=op.f("joined_sweeps_pkey")),
    )


def downgrade() -> None:
    op.drop_table("joined_sweeps")
