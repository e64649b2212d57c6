"""Points and store credit are spent: lots and balances know what is reserved and used, and spends what for.

A former replica that would take from a lot of which something is reserved fails on the lot's check, and the
event is among the dead letters after some tries: give no key the right to spend, and publish no catalogue, until every
replica of rewards is a new one; else replay the dead letters then.

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
    # All at once and heads first, as whoever posts does: otherwise this and a posting could wait for each other.
    op.execute("lock table head, balances, lots, posting_sets, entries in access exclusive mode")
    _check("entries_account_check", f"account in ({_SINCE})")
    for table in ("balances", "lots"):
        for name in ("reserved", "used"):
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        _add_check(f"{table}_spent_check", "reserved >= 0 and used >= 0")
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
        sa.CheckConstraint("purpose in ('order', 'cart', 'redemption')", name=op.f("spends_purpose_check")),
        sa.CheckConstraint("pay_as in ('store_credit', 'points')", name=op.f("spends_pay_as_check")),
        sa.PrimaryKeyConstraint("store_id", "spend_id", name=op.f("spends_pkey")),
    )
    op.create_index(
        "spends_live_key",
        "spends",
        ["store_id", "purpose", "purpose_id"],
        unique=True,
        postgresql_where=sa.text("status = 'reserved' or captured > given_back"),
    )
    op.create_index("spends_purpose_idx", "spends", ["store_id", "purpose_id", "spend_id"])
    op.create_index("spends_owner_idx", "spends", ["store_id", "owner", "spend_id"])
    for name, columns in {
        "spends_checkout_idx": ["store_id", "spend_id"],
        "spends_status_idx": ["store_id", "status", "spend_id"],
    }.items():
        op.create_index(name, "spends", columns, postgresql_where=sa.text("purpose <> 'redemption'"))
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
    _check("lots_partition_check", f"{_LEFT} + remaining", known=False)
    _check("balances_partition_check", _HELD, known=False)
    for table in ("lots", "balances"):
        op.drop_constraint(op.f(f"{table}_spent_check"), table)
        for name in ("used", "reserved"):
            op.drop_column(table, name)
    _check("entries_account_check", f"account in ({_BEFORE})", known=False)


def _check(name: str, rule: str, *, known: bool = True) -> None:
    """Exchanges a check."""
    op.drop_constraint(op.f(name), name.split("_", 1)[0])
    _add_check(name, rule, known=known)


def _add_check(name: str, rule: str, *, known: bool = True) -> None:
    """Adds a check. What is there is `known` to keep it, by the narrower one of before or by defaults: it need not be
    looked through, while nobody may write.
    """
    how = "not valid" if known else ""
    op.execute(f"alter table {name.split('_', 1)[0]} add constraint {name} check ({rule}) {how}")
