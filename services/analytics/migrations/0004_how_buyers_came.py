"""How buyers came beside what proved it, and all names by which a buyer may join

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("daily_channels", sa.Column("orders_by_code", sa.BigInteger(), server_default="0", nullable=False))
    # Until now every order that a code proved stood in the channel of that name.
    op.execute("update daily_channels set orders_by_code = orders where channel = 'code'")
    op.create_table(
        "buyer_names",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "buyer", "name", name=op.f("buyer_names_pkey")),
        info={"what": "keyed contact hash by which a referred buyer may join, beside the name in `orders.buyer`"},
    )
    op.create_index("buyer_names_name_idx", "buyer_names", ["store_id", "name"], unique=False)


def downgrade() -> None:
    op.drop_index("buyer_names_name_idx", table_name="buyer_names")
    op.drop_table("buyer_names")
    op.drop_column("daily_channels", "orders_by_code")
