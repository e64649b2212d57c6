"""What each try of a webhook was sent with, but for its signatures.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tries", sa.Column("request", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("tries", "request")
