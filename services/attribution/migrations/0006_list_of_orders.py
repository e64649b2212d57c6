"""What the list of orders is searched by: how a number begins and ends, the ambassador, the program.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WHOSE = """
update orders o set program_id = convert_from(d.body, 'UTF8')::jsonb ->> 'program_id'
from decisions d
where d.store_id = o.store_id and d.order_id = o.order_id and d.revision = o.revision and o.ambassador_id is not null
"""


def upgrade() -> None:
    op.add_column("orders", sa.Column("program_id", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("tail", sa.Text(), sa.Computed("reverse(order_id)", persisted=True)))
    # The owner is held by the stores' policies too; they are put back after every migration.
    for table in ("orders", "decisions"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(_WHOSE)
    pattern = "text_pattern_ops"
    op.create_index("orders_number_idx", "orders", ["store_id", "order_id"], postgresql_ops={"order_id": pattern})
    op.create_index("orders_tail_idx", "orders", ["store_id", "tail"], postgresql_ops={"tail": pattern})
    for name in ("ambassador", "program"):
        op.create_index(
            f"orders_{name}_idx",
            "orders",
            ["store_id", f"{name}_id", "placed_at", "order_id"],
            postgresql_where=sa.text(f"{name}_id is not null"),
        )


def downgrade() -> None:
    for name in ("number", "tail", "ambassador", "program"):
        op.drop_index(f"orders_{name}_idx", table_name="orders")
    op.drop_column("orders", "tail")
    op.drop_column("orders", "program_id")
