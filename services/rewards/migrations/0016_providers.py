"""Providers of payouts that are called, and what is known of each payout's calls.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "payout_providers",
        *(_text(name) for name in ("store_id", "provider_id", "kind", "hook", "place")),
        _text("client_id", nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _text("secret_end"),
        _text("trouble", nullable=True),
        _moment("heard_at", nullable=True),
        *(_moment(name) for name in ("made_at", "changed_at")),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "provider_id", name=op.f("payout_providers_pkey")),
    )
    op.create_index(
        "payout_providers_current_key",
        "payout_providers",
        ["store_id", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "payout_calls",
        *(_text(name) for name in ("store_id", "payout_id", "provider_id", "sending_key")),
        _moment("tried_at", nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _moment("busy_until", nullable=True),
        *(_text(name, nullable=True) for name in ("remote_id", "word", "detail")),
        _moment("told_at", nullable=True),
        sa.Column("at_odds", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "payout_id", name=op.f("payout_calls_pkey")),
    )
    op.create_index("payout_calls_sending_idx", "payout_calls", ["store_id", "sending_key", "payout_id"])


def downgrade() -> None:
    op.execute("delete from directory where kind = 'payout-provider'")
    op.drop_table("payout_calls")
    op.drop_table("payout_providers")
