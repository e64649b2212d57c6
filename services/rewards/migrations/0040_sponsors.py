"""Rewards of sponsors: who brought the order above whom they stand, and whether they were active.

Rewards that are there are nobody's of that kind: both columns are empty in all of them, so the checks hold at once.

Revision: 0040
Follows: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0047"
branch_labels = None
depends_on = None

_WON_BY = (
    "won_by is null or (source_kind = 'order' and side = 'ambassador' and won_by <> beneficiary_id"
    " and ambassador_id = beneficiary_id)"
)


def upgrade() -> None:
    op.add_column("rewards", sa.Column("won_by", sa.Text(), nullable=True))
    op.add_column("rewards", sa.Column("sponsor_active", sa.Boolean(), nullable=True))
    op.execute(f"alter table rewards add constraint rewards_won_by_check check ({_WON_BY}) not valid")
    op.execute(
        "alter table rewards add constraint rewards_sponsor_active_check"
        " check (sponsor_active is null or won_by is not null) not valid"
    )
    for name in ("rewards_won_by_check", "rewards_sponsor_active_check"):
        op.execute(f"alter table rewards validate constraint {name}")
    op.create_index(
        "rewards_sponsor_idx",
        "rewards",
        ["store_id", "ambassador_id", "reward_id"],
        postgresql_where=sa.text("won_by is not null"),
    )


def downgrade() -> None:
    op.drop_index("rewards_sponsor_idx", table_name="rewards")
    op.drop_column("rewards", "sponsor_active")
    op.drop_column("rewards", "won_by")
