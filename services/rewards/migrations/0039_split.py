"""One rule of an order may give each side a reward: keys gain the side, and rewards the split.

What is there keeps its side and has no split.

Revision: 0039
Follows: 0040
"""

from alembic import op

revision = "0039"
down_revision = "0040"
branch_labels = None
depends_on = None

_ONE = "(store_id, order_id, program_id, rule, level%s) where target_minor > 0"
_KEY = "(store_id, order_id, program_id, rule, level, %sbeneficiary_id)"


def upgrade() -> None:
    op.execute(
        "alter table rewards add column split integer constraint rewards_split_check check (split between 0 and 10000)"
    )
    _keys(", side", "side, ")


def downgrade() -> None:
    _keys("", "")
    op.execute("alter table rewards drop column split")


def _keys(one: str, key: str) -> None:
    op.execute("drop index rewards_one_beneficiary_key")
    op.execute(f"create unique index rewards_one_beneficiary_key on rewards {_ONE % one}")
    op.execute("alter table rewards drop constraint rewards_pkey")
    op.execute(f"alter table rewards add primary key {_KEY % key}")
