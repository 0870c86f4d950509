"""The embedded engine: SIP and RTP in this process, no other daemon needed."""

from __future__ import annotations
