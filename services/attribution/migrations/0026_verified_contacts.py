"""Contacts that the store's server has verified, and the customer of each.

Revision: 0026
Follows: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verified_contacts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "contact", name=op.f("verified_contacts_pkey")),
    )


def downgrade() -> None:
    op.drop_table("verified_contacts")
