"""Who holds what contacts earned, since the store's server has said whose they are; their lots go with it.

A former replica passes over what attribution reports of verified contacts, which is reported once: send none
(`verified`) until every replica of rewards is a new one.

Revision: 0044
Follows: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0046"
branch_labels = None
depends_on = None

_KEY = ["store_id", "owner", "side", "unit", "pay_as", "program_id", "rule", "day", "expires_days"]


def upgrade() -> None:
    # Heads first, as whoever posts does: otherwise this and a posting could wait for each other.
    op.execute("lock table head, lots in access exclusive mode")
    op.create_table(
        "contact_holders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "contact", name=op.f("contact_holders_pkey")),
    )
    op.add_column("lots", sa.Column("joined_from", sa.Text(), nullable=False, server_default=""))
    op.drop_index("lots_key", "lots")
    op.create_index("lots_key", "lots", [*_KEY, "joined_from"], unique=True)


def downgrade() -> None:
    op.drop_index("lots_key", "lots")
    op.create_index("lots_key", "lots", _KEY, unique=True)
    op.drop_column("lots", "joined_from")
    op.drop_table("contact_holders")
