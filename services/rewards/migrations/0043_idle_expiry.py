"""Points and credit that expire by idleness, when holders are told of it, and goodwill that expires.

No rule said so before: what is there expires as it did, and nobody is told of it.

Revision: 0043
Follows: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0041"
branch_labels = None
depends_on = None

_EXPIRES = "lots_expires_check"


def upgrade() -> None:
    op.create_table(
        "lot_clocks",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("pay_as", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("lot_clocks_days_check")),
        sa.PrimaryKeyConstraint("store_id", "clock_id", name=op.f("lot_clocks_pkey")),
    )
    op.create_index(
        "lot_clocks_holder_idx", "lot_clocks", ["store_id", "owner", "side", "unit", "pay_as", "expires_at"]
    )
    for name, columns, where in (
        ("lot_clocks_due_idx", ["store_id", "expires_at"], "not ended"),
        ("lot_clocks_notice_idx", ["store_id", "notice_at"], "not ended and notice_at is not null"),
    ):
        op.create_index(name, "lot_clocks", columns, postgresql_where=sa.text(where))
    op.add_column("lots", sa.Column("clock_id", sa.Text(), nullable=True))
    op.add_column("lots", sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True))
    for name, column in (("lots_clock_idx", "clock_id"), ("lots_notice_idx", "notice_at")):
        where = f"remaining > 0 and {column} is not null"
        op.create_index(name, "lots", ["store_id", column], postgresql_where=sa.text(where))
    _expires("(expires_days > 0) = (expires_at is not null) and (expires_days < 0) = (clock_id is not null)")
    op.add_column("goodwill", sa.Column("expires_after_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("goodwill", "expires_after_days")
    for name in ("lots_notice_idx", "lots_clock_idx"):
        op.drop_index(name, "lots")
    _expires("(expires_days = 0) = (expires_at is null)")
    for name in ("notice_at", "clock_id"):
        op.drop_column("lots", name)
    op.drop_table("lot_clocks")


def _expires(rule: str) -> None:
    """Exchanges the check of when lots expire. Looking through them holds up nobody who writes."""
    op.drop_constraint(op.f(_EXPIRES), "lots")
    op.execute(f"alter table lots add constraint {_EXPIRES} check ({rule}) not valid")
    op.execute(f"alter table lots validate constraint {_EXPIRES}")
