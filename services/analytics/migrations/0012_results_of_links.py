"""What each link brought: beside its clicks the friends and orders that came by it

Friends and orders are counted from now on; a link's clicks stay. Whose link it is stands in each row, so that
ambassadors read of their own; the clicks from before have nobody there.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = ("store_id", "link_id", "ambassador_id")
_SUMS = ("clicks", "friends", "orders")


def upgrade() -> None:
    for table in ("friends", "orders"):
        op.add_column(table, sa.Column("link_id", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "link_results",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _KEY),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("link_results_pkey")),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("link_clicks", "link_results"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into link_results (store_id, link_id, ambassador_id, clicks)"
        " select store_id, link_id, '', clicks from link_clicks"
    )
    op.drop_table("link_clicks")


def downgrade() -> None:
    op.create_table(
        "link_clicks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "link_id", name=op.f("link_clicks_pkey")),
    )
    for table in ("link_clicks", "link_results"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into link_clicks (store_id, link_id, clicks)"
        " select store_id, link_id, sum(clicks) from link_results group by store_id, link_id"
    )
    op.drop_table("link_results")
    for table in ("friends", "orders"):
        op.drop_column(table, "link_id")
