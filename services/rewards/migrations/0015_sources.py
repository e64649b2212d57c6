"""A reward has a source: an order, as all have had so far, or a person who gives it by hand.

What exists is of orders, and says so without being written anew. The ambassadors that rewards now knows come again from
the catalog, which keeps the newest state of each.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("rewards", sa.Column("source_kind", sa.Text(), nullable=False, server_default="order"))
    op.create_check_constraint(op.f("rewards_source_kind_check"), "rewards", "source_kind in ('order', 'person')")
    op.create_index(
        "rewards_sourced_idx",
        "rewards",
        ["store_id", "source_kind", "reward_id"],
        postgresql_where=sa.text("source_kind <> 'order'"),
    )
    op.create_table(
        "ambassadors",
        *(_text(name) for name in ("store_id", "ambassador_id", "program_id", "status")),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("ambassadors_pkey")),
    )
    _goodwill()


def _goodwill() -> None:
    op.create_table(
        "goodwill_terms",
        *(_text(name) for name in ("store_id", "unit")),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        _text("period"),
        sa.CheckConstraint("limit_minor >= 0", name=op.f("goodwill_terms_limit_check")),
        sa.PrimaryKeyConstraint("store_id", "unit", name=op.f("goodwill_terms_pkey")),
    )
    op.create_table(
        "goodwill",
        *(_text(name) for name in ("store_id", "goodwill_id", "ambassador_id", "program_id", "pay_as", "unit")),
        _text("currency"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("reason", "status", "made_by")),
        _moment("made_at"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unaided", sa.Boolean(), nullable=False),
        _text("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        _text("reward_id", nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("goodwill_amount_check")),
        sa.CheckConstraint("(status = 'granted') = (reward_id is not null)", name=op.f("goodwill_granted_check")),
        sa.CheckConstraint("(status = 'waiting') = (decided_at is null)", name=op.f("goodwill_decided_check")),
        sa.CheckConstraint(
            "status <> 'granted' or unaided or decided_by <> made_by", name=op.f("goodwill_second_person_check")
        ),
        sa.PrimaryKeyConstraint("store_id", "goodwill_id", name=op.f("goodwill_pkey")),
    )
    op.create_index(
        "goodwill_unaided_idx",
        "goodwill",
        ["store_id", "made_by", "unit", "day"],
        postgresql_where=sa.text("unaided"),
    )
    op.create_index("goodwill_ambassador_idx", "goodwill", ["store_id", "ambassador_id", "goodwill_id"])
    op.create_index("goodwill_status_idx", "goodwill", ["store_id", "status", "goodwill_id"])
    op.create_table(
        "goodwill_steps",
        *(_text(name) for name in ("store_id", "goodwill_id")),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        _text("kind"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _text("reason", nullable=True),
        *(_text(name) for name in ("actor_kind", "actor_id")),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "goodwill_id", "step", name=op.f("goodwill_steps_pkey")),
    )


def downgrade() -> None:
    for table in ("goodwill_steps", "goodwill", "goodwill_terms", "ambassadors"):
        op.drop_table(table)
    op.drop_index("rewards_sourced_idx", table_name="rewards")
    op.drop_constraint(op.f("rewards_source_kind_check"), "rewards")
    op.drop_column("rewards", "source_kind")
