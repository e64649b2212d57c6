"""What all orders of a person come to, and their open orders by place.

The table is filled as people are met: what it holds follows from the facts, and a start need not wait for all of them.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "friends",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "person_id", name=op.f("friends_pkey")),
    )
    op.create_index(
        "orders_open_person_idx",
        "orders",
        ["store_id", "person_id", "placed_at", "order_id"],
        unique=False,
        postgresql_where=sa.text("settled_at is null"),
    )


def downgrade() -> None:
    op.drop_index("orders_open_person_idx", table_name="orders", postgresql_where=sa.text("settled_at is null"))
    op.drop_table("friends")
