"""The toy's tables, straight from its models: it never changes, so it needs no history."""

from alembic import op

from tests.support.toy import METADATA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    METADATA.drop_all(op.get_bind())
