"""Points and store credit are spent: lots and balances know what is reserved and used, and spends what for.

A former replica that would take from a lot of which something is reserved fails on the lot's check, and a new one does
it: nothing is lost while both run.

Revision: 0033
Follows: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0035"
branch_labels = None
depends_on = None

_BEFORE = (
    "'program_expense', 'ambassador_pending', 'ambassador_available', 'ambassador_in_payout', 'ambassador_paid',"
    " 'friend_pending', 'friend_available'"
)
_SINCE = f"{_BEFORE}, 'ambassador_reserved', 'ambassador_used', 'friend_reserved', 'friend_used'"
_HELD = "granted = clawed_back + pending + available + in_payout + paid + expired"
_LEFT = "granted = clawed_back + expired"


def upgrade() -> None:
    _check("entries_account_check", f"account in ({_SINCE})")
    for table in ("balances", "lots"):
        for name in ("reserved", "used"):
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        op.create_check_constraint(op.f(f"{table}_spent_check"), table, "reserved >= 0 and used >= 0")
    _check("balances_partition_check", f"{_HELD} + reserved + used")
    _check("lots_partition_check", f"{_LEFT} + reserved + used + remaining")
    op.create_table(
        "spends",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("store_id", "spend_id", "purpose", "purpose_id", "owner", "side", "unit", "pay_as")
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("given_back", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "amount > 0 and given_back >= 0 and given_back <= captured and captured <= amount",
            name=op.f("spends_amounts_check"),
        ),
        sa.CheckConstraint("status in ('reserved', 'captured', 'released')", name=op.f("spends_status_check")),
        sa.CheckConstraint("(status = 'captured') = (captured > 0)", name=op.f("spends_captured_check")),
        sa.CheckConstraint("(status = 'reserved') = (ended_at is null)", name=op.f("spends_ended_check")),
        sa.CheckConstraint("purpose in ('order', 'redemption')", name=op.f("spends_purpose_check")),
        sa.CheckConstraint("pay_as in ('store_credit', 'points')", name=op.f("spends_pay_as_check")),
        sa.PrimaryKeyConstraint("store_id", "spend_id", name=op.f("spends_pkey")),
    )
    op.create_index(
        "spends_live_key",
        "spends",
        ["store_id", "purpose", "purpose_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'released'"),
    )
    op.create_index("spends_purpose_idx", "spends", ["store_id", "purpose_id", "spend_id"])
    op.create_index("spends_owner_idx", "spends", ["store_id", "owner", "spend_id"])
    op.create_index(
        "spends_due_idx",
        "spends",
        ["store_id", "expires_at"],
        postgresql_where=sa.text("status = 'reserved' and expires_at is not null"),
    )
    op.create_table(
        "spend_steps",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("spend_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("spend_steps_amount_check")),
        sa.PrimaryKeyConstraint("store_id", "number", name=op.f("spend_steps_pkey")),
    )
    op.create_index("spend_steps_key", "spend_steps", ["store_id", "spend_id", "step"], unique=True)


def downgrade() -> None:
    for table in ("spend_steps", "spends"):
        op.drop_table(table)
    _check("lots_partition_check", f"{_LEFT} + remaining")
    _check("balances_partition_check", _HELD)
    for table in ("lots", "balances"):
        op.drop_constraint(op.f(f"{table}_spent_check"), table)
        for name in ("used", "reserved"):
            op.drop_column(table, name)
    _check("entries_account_check", f"account in ({_BEFORE})")


def _check(name: str, rule: str) -> None:
    """Exchanges a check."""
    table = name.split("_", 1)[0]
    op.drop_constraint(op.f(name), table)
    op.create_check_constraint(op.f(name), table, rule)
