"""Simulations; and when orders were placed, so that those of a period are found.

Rows from before get that moment when a simulation first needs it.

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, kind: type[sa.Integer] = sa.BigInteger) -> sa.Column[int]:
    return sa.Column(name, kind(), nullable=False)


def upgrade() -> None:
    op.add_column("conversions", _moment("placed_at", nullable=True))
    op.create_index(
        "conversions_period_idx",
        "conversions",
        ["store_id", "program_id", "placed_at", "order_id"],
        postgresql_where=sa.text("program_id is not null"),
    )
    op.create_table(
        "simulations",
        *(_text(name) for name in ("store_id", "simulation_id", "program_id")),
        _text("draft", nullable=True),
        *(_moment(name) for name in ("from_at", "to_at")),
        _text("state"),
        _text("reason", nullable=True),
        _moment("made_at"),
        _moment("ended_at", nullable=True),
        sa.Column("orders", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in ("done", "part", "start")),
        _moment("after_at", nullable=True),
        _text("after_order", nullable=True),
        *(_text(name) for name in ("spent", "figures")),
        sa.PrimaryKeyConstraint("store_id", "simulation_id", name=op.f("simulations_pkey")),
        sa.CheckConstraint("state in ('running', 'done', 'cancelled', 'failed')", name=op.f("simulations_state_check")),
        sa.CheckConstraint("from_at < to_at", name=op.f("simulations_period_check")),
        sa.CheckConstraint(
            "(state in ('done', 'cancelled', 'failed')) = (ended_at is not null)",
            name=op.f("simulations_ended_check"),
        ),
    )
    op.create_index(
        "simulations_running_key",
        "simulations",
        ["store_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "simulation_counts",
        *(_text(name) for name in ("store_id", "simulation_id", "ambassador_id", "rule", "period")),
        sa.Column("first", sa.Date(), autoincrement=False, nullable=False),
        _number("rewards", sa.Integer),
        _number("amount_minor"),
        sa.PrimaryKeyConstraint(
            *("store_id", "simulation_id", "ambassador_id", "rule", "period", "first"),
            name=op.f("simulation_counts_pkey"),
        ),
    )
    op.create_table(
        "simulation_shares",
        *(_text(name) for name in ("store_id", "simulation_id", "ambassador_id", "unit")),
        _number("rewards", sa.Integer),
        *(_number(name) for name in ("own_minor", "friends_minor", "granted_own_minor", "granted_friends_minor")),
        sa.PrimaryKeyConstraint(
            "store_id", "simulation_id", "ambassador_id", "unit", name=op.f("simulation_shares_pkey")
        ),
    )


def downgrade() -> None:
    for table in ("simulation_shares", "simulation_counts", "simulations"):
        op.drop_table(table)
    op.drop_index("conversions_period_idx", table_name="conversions")
    op.drop_column("conversions", "placed_at")
