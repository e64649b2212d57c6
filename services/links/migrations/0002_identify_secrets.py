"""How often each store's identify secret was rotated.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identify_secrets",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name=op.f("identify_secrets_pkey")),
    )


def downgrade() -> None:
    op.drop_table("identify_secrets")
