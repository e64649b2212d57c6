"""Payouts: where money goes, a store's terms, batches, payouts with their lives, requests.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LIVE = "status in ('draft', 'approved', 'submitting', 'submitted', 'in_transit', 'unknown')"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _destinations()
    _terms_and_batches()
    _payouts()


def _destinations() -> None:
    op.create_table(
        "destinations",
        *(_text(name) for name in ("store_id", "destination_id", "ambassador_id", "method", "hint")),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        *(_moment(name) for name in ("made_at", "usable_at")),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "destination_id", name=op.f("destinations_pkey")),
    )
    op.create_index(
        "destinations_current_key",
        "destinations",
        ["store_id", "ambassador_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("destinations_ambassador_idx", "destinations", ["store_id", "ambassador_id", "destination_id"])
    op.create_table(
        "contacts_seen",
        *(_text(name) for name in ("store_id", "ambassador_id")),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("contacts_seen_pkey")),
    )


def _terms_and_batches() -> None:
    op.create_table(
        "payout_terms",
        *(_text(name) for name in ("store_id", "currency")),
        sa.Column("minimum_minor", sa.BigInteger(), nullable=False),
        sa.Column("approval_minor", sa.BigInteger(), nullable=True),
        sa.Column("may_request", sa.Boolean(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=True),
        _text("payer_id", nullable=True),
        sa.Column("payer", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("minimum_minor > 0", name=op.f("payout_terms_minimum_check")),
        sa.CheckConstraint("(payer is null) = (payer_id is null)", name=op.f("payout_terms_payer_check")),
        sa.PrimaryKeyConstraint("store_id", "currency", name=op.f("payout_terms_pkey")),
    )
    op.create_index("payout_terms_payer_key", "payout_terms", ["store_id", "payer_id"], unique=True)
    op.create_table(
        "payout_batches",
        *(_text(name) for name in ("store_id", "batch_id", "currency", "provider", "status")),
        sa.Column("payouts", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _text("made_by"),
        _moment("made_at"),
        _text("approved_by", nullable=True),
        _moment("approved_at", nullable=True),
        _moment("sent_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "batch_id", name=op.f("payout_batches_pkey")),
    )
    op.create_table(
        "payout_requests",
        *(_text(name) for name in ("store_id", "ambassador_id", "currency")),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", "currency", name=op.f("payout_requests_pkey")),
    )


def _payouts() -> None:
    op.create_table(
        "payouts",
        *(_text(name) for name in ("store_id", "payout_id", "batch_id", "ambassador_id", "currency")),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("destination_id", "method", "provider", "status")),
        *(_text(name, nullable=True) for name in ("reason", "reference")),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("after_number", "reserve_number", "last_number")
        ),
        _moment("prepared_at"),
        _moment("sent_at", nullable=True),
        _moment("changed_at"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payouts_amount_check")),
        sa.CheckConstraint(
            "after_number < reserve_number and reserve_number <= last_number", name=op.f("payouts_numbers_check")
        ),
        sa.PrimaryKeyConstraint("store_id", "payout_id", name=op.f("payouts_pkey")),
    )
    op.create_index(
        "payouts_one_live_key",
        "payouts",
        ["store_id", "ambassador_id", "currency"],
        unique=True,
        postgresql_where=sa.text(_LIVE),
    )
    op.create_index("payouts_batch_idx", "payouts", ["store_id", "batch_id", "payout_id"])
    op.create_index("payouts_ambassador_idx", "payouts", ["store_id", "ambassador_id", "currency", "reserve_number"])
    op.create_index("payouts_status_idx", "payouts", ["store_id", "status", "payout_id"])
    op.create_table(
        "payout_steps",
        *(_text(name) for name in ("store_id", "payout_id")),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        _text("status"),
        _text("reason", nullable=True),
        *(_text(name) for name in ("actor_kind", "actor_id")),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "payout_id", "revision", name=op.f("payout_steps_pkey")),
        info={"append_only": True},
    )


def downgrade() -> None:
    for table in (
        "payout_steps",
        "payouts",
        "payout_requests",
        "payout_batches",
        "payout_terms",
        "contacts_seen",
        "destinations",
    ):
        op.drop_table(table)
