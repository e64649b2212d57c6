"""By which of their codes each ambassador is known

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ambassadors", sa.Column("code_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("ambassadors", "code_id")
