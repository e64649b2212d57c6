"""Room in somebody's limit, made while refused rewards are gone through, has only theirs tried again.

Revision: 0047
Follows: 0043
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "capped_sweeps", sa.Column("again", postgresql.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'"))
    )


def downgrade() -> None:
    op.drop_column("capped_sweeps", "again")
