"""Basix's CTI WebSocket: the event log in that vendor's words."""

from __future__ import annotations
