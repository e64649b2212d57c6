"""The books know payouts: money that is set aside for one, and money that went out.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE = "'program_expense', 'ambassador_pending', 'ambassador_available', 'friend_pending', 'friend_available'"
_SINCE = f"{_BEFORE}, 'ambassador_in_payout', 'ambassador_paid'"


def upgrade() -> None:
    op.add_column("posting_sets", sa.Column("payout_id", sa.Text(), nullable=True))
    op.create_index(
        "posting_sets_payout_idx",
        "posting_sets",
        ["store_id", "payout_id"],
        postgresql_where=sa.text("payout_id is not null"),
    )
    _accounts(_SINCE)
    for name in ("in_payout", "paid"):
        op.add_column("balances", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    _partition("granted = clawed_back + pending + available + in_payout + paid")
    op.create_check_constraint(op.f("balances_payouts_check"), "balances", "in_payout >= 0 and paid >= 0")


def downgrade() -> None:
    op.drop_constraint(op.f("balances_payouts_check"), "balances")
    _partition("granted = clawed_back + pending + available")
    for name in ("paid", "in_payout"):
        op.drop_column("balances", name)
    _accounts(_BEFORE)
    op.drop_index("posting_sets_payout_idx", table_name="posting_sets")
    op.drop_column("posting_sets", "payout_id")


def _accounts(names: str) -> None:
    op.drop_constraint(op.f("entries_account_check"), "entries")
    op.create_check_constraint(op.f("entries_account_check"), "entries", f"account in ({names})")


def _partition(rule: str) -> None:
    op.drop_constraint(op.f("balances_partition_check"), "balances")
    op.create_check_constraint(op.f("balances_partition_check"), "balances", rule)
