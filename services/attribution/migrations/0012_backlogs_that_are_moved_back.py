"""Since when a backlog is there, and how many times it was moved back.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With defaults: replicas of the former version go on beside, and know nothing of these.
    op.add_column(
        "backlogs", sa.Column("began_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
    )
    op.add_column("backlogs", sa.Column("moved_back", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("backlogs", "moved_back")
    op.drop_column("backlogs", "began_at")
