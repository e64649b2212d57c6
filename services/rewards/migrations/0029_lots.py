"""Lots of points and store credit: what became available on one day by one rule, and expires together.

No rule said before when anything expires: what is there is put into lots that never do. Their entries follow the books,
set by set, so that the books stay as they are.

Revision: 0029
Follows: 0028
"""

# ruff: noqa: S608 (statements share the expression of the day)

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_DAY = "cast(r.released_at at time zone coalesce(z.timezone, 'UTC') as date)"
"""On which a reward was released, where the store is now."""
_READ = ("rewards", "stores", "entries", "posting_sets")


def upgrade() -> None:
    # All at once and heads first, as whoever posts does: otherwise this and a posting could wait for each other.
    op.execute("lock table head, stores, rewards, posting_sets, entries, balances in access exclusive mode")
    op.create_table(
        "lots",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("pay_as", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("expires_days", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("clawed_back", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("expired_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "granted >= 0 and clawed_back >= 0 and expired >= 0 and remaining >= 0",
            name=op.f("lots_not_negative_check"),
        ),
        sa.CheckConstraint("granted = clawed_back + expired + remaining", name=op.f("lots_partition_check")),
        sa.CheckConstraint("(expires_days = 0) = (expires_at is null)", name=op.f("lots_expires_check")),
        sa.CheckConstraint("pay_as in ('store_credit', 'points')", name=op.f("lots_pay_as_check")),
        sa.PrimaryKeyConstraint("store_id", "lot_id", name=op.f("lots_pkey")),
    )
    op.create_table(
        "lot_entries",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("lot_entries_amount_check")),
        sa.PrimaryKeyConstraint("store_id", "number", "line", name=op.f("lot_entries_pkey")),
    )
    op.create_table(
        "lot_debts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("pay_as", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("lot_debts_not_negative_check")),
        sa.PrimaryKeyConstraint("store_id", "owner", "side", "unit", "pay_as", name=op.f("lot_debts_pkey")),
    )
    op.add_column("rewards", sa.Column("lot_id", sa.Text(), nullable=True))
    op.add_column("balances", sa.Column("expired", sa.BigInteger(), nullable=False, server_default="0"))
    _partition("granted = clawed_back + pending + available + in_payout + paid + expired")
    op.create_check_constraint(op.f("balances_expired_check"), "balances", "expired >= 0")
    _fill()
    op.create_index(
        "lots_key",
        "lots",
        ["store_id", "owner", "side", "unit", "pay_as", "program_id", "rule", "day", "expires_days"],
        unique=True,
    )
    op.create_index(
        "lots_left_idx",
        "lots",
        ["store_id", "owner", "side", "unit", "expires_at"],
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "lots_due_idx",
        "lots",
        ["store_id", "expires_at"],
        postgresql_where=sa.text("remaining > 0 and expires_at is not null"),
    )
    op.create_index("lot_entries_lot_idx", "lot_entries", ["store_id", "lot_id"])


def _fill() -> None:
    """Puts what was released into lots."""
    # Row-level security is forced upon the owner too; without it the old rows would not be seen here.
    for table in _READ:
        op.execute(f"alter table {table} no force row level security")
    # A lot is named by what is in it.
    op.execute(
        "update rewards r set lot_id = 'lot_' || substr(md5(concat_ws('/', r.beneficiary_id, r.side, r.unit, r.pay_as,"
        f" r.program_id, r.rule, {_DAY})), 1, 26)"
        " from (select store_id, timezone from stores union all select distinct store_id, 'UTC' from rewards"
        "   where store_id not in (select store_id from stores)) z"
        " where z.store_id = r.store_id and r.released_at is not null and r.pay_as <> 'cash'"
    )
    op.execute(
        "insert into lot_entries (store_id, number, line, lot_id, amount)"
        " select e.store_id, e.number, e.line, r.lot_id, -e.amount_minor from rewards r"
        " join posting_sets s on s.store_id = r.store_id and s.reward_id = r.reward_id"
        " join entries e on e.store_id = s.store_id and e.number = s.number"
        " where r.lot_id is not null and e.account in ('ambassador_available', 'friend_available')"
    )
    op.execute(
        "insert into lots (store_id, lot_id, owner, side, unit, pay_as, program_id, rule, day, expires_days, granted,"
        " clawed_back, expired, remaining)"
        " select l.store_id, l.lot_id, l.owner, l.side, l.unit, l.pay_as, l.program_id, l.rule, l.day, 0,"
        " coalesce(sum(e.amount) filter (where e.amount > 0), 0),"
        " coalesce(-sum(e.amount) filter (where e.amount < 0), 0), 0, coalesce(sum(e.amount), 0)"
        " from (select r.store_id, r.lot_id, min(r.beneficiary_id) as owner, min(r.side) as side, min(r.unit) as unit,"
        "   min(r.pay_as) as pay_as, min(r.program_id) as program_id, min(r.rule) as rule,"
        f"  min({_DAY}) as day from rewards r left join stores z on z.store_id = r.store_id"
        "   where r.lot_id is not null group by 1, 2) l"
        " left join lot_entries e on e.store_id = l.store_id and e.lot_id = l.lot_id"
        " group by 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("balances_expired_check"), "balances")
    _partition("granted = clawed_back + pending + available + in_payout + paid")
    op.drop_column("balances", "expired")
    op.drop_column("rewards", "lot_id")
    for table in ("lot_debts", "lot_entries", "lots"):
        op.drop_table(table)


def _partition(rule: str) -> None:
    op.drop_constraint(op.f("balances_partition_check"), "balances")
    op.create_check_constraint(op.f("balances_partition_check"), "balances", rule)
