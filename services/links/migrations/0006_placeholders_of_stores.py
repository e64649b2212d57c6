"""What stands for nobody at a store, beside what does everywhere.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "store_placeholders",
        sa.Column("store_id", sa.Text(), nullable=False),
        *(
            sa.Column(name, postgresql.ARRAY(sa.Text()), nullable=False)
            for name in ("customer_ids", "emails", "phones", "names")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("store_placeholders_pkey")),
    )


def downgrade() -> None:
    op.drop_table("store_placeholders")
