"""A row for each recording. Files that were made before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("group_name", sa.Text),
        sa.Column("record_group", sa.Text),
        sa.Column("keep_until", sa.Double),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("seconds", sa.Double),
        sa.Column("octets", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index("recordings_by_time", "recordings", ["tenant", "started_at", "id"])
    op.create_index("recordings_by_call", "recordings", ["call"])
    for name, column in (
        ("recordings_by_keep", "keep_until"),
        ("recordings_by_deletion", "deleted_at"),
    ):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "recordings", [column], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    """Drop it; the files stay."""
    op.drop_table("recordings")
