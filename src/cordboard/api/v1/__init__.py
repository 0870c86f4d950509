"""Cordboard's own API, version 1."""

from __future__ import annotations
