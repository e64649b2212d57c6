"""What each reward was worth when its order settled. Of orders settled before this, the terms' amount stands in.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rewards", sa.Column("settled_minor", sa.BigInteger(), nullable=True))
    op.execute("update rewards set settled_minor = base_minor where settled_at is not null")
    op.create_check_constraint(op.f("rewards_want_within_settled_check"), "rewards", "want_minor <= settled_minor")


def downgrade() -> None:
    op.drop_constraint(op.f("rewards_want_within_settled_check"), "rewards")
    op.drop_column("rewards", "settled_minor")
