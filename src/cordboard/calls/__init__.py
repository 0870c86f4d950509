"""The heart: request, plan, call state machine, causes and limits."""

from __future__ import annotations
