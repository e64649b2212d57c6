"""What opens a platform's API is sealed for workers alone: with what, and what is shown of it.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("opening_keys_pkey")),
        info={"rls": False},
    )
    op.add_column("hooks", sa.Column("access_hint", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("hooks", "access_hint")
    op.drop_table("opening_keys")
