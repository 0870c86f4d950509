"""HTTP: authenticate, translate to a call request, translate the answer back."""

from __future__ import annotations
