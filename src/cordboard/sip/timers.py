"""The timers of SIP, named as in RFC 3261 table 4; all in seconds, all made of T1, T2 and T4."""

from __future__ import annotations

from dataclasses import dataclass, field

# How many times T1 a transaction lasts without an answer (RFC 3261 17.1.1.2: seven INVITEs).
TIMEOUT_IN_T1 = 64


@dataclass(frozen=True, slots=True)
class Timers:
    """T1 is the estimate of a round trip, T2 the longest pause between repeats, T4 the longest time
    a message stays in the network (timers I and K). ``timeout`` is 64*T1: timers B, D, F, H, J, L
    and M, and the wait for an ACK or for the end of a CANCEL. Raises :class:`ValueError` unless
    0 < T1 <= T2 and 0 < T4.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    timeout: float = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.t1 <= self.t2 or not self.t4 > 0:
            raise ValueError("SIP timers must satisfy 0 < T1 <= T2 and 0 < T4")
        object.__setattr__(self, "timeout", TIMEOUT_IN_T1 * self.t1)
