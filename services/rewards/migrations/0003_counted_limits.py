"""Limits per ambassador become counters, filled from the rewards that are there.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_periods",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "program_id", "rule", "period", name=op.f("limit_periods_pkey")),
    )
    op.create_table(
        "limit_counts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("rewards", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rewards >= 0 and amount_minor >= 0", name=op.f("limit_counts_not_negative_check")),
        sa.PrimaryKeyConstraint(
            "store_id", "ambassador_id", "program_id", "rule", "period", "first", name=op.f("limit_counts_pkey")
        ),
    )
    # Row-level security is forced upon the owner too; without it the old rows would not be seen here.
    for table in ("programs", "rewards"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into limit_periods (store_id, program_id, rule, period, counted_from)"
        " select distinct p.store_id, p.program_id, r ->> 'name', r #>> '{limits,per_ambassador,period}',"
        " date '-infinity' from programs p, jsonb_array_elements(cast(p.definition as jsonb) -> 'rewards') r"
        " where jsonb_typeof(r #> '{limits,per_ambassador}') = 'object'"
    )
    op.execute(
        "insert into limit_counts (store_id, ambassador_id, program_id, rule, period, first, rewards, amount_minor)"
        " select r.store_id, r.ambassador_id, r.program_id, r.rule, l.period, case when l.period = 'ever'"
        " then date '-infinity' else cast(date_trunc(l.period, cast(r.day as timestamp)) as date) end,"
        " count(*), sum(r.target_minor) from rewards r"
        " join limit_periods l using (store_id, program_id, rule) where r.target_minor > 0 group by 1, 2, 3, 4, 5, 6"
    )


def downgrade() -> None:
    op.drop_table("limit_counts")
    op.drop_table("limit_periods")
