"""At which hosts an address applies a code by itself.

Revision: 0032
Follows: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("code_carriers", sa.Column("platform", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "code_carriers",
        sa.Column("discount_hosts", ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("code_carriers", "discount_hosts")
    op.drop_column("code_carriers", "platform")
