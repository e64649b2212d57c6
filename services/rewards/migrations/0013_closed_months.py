"""Months that were closed, with their exports.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_closes",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("csv_bytes", sa.BigInteger(), nullable=False),
        sa.Column("csv_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("month_closes_month_check")),
        sa.CheckConstraint(
            "after_number >= 0 and last_number >= after_number", name=op.f("month_closes_numbers_check")
        ),
        sa.CheckConstraint(
            "octet_length(last_hash) = 32 and octet_length(csv_sha256) = 32", name=op.f("month_closes_hashes_check")
        ),
        sa.CheckConstraint("closed_at >= ends_at", name=op.f("month_closes_over_check")),
        sa.PrimaryKeyConstraint("store_id", "month", name=op.f("month_closes_pkey")),
        info={"append_only": True},
    )
    op.create_table(
        "month_close_parts",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("csv", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "month", "part", name=op.f("month_close_parts_pkey")),
        info={"append_only": True},
    )


def downgrade() -> None:
    op.drop_table("month_close_parts")
    op.drop_table("month_closes")
