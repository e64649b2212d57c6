"""What caps refused is found by an index, and tried again where a program says so.

No version of a program said so before: nothing that is there is to be tried again.

Revision: 0045
Follows: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "capped_sweeps",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reward_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", "unit", name=op.f("capped_sweeps_pkey")),
    )
    op.create_index(
        "rewards_capped_idx",
        "rewards",
        ["store_id", "program_id", "unit", "placed_at", "reward_id"],
        postgresql_where=sa.text("target_minor < want_minor"),
    )


def downgrade() -> None:
    op.drop_index("rewards_capped_idx", table_name="rewards")
    op.drop_table("capped_sweeps")
    op.execute("delete from due where job = 'capped'")
