"""The stored directory, what agents have done, and a ledger."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, Text, column, table

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the generation that the directory counts from."""
    op.create_table(
        "directory",
        Column("tenant", Text, primary_key=True),
        Column("source", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("at", Double, nullable=False),
        Column("document", Text, nullable=False),
    )
    meta = table("meta", column("name", Text), column("value", Text))
    op.bulk_insert(meta, [{"name": "directory", "value": "0"}])
    op.create_table(
        "agents",
        Column("tenant", Text, primary_key=True),
        Column("group_id", BigInteger, primary_key=True, autoincrement=False),
        Column("user_id", BigInteger, primary_key=True, autoincrement=False),
        Column("logged_in", Boolean, nullable=False),
        Column("paused", Boolean, nullable=False),
        Column("reason", Text),
        Column("at", Double, nullable=False),
    )
    op.create_table(
        "ledger",
        Column("id", Text, primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("account", Text),
        Column("card", Text),
        Column("call", Text),
        Column("kind", Text, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("settlement", Text, nullable=False),
        Column("at", Double, nullable=False),
    )
    op.create_index("ledger_by_settlement", "ledger", ["tenant", "settlement"], unique=True)
    op.create_index("ledger_by_time", "ledger", ["tenant", "at"])
    op.create_index("ledger_by_card", "ledger", ["tenant", "card", "at"])
    op.create_index("ledger_by_call", "ledger", ["call"])


def downgrade() -> None:
    """Drop them again."""
    for name in ("ledger", "agents", "directory"):
        op.drop_table(name)
    op.execute("DELETE FROM meta WHERE name = 'directory'")
