"""What is durable: requests, events, results and the outbox."""

from __future__ import annotations
