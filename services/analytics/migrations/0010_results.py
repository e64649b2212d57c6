"""What each ambassador brought, in any order, and their groups

Filled from the states that are kept. Clicks are those of `own`, which has them since version 0009; clicks by link are
counted from now on. Groups come with the next event of each ambassador.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FIGURES = (
    *("clicks", "friends", "orders", "revenue_minor", "reward_minor", "available_minor", "points", "last_active_s"),
)
_SORTED = (
    *("clicks", "friends", "orders", "revenue_minor", "reward_minor", "available_minor", "last_active_s"),
    "joined_at",
)
_FILL = """
insert into results (store_id, ambassador_id, clicks, friends, orders, revenue_minor, reward_minor, available_minor,
  points, last_active_s)
select c.store_id, c.ambassador_id, sum(c.clicks), sum(c.friends), sum(c.orders),
  sum(case when c.currency = s.currency then c.revenue else 0 end),
  sum(case when c.currency = s.currency then c.reward else 0 end),
  sum(case when c.currency = s.currency then c.available else 0 end),
  sum(case when c.currency = 'points' then c.reward else 0 end), max(c.active)
from (
    select store_id, ambassador_id, clicks, 0 as friends, 0 as orders, '' as currency, cast(0 as bigint) as revenue,
      cast(0 as bigint) as reward, cast(0 as bigint) as available, cast(0 as bigint) as active
    from own where clicks > 0
    union all
    select store_id, ambassador_id, 0, 1, 0, '', 0, 0, 0, cast(extract(epoch from first_at) as bigint) from friends
    where day is not null and first_at is not null
    union all
    select store_id, ambassador_id, 0, 0, 1, currency, total_minor - refunded_minor, 0, 0,
      cast(extract(epoch from placed_at) as bigint) from orders
    where status = 'attributed' and not cancelled
    union all
    select store_id, beneficiary_id, 0, 0, 0, currency, 0, amount_minor,
      case when status = 'available' then amount_minor else 0 end, 0 from rewards
    where kind = 'ambassador' and status not in ('rejected', 'reversed', 'expired')
) c join stores s on s.store_id = c.store_id
where c.ambassador_id <> '' group by 1, 2
"""
_STANDINGS = """
insert into standings (store_id, ambassador_id, program_id, status, joined_at, clicks, friends, orders, revenue_minor,
  reward_minor, available_minor, points, last_active_s)
select a.store_id, a.ambassador_id, a.program_id, a.status, a.joined_at, coalesce(r.clicks, 0),
  coalesce(r.friends, 0), coalesce(r.orders, 0), coalesce(r.revenue_minor, 0), coalesce(r.reward_minor, 0),
  coalesce(r.available_minor, 0), coalesce(r.points, 0), coalesce(r.last_active_s, 0)
from ambassadors a left join results r on r.store_id = a.store_id and r.ambassador_id = a.ambassador_id
"""


def upgrade() -> None:
    op.add_column("ambassadors", sa.Column("group_name", sa.Text(), nullable=True))
    op.create_table(
        "results",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _FIGURES),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("results_pkey")),
    )
    op.create_table(
        "link_clicks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "link_id", name=op.f("link_clicks_pkey")),
    )
    op.create_table(
        "changed_results",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("changed_results_pkey")),
    )
    op.create_table(
        "standings",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _FIGURES),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("standings_pkey")),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("friends", "orders", "rewards", "own", "stores", "ambassadors"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(_FILL)
    op.execute(_STANDINGS)
    for name in _SORTED:
        op.create_index(f"standings_{name}_idx", "standings", ["store_id", name, "ambassador_id"])
    op.create_index("standings_group_idx", "standings", ["store_id", "group_name"])


def downgrade() -> None:
    for table in ("standings", "changed_results", "link_clicks", "results"):
        op.drop_table(table)
    op.drop_column("ambassadors", "group_name")
