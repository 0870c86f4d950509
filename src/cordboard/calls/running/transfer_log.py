"""What is written down of transfers."""

from __future__ import annotations

from cordboard.calls.events import EventKind, Json
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import Party
from cordboard.calls.request import Leg
from cordboard.calls.ringing.log import CallLog, verdict_data


def transferring(
    log: CallLog,
    leg: Leg,
    party: Party,
    channels: tuple[str, ...],
    *,
    by_phone: bool = False,
    from_call: str | None = None,
) -> None:
    """The party of a leg is sent away, and the other one connected with somebody else."""
    data: dict[str, Json] = {
        "party": party.as_dict(),
        "channels": list(channels),
        "by": "phone" if by_phone else "client",
        "from_call": from_call,
    }
    log.tell(EventKind.CALL_TRANSFERRING, leg, None, data)


def refused(log: CallLog, leg: Leg, channel: str, to: str, status: int, why: str) -> None:
    """A party's phone wanted a transfer that is not possible."""
    data: dict[str, Json] = {"to": to, "sip_status": status, "reason": why}
    log.tell(EventKind.CALL_TRANSFER_REFUSED, leg, channel, data)


def transferred(log: CallLog, leg: Leg, channel: str, ring_seconds: float) -> None:
    """The one has answered whom a party is transferred to."""
    data: dict[str, Json] = {"ring_seconds": round(ring_seconds, 3)}
    log.tell(EventKind.CALL_TRANSFERRED, leg, channel, data)


def failed(log: CallLog, leg: Leg, verdict: Verdict, ring_seconds: float) -> None:
    """Nobody answered there."""
    log.tell(EventKind.CALL_TRANSFER_FAILED, leg, None, verdict_data(verdict, ring_seconds))


def merged(log: CallLog, leg: Leg, into: str, channels: tuple[str, ...]) -> None:
    """The party of a leg goes on in another call."""
    data: dict[str, Json] = {"into": into, "channels": list(channels)}
    log.tell(EventKind.CALL_MERGED, leg, None, data)
