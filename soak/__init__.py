"""Live load against a server whose memory, files and tasks are watched: ``make soak``."""

from __future__ import annotations
