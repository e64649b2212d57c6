"""When access to a platform's API was given: what tells late of its end does not end what was given since.

Revision: 0014
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hooks", sa.Column("access_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("hooks", "access_at")
