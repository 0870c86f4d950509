"""Where users have their calls forwarded, and who takes none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "forwardings",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("always", sa.Text),
        sa.Column("busy", sa.Text),
        sa.Column("no_answer", sa.Text),
        sa.Column("after_seconds", sa.Double, nullable=False),
        sa.Column("do_not_disturb", sa.Boolean, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("forwardings")
