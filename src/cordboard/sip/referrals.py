"""The referrals of one session: a REFER of the peer's, and what he is told of it (RFC 3515 2.4).

Theory of operation. A REFER waits, ``ASKED``, until the user answers it. A refusal is its final
response; anything else accepts it (202) and makes an implicit subscription, in which he is told by
NOTIFY how the call goes that he asked for: ``TOLD`` until a final status, which ends it. He may
want no news (RFC 4488): then the 202 is all there is. An input that a state has no entry for is
ignored. There is one referral at a time, so that a session holds one subscription at most, and its
time is bounded.

One NOTIFY is under way at a time, and what happens meanwhile is told when it is answered; of
several things that happen the last one counts. Where the peer knows nothing of the subscription any
more, or does not answer, he is told no more; the call that he asked for goes on, and so does the
session (RFC 6665 4.2.2, RFC 5057 5.1).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from cordboard.sip.dialog_request import DialogRequest
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import ReferReceived
from cordboard.sip.glare import retry_after_line
from cordboard.sip.grammar import delta_seconds, parse_parameters
from cordboard.sip.lines import content_type_line
from cordboard.sip.methods import refusal_of_method
from cordboard.sip.referral import Referral, referral_of
from cordboard.sip.replaces import find_replaced
from cordboard.sip.responses import reason_of
from cordboard.sip.table import compile_table

if TYPE_CHECKING:
    from cordboard.sip.message import Request, Response
    from cordboard.sip.server_transaction import ServerTransaction
    from cordboard.sip.session import Session
    from cordboard.sip.wheel import Timer

NEWS_SECONDS: Final = 600.0
"""How long somebody is told how the call goes that he asked for: no phone rings longer."""

FRAGMENT: Final = "message/sipfrag;version=2.0"  # RFC 3420, as RFC 3515 2.4.5 has it
NO_SUBSCRIPTION: Final = "Refer-Sub: false\r\n"
EVENT: Final = "refer"


class Stage(StrEnum):
    """How far a referral is."""

    NONE = "none"
    ASKED = "asked"
    TOLD = "told"


class Input(StrEnum):
    """What may happen to it."""

    REFER = "REFER"
    REFUSE = "refused by the user"
    ACCEPT = "accepted by the user"
    OBEY = "accepted, and he wants no news"
    NEWS = "the call goes on"
    FINISH = "the call is answered, or failed"
    EXPIRE = "its time is over"
    UNKNOWN = "the peer knows of no subscription"


Table = dict[Stage, dict[Input, tuple[Stage, str]]]

REFERRALS: Table = {
    Stage.NONE: {Input.REFER: (Stage.ASKED, "ask")},
    Stage.ASKED: {
        Input.REFER: (Stage.ASKED, "put_off"),
        Input.REFUSE: (Stage.NONE, "refuse"),
        Input.ACCEPT: (Stage.TOLD, "accept"),
        Input.OBEY: (Stage.NONE, "obey"),
    },
    Stage.TOLD: {
        Input.REFER: (Stage.TOLD, "put_off"),
        Input.NEWS: (Stage.TOLD, "notify"),
        Input.FINISH: (Stage.NONE, "notify_the_end"),
        Input.EXPIRE: (Stage.NONE, "notify_the_end"),
        Input.UNKNOWN: (Stage.NONE, "say_no_more"),
    },
}


class Referrals:
    """Made when the first REFER comes."""

    __slots__ = (
        "_asked",
        "_count",
        "_ends_at",
        "_notice",
        "_number",
        "_referral",
        "_row",
        "_session",
        "_stage",
        "_status",
        "_timer",
        "_under_way",
        "_waiting",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stage = Stage.NONE
        self._row = _ROWS[Stage.NONE]
        self._asked: ServerTransaction | None = None
        self._referral: Referral | None = None
        self._number = 0  # the CSeq number of the REFER, which names it
        self._count = 0
        self._status = 100
        self._notice: tuple[str, str] = ("", "")  # Event and Subscription-State
        self._ends_at = 0.0
        self._timer: Timer | None = None
        self._under_way: DialogRequest | None = None
        self._waiting = False

    # What happens

    def receive(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A REFER came; it is told to the user (event: ReferReceived), or refused."""
        session = self._session
        if not session.up:
            session.respond(transaction, 491, now)
            return
        try:  # refused with what speaks of the request alone, not of the dialog (RFC 5057 5.1)
            referral = referral_of(request)
        except SipParseError as error:
            session.respond(transaction, error.status if error.status == 501 else 400, now)
            return
        if self._stage is Stage.NONE:
            self._asked, self._referral = transaction, referral
            self._number, self._status = request.cseq[0], 100
            self._happen(Input.REFER, now)
        else:
            session.respond(transaction, 491, now, retry_after_line(session.core))

    def answer(self, number: int, status: int, now: float) -> None:
        """How a referral stands, or the call that was asked for. What is said first accepts it,
        unless it is 300 or more; 200 and above is the end of it."""
        referral = self._referral
        if number != self._number or referral is None:
            return
        self._status = status
        if self._stage is Stage.TOLD:
            self._happen(Input.FINISH if status >= 200 else Input.NEWS, now)
        elif status >= 300:
            self._happen(Input.REFUSE, now)
        else:
            self._happen(Input.ACCEPT if referral.wants_news else Input.OBEY, now)

    def subscribe(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The peer asks for his subscription to go on, which its time does not depend on, or for
        its end (RFC 6665 4.2.1)."""
        session = self._session
        event, _, parameters = (request.first("event") or "").partition(";")
        number = parse_parameters(parameters).get("id")
        ours = number is None or number == str(self._number)
        if event.strip().lower() != EVENT or self._stage is not Stage.TOLD or not ours:
            unknown = event.strip().lower() == EVENT
            status, lines = (481, "") if unknown else refusal_of_method("SUBSCRIBE")
            session.respond(transaction, status, now, lines)
            return
        left = 0 if delta_seconds(request.first("expires")) == 0 else self._left(now)
        contact = session.need_dialog().contact
        session.respond(transaction, 200, now, f"{contact}Expires: {left}\r\n")
        if left:
            self._happen(Input.NEWS, now)
        else:
            self._happen(Input.EXPIRE, now)

    def stop(self, now: float) -> None:
        """The session is over: say what is still to be said, and nothing after it."""
        if self._waiting:
            self._send(now)
        self._respond(487, "", now)  # RFC 3261 15.1.2
        self._stage, self._row = Stage.NONE, _ROWS[Stage.NONE]
        self._forget()

    def _happen(self, what: Input, now: float) -> None:
        step = self._row.get(what)
        if step is not None:
            self._stage, self._row, action = step
            action(self, what, now)

    # What is done about it; named by the table

    def ask(self, _what: Input, _now: float) -> None:
        """Tell the user."""
        session, referral = self._session, self._referral
        assert referral is not None  # it was just read
        replaced, named = None, referral.replaces is not None
        if referral.replaces is not None:
            found = find_replaced(session.core, referral.replaces)
            if found is not None and not found.over:
                late = found.up and referral.replaces.early_only
                replaced = None if late else found.call_id
        session.core.events.append(
            ReferReceived(
                session.call_id,
                self._number,
                referral.target,
                replaced,
                elsewhere=named and replaced is None,
                referred_by=referral.referred_by,
            )
        )

    def put_off(self, _what: Input, _now: float) -> None:
        """There is one at a time."""

    def refuse(self, _what: Input, now: float) -> None:
        """The final response is all there is."""
        self._respond(self._status, "", now)
        self._forget()

    def obey(self, _what: Input, now: float) -> None:
        """202, and no subscription."""
        self._respond(202, NO_SUBSCRIPTION, now)
        self._forget()

    def accept(self, _what: Input, now: float) -> None:
        """202, and the first NOTIFY at once (2.4.4)."""
        session = self._session
        self._count += 1
        # The first may go without an id (2.4.6), which phones know that hold one call only.
        event = EVENT if self._count == 1 else f"{EVENT};id={self._number}"
        self._notice = event, ""
        self._ends_at = now + NEWS_SECONDS
        wheel = session.core.wheel
        self._timer = wheel.schedule(self._ends_at, lambda then: self._happen(Input.EXPIRE, then))
        self._respond(202, "", now)
        self._happen(Input.FINISH if self._status >= 200 else Input.NEWS, now)

    def notify(self, _what: Input, now: float) -> None:
        """The call goes on."""
        self._notice = self._notice[0], f"active;expires={self._left(now)}"
        self._tell(now)

    def notify_the_end(self, what: Input, now: float) -> None:
        """The last NOTIFY."""
        reason = "timeout" if what is Input.EXPIRE else "noresource"
        self._notice = self._notice[0], f"terminated;reason={reason}"
        self._forget()
        self._tell(now)

    def say_no_more(self, _what: Input, _now: float) -> None:
        """Nobody hears it."""
        self._waiting = False
        self._forget()

    # Within

    def _respond(self, status: int, lines: str, now: float) -> None:
        transaction, self._asked = self._asked, None
        if transaction is not None:
            session = self._session
            contact = session.need_dialog().contact if status < 300 else ""
            session.respond(transaction, status, now, contact + lines)

    def _left(self, now: float) -> int:
        return max(1, int(self._ends_at - now))

    def _tell(self, now: float) -> None:
        if self._under_way is None:
            self._send(now)
        else:
            self._waiting = True

    def _send(self, now: float) -> None:
        self._waiting = False
        session, (event, state) = self._session, self._notice
        body = f"SIP/2.0 {self._status} {reason_of(self._status)}\r\n".encode()
        dialog = session.need_dialog()
        lines = (
            f"{dialog.contact}Event: {event}\r\nSubscription-State: {state}\r\n"
            f"{session.core.agent_line}{content_type_line(FRAGMENT, body)}"
        )
        self._under_way = DialogRequest(
            session.core,
            dialog,
            session.authentication,
            "NOTIFY",
            self._notified,
            now,
            lines=lines,
            body=body,
        )

    def _notified(self, status: int, _response: Response | None, now: float) -> None:
        self._under_way = None
        if status >= 300:
            self._waiting = False
            self._happen(Input.UNKNOWN, now)
        elif self._waiting and self._session.dialog is not None:
            self._send(now)

    def _forget(self) -> None:
        self._referral = self._asked = None
        self._session.core.wheel.cancel(self._timer)
        self._timer = None


Action = Callable[[Referrals, Input, float], None]

_ROWS = compile_table(REFERRALS, lambda name: cast("Action", getattr(Referrals, name)))
