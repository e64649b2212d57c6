"""Where links lead once they have expired.

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
    op.add_column("links", sa.Column("fallback", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("links", "fallback")
