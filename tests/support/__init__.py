"""Code shared by the tests; importable as ``support.<module>``."""

from __future__ import annotations
