"""What an account may do over HTTP, one word for each (as scopes of RFC 6749 3.3)."""

from __future__ import annotations

from typing import Final

from cordboard.values import Word


class ApiScope(Word):
    """One kind of thing that an API client asks for."""

    CALLS_READ = "calls:read"
    """Calls with their events and SIP messages, and what a call would do."""
    CALLS_WRITE = "calls:write"
    """Placing calls, in every dialect, and all that can be done to live ones."""
    CALLS_EAVESDROP = "calls:eavesdrop"
    """Letting a user overhear calls, as far as the directory lets him."""
    EVENTS_READ = "events:read"
    """The tenant's feed of events."""
    CALLBACKS_READ = "callbacks:read"
    CALLBACKS_WRITE = "callbacks:write"
    """Having a callback delivered once more."""
    CDRS_READ = "cdrs:read"
    RECORDINGS_READ = "recordings:read"
    """Listing recordings, and hearing them."""
    RECORDINGS_WRITE = "recordings:write"
    """Deleting them."""
    TRUNKS_READ = "trunks:read"
    DIRECTORY_READ = "directory:read"
    """Users, groups with their agents, terminals, numbers."""
    AGENTS_WRITE = "agents:write"
    """Logging agents in and out, pausing them."""
    FORWARDING_WRITE = "forwarding:write"
    """Saying where users' calls go, and who takes none."""
    CREDIT_READ = "credit:read"
    """Balances, and what has changed them."""
    CREDIT_WRITE = "credit:write"
    """Booking payments."""


USUAL_SCOPES: Final = frozenset(ApiScope) - {ApiScope.CREDIT_WRITE}
"""What an account may do that names none: who makes calls is seldom who is paid for them."""
