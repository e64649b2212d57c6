"""What is told once stays told: which revision of an order people heard of, when ambassadors were clicked and
shared, and marks of what was told so long ago that its row is forgotten. And who wants mails beside another channel.

Revision: 0022
Follows: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = "now() + make_interval(secs => coalesce((select offset_seconds from clock), 0))"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "notice_orders",
        _text("store_id"),
        _text("order_id"),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("ambassador_id", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("notice_orders_pkey")),
    )
    op.create_table(
        "notice_marks",
        _text("store_id"),
        sa.Column("mark", postgresql.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "mark", name=op.f("notice_marks_pkey")),
    )
    op.create_table(
        "activities",
        *map(_text, ("store_id", "ambassador_id")),
        _moment("clicked_at", nullable=True),
        _moment("shared_at", nullable=True),
        sa.PrimaryKeyConstraint("store_id", "ambassador_id", name=op.f("activities_pkey")),
    )
    op.add_column("notices", sa.Column("failed", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.create_index(op.f("notices_ended_idx"), "notices", ["store_id", "created_at"])
    op.add_column("preferences", sa.Column("mail_too", sa.Text(), nullable=False, server_default="money"))
    for name in ("people", "told", "used"):
        op.add_column("announcements", sa.Column(f"past_{name}", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("mails_store_id_about_idx"), "mails", ["store_id", "about"])
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table notices no force row level security")
    for table in ("activities", "notice_orders"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into activities (store_id, ambassador_id, clicked_at) select store_id, ambassador_id, happened_at"
        " from notices where occasion = 'clicked'"
    )
    op.execute(
        "insert into notice_orders (store_id, order_id, revision, ambassador_id)"
        " select store_id, subject, 0, max(ambassador_id) from notices"
        " where occasion = 'attributed' and state in ('told', 'waiting') group by store_id, subject"
    )
    op.execute(
        f"insert into due (job, store_id, at) select distinct 'links.old-notices', store_id, {_NOW} from notices"  # noqa: S608
        " on conflict do nothing"
    )


def downgrade() -> None:
    op.drop_index(op.f("mails_store_id_about_idx"), table_name="mails")
    for name in ("people", "told", "used"):
        op.drop_column("announcements", f"past_{name}")
    op.drop_column("preferences", "mail_too")
    op.drop_index(op.f("notices_ended_idx"), table_name="notices")
    op.drop_column("notices", "failed")
    for table in ("activities", "notice_marks", "notice_orders"):
        op.drop_table(table)
