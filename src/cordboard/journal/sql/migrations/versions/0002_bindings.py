"""Where terminals are registered, over a restart."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0002"
down_revision = "0003"  # which was there before
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "bindings",
        Column("account", Text, primary_key=True),
        Column("contacts", Text, nullable=False),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("bindings")
