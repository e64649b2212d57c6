"""Pools of codes that are good once.

Revision: 0035
Follows: 0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "pools",
        *(_text(name) for name in ("store_id", "pool_id", "name", "prefix")),
        *(_number(name) for name in ("signs", "low_below")),
        _moment("low_since", nullable=True),
        _text("state"),
        _text("reason", nullable=True),
        *(_number(name) for name in ("wanted", "made", "added", "handed", "last_place", "handed_place", "start")),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("store_id", "pool_id", name=op.f("pools_pkey")),
        sa.CheckConstraint("state in ('ready', 'making', 'cancelled', 'failed')", name=op.f("pools_state_check")),
        sa.CheckConstraint("made <= wanted and 0 <= added and handed <= made + added", name=op.f("pools_counts_check")),
        sa.CheckConstraint("handed_place <= last_place", name=op.f("pools_places_check")),
    )
    op.create_table(
        "pool_slices",
        *(_text(name) for name in ("store_id", "pool_id")),
        _number("slice"),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "pool_id", "slice", name=op.f("pool_slices_pkey")),
    )
    op.create_table(
        "pool_codes",
        *(_text(name) for name in ("store_id", "pool_id")),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("code"),
        sa.PrimaryKeyConstraint("mark", name=op.f("pool_codes_pkey")),
    )
    op.create_table(
        "pool_handouts",
        *(_text(name) for name in ("store_id", "pool_id", "reference")),
        _number("place"),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "pool_id", "reference", name=op.f("pool_handouts_pkey")),
    )
    op.create_index("pool_handouts_once_key", "pool_handouts", ["store_id", "pool_id", "place"], unique=True)


def downgrade() -> None:
    for table in ("pool_handouts", "pool_codes", "pool_slices", "pools"):
        op.drop_table(table)
