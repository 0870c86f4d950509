"""When offers of both sides collide in a dialog: who waits how long (RFC 3261 14, RFC 3311 5.2).

An offer that meets one of the other side is refused with 491, one that meets an unanswered one of
its own side with 500 and a Retry-After. Either is tried again after a pause that is random, so that
two ends which collided once do not do so for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.responses import retry_after_of

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.message import Response

# 14.1: who made the dialog waits 2.1 to 4 s after a 491, the other at most 2 s, so that they part.
OWNER_PAUSE = (2.1, 4.0)
OTHER_PAUSE = (0.0, 2.0)
# 14.2: a Retry-After of 0 to 10 s. Ours are short, for a user waits for what he offered.
MAX_RETRY_AFTER = 10
OUR_RETRY_AFTER = (1, 2, 3)
# Two ends that keep colliding for this long have something else wrong with them.
MAX_COLLISIONS = 8


def has_collided(response: Response) -> bool:
    """491, or 500 with Retry-After from who still waits for our ACK."""
    status = response.status
    return status == 491 or (status == 500 and retry_after_of(response) is not None)


def pause_after(response: Response, core: Core, *, is_owner: bool) -> float:
    """Seconds until the next try; ``is_owner``: whether the Call-ID is ours."""
    wanted = retry_after_of(response)
    if response.status == 500 and wanted is not None:
        return min(wanted, MAX_RETRY_AFTER) + core.chance()
    low, high = OWNER_PAUSE if is_owner else OTHER_PAUSE
    return low + (high - low) * core.chance()


def retry_after_line(core: Core) -> str:
    """The Retry-After of our own 500."""
    choice = int(core.chance() * len(OUR_RETRY_AFTER)) % len(OUR_RETRY_AFTER)
    return f"Retry-After: {OUR_RETRY_AFTER[choice]}\r\n"
