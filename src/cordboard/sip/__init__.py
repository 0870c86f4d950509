"""SIP as such: messages, transactions, dialogs, SDP, digest, registrar."""

from __future__ import annotations
