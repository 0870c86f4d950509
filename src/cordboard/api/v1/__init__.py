"""Cordboard's own API, version 1: looking at calls, ending them, explaining them."""

from __future__ import annotations
