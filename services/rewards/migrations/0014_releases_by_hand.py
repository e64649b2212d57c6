"""Rewards that wait for somebody's word before they become available; whose payouts wait.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_RELEASABLE = "target_minor > 0 and settled_at is not null and released_at is null"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _waiting()
    _rules()
    op.add_column("contacts_seen", sa.Column("blocked", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "contacts_seen_blocked_idx", "contacts_seen", ["store_id", "ambassador_id"], postgresql_where=sa.text("blocked")
    )


def _waiting() -> None:
    op.add_column("rewards", _text("waits_for", nullable=True))
    op.add_column("rewards", _text("waits_why", nullable=True))
    op.add_column("rewards", _moment("waits_since", nullable=True))
    op.create_check_constraint(
        op.f("rewards_waits_check"),
        "rewards",
        "(waits_for is null) = (waits_since is null) and (waits_for is null) = (waits_why is null)",
    )
    op.create_check_constraint(
        op.f("rewards_waits_undecided_check"),
        "rewards",
        "waits_for is null or (approved_at is null and released_at is null and rejected_at is null)",
    )
    op.drop_index("rewards_releasable_idx", "rewards")
    op.create_index(
        "rewards_releasable_idx",
        "rewards",
        ["store_id", "available_at"],
        postgresql_where=sa.text(f"{_RELEASABLE} and waits_for is null"),
    )
    op.create_index(
        "rewards_waiting_idx",
        "rewards",
        ["store_id", "waits_for", "waits_since", "reward_id"],
        postgresql_where=sa.text("waits_for is not null and target_minor > 0"),
    )


def _rules() -> None:
    op.create_table(
        "release_rules",
        _text("store_id"),
        _text("way"),
        _text("url", nullable=True),
        sa.Column("test_number", sa.Integer(), nullable=False),
        _text("test_outcome", nullable=True),
        sa.Column("test_status", sa.Integer(), nullable=True),
        _moment("tested_at", nullable=True),
        sa.CheckConstraint("way <> 'ask' or url is not null", name=op.f("release_rules_ask_whom_check")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("release_rules_pkey")),
    )
    op.create_table(
        "release_secrets",
        _text("store_id"),
        _text("secret_id"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        _moment("created_at"),
        _moment("ends_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "secret_id", name=op.f("release_secrets_pkey")),
    )
    op.create_index("release_secrets_id_key", "release_secrets", ["secret_id"], unique=True)
    op.create_table(
        "release_asks",
        _text("store_id"),
        _text("reward_id"),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _text("outcome"),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("reason", nullable=True),
        _moment("asked_at"),
        _moment("tried_at", nullable=True),
        _moment("next_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "reward_id", name=op.f("release_asks_pkey")),
    )


def downgrade() -> None:
    op.drop_index("contacts_seen_blocked_idx", "contacts_seen")
    op.drop_column("contacts_seen", "blocked")
    for table in ("release_asks", "release_secrets", "release_rules"):
        op.drop_table(table)
    op.drop_index("rewards_waiting_idx", "rewards")
    op.drop_index("rewards_releasable_idx", "rewards")
    for name in ("rewards_waits_undecided_check", "rewards_waits_check"):
        op.drop_constraint(op.f(name), "rewards")
    for name in ("waits_since", "waits_why", "waits_for"):
        op.drop_column("rewards", name)
    op.create_index(
        "rewards_releasable_idx", "rewards", ["store_id", "available_at"], postgresql_where=sa.text(_RELEASABLE)
    )
