"""Marks among the settled orders of a person: what those between two of them come to. Orders of a person by place.

The table is filled as orders settle, and of older ones when somebody asks what stands before a place.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settled_marks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "store_id", "person_id", "level", "placed_at", "order_id", name=op.f("settled_marks_pkey")
        ),
    )
    op.drop_index("orders_person_idx", table_name="orders")
    op.create_index("orders_person_idx", "orders", ["store_id", "person_id", "placed_at", "order_id"], unique=False)


def downgrade() -> None:
    op.drop_index("orders_person_idx", table_name="orders")
    op.create_index("orders_person_idx", "orders", ["store_id", "person_id"], unique=False)
    op.drop_table("settled_marks")
