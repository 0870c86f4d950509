"""Readers of the event log: callbacks, streams, call records, metrics."""

from __future__ import annotations
