"""What stands behind the engine port and moves the legs."""

from __future__ import annotations
