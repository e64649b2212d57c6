"""Of custom events: that a friend became an ambassador, and of which program.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("custom_events", sa.Column("joined", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("custom_events", "joined")
