"""What platforms ask in people's name is found without a look at all deliveries.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "deliveries_asked_idx",
        "deliveries",
        ["store_id", "hook_id", "received_at"],
        postgresql_where=sa.text("topic in ('customers/data_request', 'customers/redact', 'shop/redact')"),
    )


def downgrade() -> None:
    op.drop_index("deliveries_asked_idx", table_name="deliveries")
