"""At which hosts a connection's shop applies a code by an address, and whether links are to lead there.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("code_carriers", sa.Column("applies", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("code_carriers", sa.Column("hosts", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.add_column("code_carriers", sa.Column("hosts_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("hosts_at", "hosts", "applies"):
        op.drop_column("code_carriers", name)
