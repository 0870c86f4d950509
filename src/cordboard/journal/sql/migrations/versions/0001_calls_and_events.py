"""Calls, their events, the callbacks they owe, and where each tenant's log stands."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Double, Integer, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "meta",
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    op.create_table(
        "calls",
        Column("id", Text, primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("dialect", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("accepted_at", Double, nullable=False),
        Column("channels", Text, nullable=False),
        Column("request", Text),
        Column("external_id", Text),
        Column("idempotency_key", Text),
        Column("request_digest", Text),
        Column("ended_at", Double),
        Column("outcome", Text),
        Column("result", Text),
    )
    op.create_index("calls_by_key", "calls", ["tenant", "account", "idempotency_key"], unique=True)
    op.create_index("calls_by_time", "calls", ["tenant", "accepted_at", "id"])
    op.create_index("calls_by_external_id", "calls", ["tenant", "external_id"])
    op.create_index("calls_by_end", "calls", ["ended_at"])
    op.create_table(
        "events",
        Column("tenant", Text, primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("at", Double, nullable=False),
        Column("kind", Text, nullable=False),
        Column("call", Text, nullable=False),
        Column("leg", Text),
        Column("channel", Text),
        Column("data", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("events_by_call", "events", ["call", "seq"])
    op.create_table(
        "outbox",
        Column("id", Text, primary_key=True),
        Column("tenant", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("call", Text, nullable=False),
        Column("dialect", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("at", Double, nullable=False),
        Column("event", Text, nullable=False),
        Column("fate", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_at", Double),
        Column("last_at", Double),
        Column("last_status", Integer),
        Column("last_error", Text),
        Column("last_seconds", Double),
    )
    op.create_index("outbox_by_next", "outbox", ["fate", "next_at"])
    op.create_index("outbox_by_time", "outbox", ["tenant", "at"])
    op.create_index("outbox_by_call", "outbox", ["call"])
    op.create_table(
        "attempts",
        Column("callback", Text, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("at", Double, nullable=False),
        Column("status", Integer),
        Column("error", Text),
        Column("seconds", Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tenants",
        Column("tenant", Text, primary_key=True),
        Column("last_seq", BigInteger, nullable=False),
        Column("oldest_seq", BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop them again."""
    for name in ("tenants", "attempts", "outbox", "events", "calls", "meta"):
        op.drop_table(name)
