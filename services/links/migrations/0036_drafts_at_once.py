"""Drafts that are to begin at once name no moment: they were kept with the one at which they were written.

Revision: 0036
Follows: 0034
"""

from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The owner is held by the stores' policies too; they are put back after every migration.
    op.execute("alter table announcements no force row level security")
    # A form knows whole minutes: what has a fraction of a second is the moment at which a draft was kept.
    op.execute(
        "update announcements set next_at = null"
        " where state = 'draft' and (next_at <= created_at or next_at <> date_trunc('second', next_at))"
    )


def downgrade() -> None:
    pass
