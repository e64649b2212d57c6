"""Memberships that people buy for a time: purchases, by what buyers and ambassadors are known, what stood at orders.

No version of a program had memberships before: nothing that is there buys one. By what ambassadors are known is read
from the catalog anew.

Revision: 0042
Follows: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership_purchases",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("membership", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("bought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.CheckConstraint("kind in ('order', 'event')", name=op.f("membership_purchases_kind_check")),
        sa.CheckConstraint("(days is null) <> (months is null)", name=op.f("membership_purchases_lasts_check")),
        sa.PrimaryKeyConstraint(
            *("store_id", "kind", "source_id", "program_id", "membership"), name=op.f("membership_purchases_pkey")
        ),
    )
    op.create_table(
        "membership_names",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "name", "kind", "source_id", name=op.f("membership_names_pkey")),
    )
    op.create_index("membership_names_source_idx", "membership_names", ["store_id", "source_id"])
    op.create_table(
        "ambassador_names",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "name", name=op.f("ambassador_names_pkey")),
    )
    op.create_index("ambassador_names_name_idx", "ambassador_names", ["store_id", "name"])
    op.create_table(
        "membership_orders",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("ambassador_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("membership_orders_pkey")),
    )
    op.create_index(
        "membership_orders_open_idx",
        "membership_orders",
        ["store_id", "ambassador_id", "program_id"],
        postgresql_where=sa.text("not settled"),
    )
    op.create_table(
        "membership_standings",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("membership", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(since is null) = (until is null)", name=op.f("membership_standings_span_check")),
        sa.PrimaryKeyConstraint(
            *("store_id", "program_id", "membership", "buyer"), name=op.f("membership_standings_pkey")
        ),
    )
    op.add_column("programs", sa.Column("memberships", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("programs_memberships_idx", "programs", ["store_id"], postgresql_where=sa.text("memberships"))


def downgrade() -> None:
    op.drop_index("programs_memberships_idx", "programs")
    op.drop_column("programs", "memberships")
    for table in (
        "membership_standings",
        "membership_orders",
        "ambassador_names",
        "membership_names",
        "membership_purchases",
    ):
        op.drop_table(table)
