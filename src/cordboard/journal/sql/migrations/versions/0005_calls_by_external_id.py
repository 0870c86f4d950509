"""Calls by their clients' own ids, in the order of lists; those without one cost nothing."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew."""
    given = text("external_id IS NOT NULL")
    op.drop_index("calls_by_external_id", "calls")
    op.create_index(
        "calls_by_external_id",
        "calls",
        ["tenant", "external_id", "accepted_at", "id"],
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    """Make it as it was."""
    op.drop_index("calls_by_external_id", "calls")
    op.create_index("calls_by_external_id", "calls", ["tenant", "external_id"])
