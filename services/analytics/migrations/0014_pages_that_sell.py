"""By which links friends bought in each month, and to which pages these lead

What was counted before is taken over from the orders; where links lead is told again by links, for those that lead to
a page of their own.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = ("store_id", "start", "link_id", "ambassador_id")


def upgrade() -> None:
    op.create_table(
        "link_pages",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "link_id", "program_id")),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "link_id", name=op.f("link_pages_pkey")),
    )
    op.create_table(
        "link_months",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("link_months_pkey")),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("orders", "link_months"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into link_months (store_id, start, link_id, ambassador_id, orders)"
        " select store_id, cast(date_trunc('month', day) as date), link_id, ambassador_id, count(*) from orders"
        " where status = 'attributed' and not cancelled and link_id <> '' group by 1, 2, 3, 4"
    )


def downgrade() -> None:
    op.drop_table("link_months")
    op.drop_table("link_pages")
