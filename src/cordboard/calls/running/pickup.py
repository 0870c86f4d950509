"""A phone takes the place of another one in a call: its INVITE names that one's dialog (Replaces,
RFC 3891), whose secrets somebody has told it; or it has dialled to be connected with a party of the
call, and takes the place of whom that one waits for or talks with.

Where the other one rings, the phone that calls is one more that is rung, and answers at once. Where
it talks, it leaves, as by a transfer to who is there already.
"""

from __future__ import annotations

from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Offered
from cordboard.calls.ringing.hunt_channel import OPEN
from cordboard.calls.ringing.legs import other
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger


def pick_up(offered: Offered, replaced: str, parts: Parts, apply: Apply, now: float) -> None:
    """Let who calls take the place of the channel ``replaced``; raises :class:`Refused`, and then
    nothing has changed."""
    leg = parts.legs.leg_of(replaced)
    if leg is None:
        raise _gone()
    hunt = parts.legs.hunt(leg)
    channel = hunt.channels.get(replaced)
    rings = channel is not None and leg is parts.hunted and channel.state in OPEN
    if rings and hunt.winner is None:
        route = parts.dialling.find_picked_up(leg, offered)
        parts.holdings.add(leg, route.taken)
        parts.dialling.join(hunt, route)
    elif parts.stage is Stage.BRIDGED and hunt.winner == replaced:
        parts.route = parts.dialling.find_picked_up(leg, offered)
        parts.transfers += 1
        apply(Trigger.TRANSFERRED, now)
    else:
        raise _gone()


def at_the_other_end(kept: str, parts: Parts) -> str:
    """The channel that who is on ``kept`` waits for or talks with; raises :class:`Refused`."""
    leg = parts.legs.leg_of(kept)
    if leg is None or parts.legs.winner(leg) not in (kept, None):
        raise _gone()
    hunt = parts.legs.hunt(other(leg))
    rings = (name for name, one in hunt.channels.items() if one.state in OPEN)
    found = hunt.winner or next(rings, None)
    if found is None:
        raise _gone()
    return found


def _gone() -> Refused:
    return Refused(RefusalId.INVALID_DESTINATION, "that phone is in no call", "replaces")
