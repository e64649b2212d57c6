"""Shopify's connections that have access already are polled from now on.

Revision: 0007
Follows: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_HAVING = "from hooks where access is not null and host is not null and deleted_at is null and platform = 'shopify'"


def upgrade() -> None:
    # A migration is of all stores, and the owner is bound by the stores' policies too.
    op.execute("alter table hooks no force row level security")
    op.execute(
        "insert into polls (store_id, hook_id, state, reached_at, next_at)"
        f" select store_id, hook_id, 'idle', now(), now() {_HAVING} on conflict do nothing"
    )
    op.execute(
        f"insert into due (job, store_id, at) select distinct 'connectors.poll', store_id, now() {_HAVING}"
        " on conflict do nothing"
    )
    op.execute("alter table hooks force row level security")


def downgrade() -> None:
    """They stay: a version that does not poll Shopify takes no notice of them."""
