"""The journal in a database: SQLite beside the configuration, or PostgreSQL by URL."""

from __future__ import annotations
