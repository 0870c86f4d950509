"""Calls by the phones that they are with. A phone whose connection broke or whose NAT has moved it
registers anew, over another flow; what we still have to say in its calls, BYE above all, goes there
from then on. By itself it need not say anything in a call that goes on undisturbed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.session import Session


Returned = Callable[["Flow", float], None]
"""Takes the flow by which a phone has registered, and ``now``."""


class PhoneCalls:
    """The sessions of each phone, which is named as its binding names it."""

    __slots__ = ("_expected", "_phones", "_sessions")

    def __init__(self) -> None:
        self._sessions: dict[str, set[Session]] = {}
        self._phones: dict[Session, str] = {}
        self._expected: dict[str, list[Returned]] = {}

    def __len__(self) -> int:
        """How many calls there are with phones that are known."""
        return len(self._phones)

    def add(self, phone: str, session: Session) -> None:
        """A call with a phone begins."""
        self._phones[session] = phone
        self._sessions.setdefault(phone, set()).add(session)

    def leave(self, session: Session) -> None:
        """A call is over; one that was with no phone is no matter."""
        phone = self._phones.pop(session, None)
        if phone is not None:
            sessions = self._sessions[phone]
            sessions.discard(session)
            if not sessions:
                del self._sessions[phone]

    def expect(self, phone: str, returned: Returned) -> None:
        """Say, once, when a phone has registered."""
        self._expected.setdefault(phone, []).append(returned)

    def expect_no_more(self, phone: str, returned: Returned) -> None:
        """It is not to be said any more."""
        left = [one for one in self._expected.pop(phone, ()) if one != returned]
        if left:
            self._expected[phone] = left

    def follow(self, phone: str, flow: Flow, now: float) -> None:
        """A phone has registered over a flow: its calls go on there. What rings stays where it is,
        for a CANCEL has to take the way of its INVITE (RFC 3261 9.1)."""
        for session in self._sessions.get(phone, ()):
            if session.up and session.dialog is not None:
                session.dialog.rejoin(flow)
        for returned in self._expected.pop(phone, ()):
            returned(flow, now)
