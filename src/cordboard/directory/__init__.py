"""Who can be called: tenants, users, terminals, groups, numbers, trunks."""

from __future__ import annotations
