"""The redemption catalogue, and what was redeemed.

Revision: 0036
Follows: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _items() -> None:
    op.create_table(
        "catalogue_items",
        *(_text(name) for name in ("store_id", "item_id", "program_id")),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("kind", "name", "description", "paid_in", "unit")),
        sa.Column("price", sa.BigInteger(), nullable=False),
        _text("tier_prices"),
        sa.Column("stock", sa.BigInteger(), nullable=True),
        _text("pool_id", nullable=True),
        *(_moment(name, nullable=True) for name in ("from_at", "until_at")),
        _text("status"),
        *(_moment(name) for name in ("made_at", "changed_at")),
        sa.PrimaryKeyConstraint("store_id", "item_id", name=op.f("catalogue_items_pkey")),
        sa.CheckConstraint("price > 0", name=op.f("catalogue_items_price_check")),
        sa.CheckConstraint("stock >= 0", name=op.f("catalogue_items_stock_check")),
        sa.CheckConstraint("stock is null or pool_id is null", name=op.f("catalogue_items_one_stock_check")),
    )
    op.create_index("catalogue_items_program_idx", "catalogue_items", ["store_id", "program_id", "item_id"])


def upgrade() -> None:
    _items()
    op.create_table(
        "redemptions",
        *(_text(name) for name in ("store_id", "redemption_id", "ambassador_id", "program_id", "item_id")),
        sa.Column("item_version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("kind", "name", "paid_in", "unit")),
        sa.Column("price", sa.BigInteger(), nullable=False),
        _text("tier", nullable=True),
        sa.Column("stocked", sa.Boolean(), nullable=False),
        *(_text(name, nullable=True) for name in ("pool_id", "code")),
        _text("status"),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(_text(name, nullable=True) for name in ("reason", "once")),
        _text("made_by"),
        _moment("made_at"),
        *(_moment(name, nullable=True) for name in ("fulfilled_at", "ended_at")),
        sa.PrimaryKeyConstraint("store_id", "redemption_id", name=op.f("redemptions_pkey")),
        sa.CheckConstraint("price > 0", name=op.f("redemptions_price_check")),
        sa.CheckConstraint("(pool_id is null) = (code is null)", name=op.f("redemptions_code_check")),
        sa.CheckConstraint(
            "status in ('requested', 'fulfilled', 'cancelled', 'returned')", name=op.f("redemptions_status_check")
        ),
        sa.CheckConstraint(
            "(status in ('cancelled', 'returned')) = (ended_at is not null)", name=op.f("redemptions_ended_check")
        ),
        sa.CheckConstraint(
            "case status when 'requested' then fulfilled_at is null when 'cancelled' then fulfilled_at is null"
            " else fulfilled_at is not null end",
            name=op.f("redemptions_fulfilled_check"),
        ),
    )
    op.create_index("redemptions_ambassador_idx", "redemptions", ["store_id", "ambassador_id", "redemption_id"])
    op.create_index("redemptions_status_idx", "redemptions", ["store_id", "status", "redemption_id"])
    op.create_index(
        "redemptions_once_key",
        "redemptions",
        ["store_id", "ambassador_id", "once"],
        unique=True,
        postgresql_where=sa.text("once is not null"),
    )


def downgrade() -> None:
    for table in ("redemptions", "catalogue_items"):
        op.drop_table(table)
