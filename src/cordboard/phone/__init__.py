"""A headless SIP phone on the same core, for trying things out."""

from __future__ import annotations
