"""Which goals a friend's orders count towards is found by key, however many orders there are; and counters of limits
have room on their page to move without an entry in an index.

Replicas of the former version leave the mark to the database.

Revision: 0031
Follows: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_FRIEND = ["store_id", "ambassador_id", "program_id", "friend_id"]


def upgrade() -> None:
    op.add_column(
        "milestone_orders",
        sa.Column("goals_mark", sa.BigInteger(), sa.Computed("hash_array_extended(goals, 0)", persisted=True)),
    )
    op.drop_index("milestone_orders_friend_idx", table_name="milestone_orders")
    op.create_index("milestone_orders_friend_idx", "milestone_orders", [*_FRIEND, "goals_mark"])
    op.execute("alter table limit_counts set (fillfactor = 70)")


def downgrade() -> None:
    op.execute("alter table limit_counts reset (fillfactor)")
    op.drop_index("milestone_orders_friend_idx", table_name="milestone_orders")
    op.drop_column("milestone_orders", "goals_mark")
    op.create_index("milestone_orders_friend_idx", "milestone_orders", _FRIEND)
