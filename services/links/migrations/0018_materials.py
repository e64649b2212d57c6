"""What ambassadors share with, and how often it is seen and clicked

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
    op.create_table(
        "materials",
        sa.Column("material_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("material_id", name=op.f("materials_pkey")),
    )
    op.create_index(
        op.f("materials_store_id_program_id_material_id_idx"), "materials", ["store_id", "program_id", "material_id"]
    )
    op.create_table(
        "material_pictures",
        sa.Column("material_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("material_id", name=op.f("material_pictures_pkey")),
    )
    op.create_table(
        "material_days",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("material_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("store_id", "material_id", "day", name=op.f("material_days_pkey")),
    )


def downgrade() -> None:
    op.drop_table("material_days")
    op.drop_table("material_pictures")
    op.drop_index(op.f("materials_store_id_program_id_material_id_idx"), table_name="materials")
    op.drop_table("materials")
