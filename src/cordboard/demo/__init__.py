"""What ``make run`` shows: a server with its phones, and one call as the vendor documents it."""

from __future__ import annotations

from cordboard.demo.show import run_demo

__all__ = ["run_demo"]
