"""What ambassadors see of themselves, by month and channel

Filled from the states that are kept; clicks are counted from now on.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_FILL = """
insert into own (store_id, start, program_id, ambassador_id, channel, currency, friends, orders, reward_minor)
select store_id, cast(date_trunc('month', cast(day as timestamp)) as date), program_id, ambassador_id, channel,
       currency, sum(friends), sum(orders), sum(reward_minor)
from (
    select store_id, day, program_id, ambassador_id, channel, '' as currency, 1 as friends, 0 as orders,
           cast(0 as bigint) as reward_minor
    from friends where day is not null and first_at is not null
    union all
    select store_id, day, program_id, ambassador_id, channel, currency, 0, 1, 0 from orders
    where status = 'attributed' and not cancelled
    union all
    select store_id, day, program_id, beneficiary_id, '', currency, 0, 0, amount_minor from rewards
    where kind = 'ambassador' and status not in ('rejected', 'reversed', 'expired')
) counted
where ambassador_id <> '' group by 1, 2, 3, 4, 5, 6
"""


def upgrade() -> None:
    op.create_table(
        "own",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("friends", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reward_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "store_id", "start", "program_id", "ambassador_id", "channel", "currency", name=op.f("own_pkey")
        ),
    )
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("friends", "orders", "rewards"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(_FILL)


def downgrade() -> None:
    op.drop_table("own")
