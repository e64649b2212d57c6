"""What friends' discounts cost: kept with orders, versions and days

Orders of before belong to versions that served friends by credit alone: their discounts were not the program's.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("programs", sa.Column("discount", sa.Text(), nullable=True))
    op.add_column("daily", sa.Column("discount_cost_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("program_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("subtotal_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("promised_minor", sa.BigInteger(), nullable=True))
    op.create_index(
        "orders_version_idx",
        "orders",
        ["store_id", "program_id", "program_version"],
        postgresql_where=sa.text("discount_minor > 0 and promised_minor is null and status = 'attributed'"),
    )


def downgrade() -> None:
    op.drop_index("orders_version_idx", table_name="orders")
    for table, column in (
        ("orders", "promised_minor"),
        ("orders", "discount_minor"),
        ("orders", "subtotal_minor"),
        ("orders", "program_version"),
        ("daily", "discount_cost_minor"),
        ("programs", "discount"),
    ):
        op.drop_column(table, column)
