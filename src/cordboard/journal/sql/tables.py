"""The tables. What changes here needs a migration beside it (``migrations/versions``).

JSON stands in text columns: it is written and read whole, never asked about. Times are seconds
since 1970. Of calls the columns beside the id are those that lists are made by.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts of the store as a whole: its epoch, what it signs with."""

calls = Table(
    "calls",
    metadata,
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
    Index(
        "calls_by_key",
        *("tenant", "account", "idempotency_key"),
        unique=True,
        sqlite_where=text("idempotency_key IS NOT NULL"),
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
    Index("calls_by_time", "tenant", "accepted_at", "id"),
    Index(
        "calls_by_external_id",
        *("tenant", "external_id", "accepted_at", "id"),
        sqlite_where=text("external_id IS NOT NULL"),
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    Index("calls_by_end", "ended_at"),
)
"""Requests as accepted, and how they ended; a key is free again when its call is forgotten."""

events = Table(
    "events",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("leg", Text),
    Column("channel", Text),
    Column("data", Text, nullable=False),
    Index("events_by_call", "call", "seq"),
    sqlite_with_rowid=False,
)
"""The event log, numbered without a gap for each tenant."""

outbox = Table(
    "outbox",
    metadata,
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
    Index(
        "outbox_by_next",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index("outbox_by_time", "tenant", "at"),
    Index("outbox_by_call", "call"),
)
"""Callbacks that are owed, in the commit of the event that they tell of, and how they stand:
``next_at`` is given as long as they are pending, ``last_`` is of the last attempt."""

attempts = Table(
    "attempts",
    metadata,
    Column("callback", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("seconds", Double, nullable=False),
    sqlite_with_rowid=False,
)
"""Each attempt to deliver one but the last: most callbacks have none here."""

tenants = Table(
    "tenants",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("oldest_seq", BigInteger, nullable=False),
)
"""Where each tenant's log stands, which outlives its oldest events."""

directory = Table(
    "directory",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("document", Text, nullable=False),
)
"""Each tenant's table as it was applied; their generation is a fact in ``meta``."""

agents = Table(
    "agents",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("group_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("logged_in", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("reason", Text),
    Column("at", Double, nullable=False),
)
"""What agents have done in their groups: whoever has done nothing has no row."""

wrap_ups = Table(
    "wrap_ups",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_id", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)
"""Who wraps up, or did, after a call of a group."""

ledger = Table(
    "ledger",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("account", Text),
    Column("card", Text),
    Column("call", Text),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("settlement", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("ledger_by_settlement", "tenant", "settlement", unique=True),
    Index("ledger_by_time", "tenant", "at"),
    Index("ledger_by_card", "tenant", "card", "at"),
    Index("ledger_by_call", "call"),
)
"""Money that changed hands, in millionths: each settlement once, as the events have it."""

recordings = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("group_name", Text),
    Column("record_group", Text),
    Column("keep_until", Double),
    Column("state", Text, nullable=False),
    Column("ended_at", Double),
    Column("seconds", Double),
    Column("octets", BigInteger),
    Column("error", Text),
    Column("deleted_at", Double),
    Index("recordings_by_time", "tenant", "started_at", "id"),
    Index("recordings_by_call", "call"),
    Index(
        "recordings_by_keep",
        "keep_until",
        sqlite_where=text("keep_until IS NOT NULL"),
        postgresql_where=text("keep_until IS NOT NULL"),
    ),
    Index(
        "recordings_by_deletion",
        "deleted_at",
        sqlite_where=text("deleted_at IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL"),
    ),
)
"""Recordings and what became of them; a row outlives its call while there is a file."""

forwardings = Table(
    "forwardings",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("always", Text),
    Column("busy", Text),
    Column("no_answer", Text),
    Column("after_seconds", Double, nullable=False),
    Column("do_not_disturb", Boolean, nullable=False),
    Column("at", Double, nullable=False),
)
"""Where users' calls go who have chosen it themselves; the directory holds for all others."""

bindings = Table(
    "bindings",
    metadata,
    Column("account", Text, primary_key=True),
    Column("contacts", Text, nullable=False),
)
"""Where each terminal (``name@domain``) is registered, in the words of the engine."""
