"""The live calls: where timers, engines and the journal meet."""

from __future__ import annotations
