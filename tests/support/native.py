"""Whether the native part of the relay is there, and why it may be missing."""

from __future__ import annotations

from cordboard.engines.embedded.native_relay import NATIVE

NOT_BUILT = "the native relay was not built: there was no C compiler when Cordboard was installed"

__all__ = ["NATIVE", "NOT_BUILT"]
