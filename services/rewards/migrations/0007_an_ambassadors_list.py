"""The index on an ambassador's rewards serves their list, newest first; sums are counters now.

Revision: 0007
Follows: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("rewards_ambassador_idx", table_name="rewards")
    op.create_index("rewards_ambassador_idx", "rewards", ["store_id", "ambassador_id", "reward_id"])


def downgrade() -> None:
    op.drop_index("rewards_ambassador_idx", table_name="rewards")
    op.create_index(
        "rewards_ambassador_idx",
        "rewards",
        ["store_id", "ambassador_id", "program_id", "rule", "day"],
        postgresql_include=["target_minor"],
    )
