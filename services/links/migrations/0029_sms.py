"""Stores' SMS gateways, what they spend, and the phones that people proved.

Revision: 0029
Follows: 0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    for name in ("sms", "sms_hash", "sms_asked"):
        op.add_column("people", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("mails", sa.Column("segments", sa.Integer(), nullable=True))
    op.create_table(
        "sms_gateways",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("store_id", "hook", "url", "sender")),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_end", sa.Text(), nullable=False),
        sa.Column("prefixes", postgresql.ARRAY(sa.Text()), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("most_a_day", "most_a_month", "most_codes_a_day")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("created_at"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("store_id", name=op.f("sms_gateways_pkey")),
    )
    op.create_table(
        "sms_spent",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "day", name=op.f("sms_spent_pkey")),
    )
    op.create_table(
        "phone_codes",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("code_id", "store_id", "ambassador_id")),
        sa.Column("number_hash", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("code_id", name=op.f("phone_codes_pkey")),
    )
    for columns in (
        ["store_id", "ambassador_id", "created_at"],
        ["store_id", "number_hash", "created_at"],
        ["store_id", "created_at"],
    ):
        op.create_index(op.f(f"phone_codes_{'_'.join(columns)}_idx"), "phone_codes", columns)


def downgrade() -> None:
    op.execute("delete from directory where kind = 'sms'")
    for table in ("phone_codes", "sms_spent", "sms_gateways"):
        op.drop_table(table)
    op.drop_column("mails", "segments")
    for name in ("sms_asked", "sms_hash", "sms"):
        op.drop_column("people", name)
