"""Links and codes may carry how their reward is split between the ambassador and the friend.

Revision: 0037
Follows: 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("links", "codes"):
        op.execute(
            f"alter table {table} add column split integer"
            f" constraint {table}_split_check check (split between 0 and 10000)"
        )


def downgrade() -> None:
    for table in ("links", "codes"):
        op.execute(f"alter table {table} drop column split")
