"""What people are told of their friends' orders and rewards, how they want to be told, and who gets no mail.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _preferences() -> None:
    op.create_table(
        "preferences",
        *map(_text, ("store_id", "ambassador_id", "channel")),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        _text("zone", nullable=True),
        sa.Column("most_a_day", sa.Integer(), nullable=False),
        _text("digest"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("preferences_pkey")),
    )
    op.create_table(
        "suppressions",
        *map(_text, ("store_id", "mail_hash", "reason")),
        _moment("at"),
        sa.PrimaryKeyConstraint("store_id", "mail_hash", name=op.f("suppressions_pkey")),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        *map(_text, ("notice_id", "store_id", "ambassador_id", "occasion", "subject")),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        _text("state"),
        _text("reason", nullable=True),
        _text("message_id", nullable=True),
        *map(_moment, ("happened_at", "due", "created_at")),
        _moment("told_at", nullable=True),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("notices_pkey")),
        sa.UniqueConstraint(
            "store_id",
            "ambassador_id",
            "occasion",
            "subject",
            name=op.f("notices_store_id_ambassador_id_occasion_subject_key"),
        ),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(op.f("notices_waiting_idx"), "notices", ["store_id", "due"], postgresql_where=waiting)
    op.create_index(op.f("notices_store_id_message_id_idx"), "notices", ["store_id", "message_id"])
    op.create_index(op.f("notices_store_id_subject_idx"), "notices", ["store_id", "subject"])
    op.create_table(
        "notice_rewards",
        *map(_text, ("store_id", "reward_id", "ambassador_id", "order_id")),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *map(_text, ("currency", "pay_as", "status")),
        _moment("available_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "reward_id", name=op.f("notice_rewards_pkey")),
    )
    op.create_index(
        op.f("notice_rewards_store_id_ambassador_id_order_id_idx"),
        "notice_rewards",
        ["store_id", "ambassador_id", "order_id"],
    )
    op.create_table(
        "notice_templates",
        *map(_text, ("store_id", "occasion", "language", "subject", "body", "label")),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("store_id", "occasion", "language", name=op.f("notice_templates_pkey")),
    )
    op.create_table(
        "notice_occasions",
        *map(_text, ("store_id", "occasion")),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "occasion", name=op.f("notice_occasions_pkey")),
    )


def upgrade() -> None:
    op.add_column("mails", sa.Column("channel", sa.Text(), nullable=False, server_default="email"))
    _preferences()
    _notices()
    op.create_table(
        "notice_starts",
        _text("store_id"),
        _moment("since"),
        sa.PrimaryKeyConstraint("store_id", name=op.f("notice_starts_pkey")),
    )
    # Stores that were there already: nobody is told of what happened before anybody was told of anything.
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table stores no force row level security")
    op.execute(
        "insert into notice_starts (store_id, since) select store_id, now()"
        " + make_interval(secs => coalesce((select offset_seconds from clock), 0)) from stores"
    )


def downgrade() -> None:
    for table in ("notice_starts", "notice_occasions", "notice_templates", "notice_rewards", "notices"):
        op.drop_table(table)
    for table in ("suppressions", "preferences"):
        op.drop_table(table)
    op.drop_column("mails", "channel")
