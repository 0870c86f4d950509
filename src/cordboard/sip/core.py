"""What all parts of one stack share: settings, the transaction layer, sessions, events, tokens."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from cordboard import randomness
from cordboard.sip.lines import clean, contact_line, via_start
from cordboard.sip.phone_calls import PhoneCalls
from cordboard.sip.strangers import EVERYBODY_WELCOME, Strangers
from cordboard.sip.timers import Timers
from cordboard.sip.transaction_layer import TransactionLayer

if TYPE_CHECKING:
    from cordboard.sip.callers import Callers
    from cordboard.sip.dialog_request import DialogRequest
    from cordboard.sip.events import SipEvent
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request
    from cordboard.sip.remains import Keeper
    from cordboard.sip.session import Session
    from cordboard.sip.trace import Trace

# 900 calls a second, two legs of two transactions each, remembered for 32 s, and as much again.
MAX_TRANSACTIONS = 250_000
# What one process can carry in media many times over; a session takes some 5 KB.
MAX_SESSIONS = 20_000
# In-dialog requests, BYE above all, are served beyond the limit that turns strangers away.
IN_DIALOG_RESERVE = 1.25
# Seconds: long enough for a burst to pass, short enough that a phone's user waits for it.
RETRY_SECONDS = 10
# Seconds: what RFC 4028 4 recommends for how long a session lasts unrefreshed, and its least.
SESSION_EXPIRES = 1800
MIN_SE = 90
# Hexadecimal digits of a HMAC-SHA256 in a tag: 64 bits (RFC 3261 19.3 asks for 32).
TAG_SIGNATURE_DIGITS = 16
TOKEN_BYTES = 8  # 64 random bits in a branch or tag (RFC 3261 19.3 asks for 32)


random_token: Final = partial(randomness.token, TOKEN_BYTES)
"""Branches, tags and cnonces."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """``advertised`` gives the host and port to write into Via and Contact for a flow;
    ``tag_secret`` signs the From tags of our calls. A session that nobody refreshes ends after
    ``session_expires`` seconds, or whatever its peer wants instead from ``min_se`` seconds on
    (RFC 4028); 0 is for ever. Phones that registered over UDP are pinged every ``keepalive``
    seconds; 0 is never. ``refuses_calls`` is the status that every new call to us is refused with,
    where none is taken: at once and without keeping anything. ``callers`` judges who calls; without
    it everybody may. ``busy`` is asked of every new call to us: after how many seconds it is worth
    trying again, where there is too much to do."""

    advertised: Callable[[Flow], tuple[str, int]]
    tag_secret: bytes = field(repr=False)
    timers: Timers = field(default_factory=Timers)
    user_agent: str = "Cordboard"
    session_expires: int = SESSION_EXPIRES
    min_se: int = MIN_SE
    keepalive: float = 0.0
    strangers: Strangers = EVERYBODY_WELCOME
    refuses_calls: int | None = None
    callers: Callers | None = None
    busy: Callable[[], int | None] | None = None
    max_sessions: int = MAX_SESSIONS
    max_transactions: int = MAX_TRANSACTIONS


class Core:
    """The common ground of sessions, registrations and the routing of what comes in."""

    __slots__ = (
        "agent_line",
        "events",
        "goodbyes",
        "keeper",
        "layer",
        "phone_calls",
        "sessions",
        "settings",
        "timers",
        "token",
        "wheel",
    )

    def __init__(
        self,
        settings: StackSettings,
        token: Callable[[], str],
        trace: Trace | None,
        keeper: Keeper | None = None,
    ) -> None:
        self.settings = settings
        self.keeper = keeper
        self.timers = settings.timers
        self.token = token
        self.layer = TransactionLayer(settings.timers, trace)
        self.wheel = self.layer.wheel
        self.events: deque[SipEvent] = deque()
        self.sessions: dict[str, Session] = {}
        self.phone_calls = PhoneCalls()
        # BYEs of dialogs that no session stands for, by (Call-ID, remote tag)
        self.goodbyes: dict[tuple[str, str], DialogRequest] = {}
        self.agent_line = f"User-Agent: {clean(settings.user_agent)}\r\n"

    @property
    def full(self) -> bool:
        """Whether new work has to be turned away."""
        layer, settings = self.layer, self.settings
        return (
            len(layer.clients) + len(layer.servers) >= settings.max_transactions
            or len(self.sessions) >= settings.max_sessions
        )

    def turns_away(self, request: Request) -> int | None:
        """Seconds after which a request outside any dialog may come again, where there is too much
        to do for it now. A call that takes the place of another is alive already."""
        if self.full:
            return RETRY_SECONDS
        busy = self.settings.busy
        if busy is None or request.method != "INVITE" or "replaces" in request.headers:
            return None
        return busy()

    @property
    def exhausted(self) -> bool:
        """Whether even requests within dialogs have to be turned away."""
        layer = self.layer
        most = self.settings.max_transactions * IN_DIALOG_RESERVE
        return len(layer.clients) + len(layer.servers) >= most

    def forget_session(self, session: Session) -> None:
        """Drop a session that is over, unless its Call-ID belongs to another by now.

        Its INVITE transaction remembers it a while longer, for repeats of the 2xx; not its dialog.
        """
        session.let_go()
        self.phone_calls.leave(session)
        if self.sessions.get(session.call_id) is session:
            del self.sessions[session.call_id]
            if self.keeper is not None:
                self.keeper.forget(session.call_id)

    def via(self, flow: Flow) -> str:
        """The Via line of requests over ``flow``, up to where the branch's own text follows."""
        return via_start(flow.transport, *self.settings.advertised(flow))

    def contact(self, flow: Flow, user: str, towards: str = "") -> str:
        """Our Contact line for dialogs over ``flow``. Whoever is called by a SIPS URI, ``towards``,
        is shown one (RFC 3261 8.1.1.8); phones made with PJSIP answer 480 to anything else."""
        return self.via_and_contact(flow, user, towards)[1]

    def via_and_contact(self, flow: Flow, user: str, towards: str) -> tuple[str, str]:
        """What :meth:`via` and :meth:`contact` give."""
        transport, (host, port) = flow.transport, self.settings.advertised(flow)
        secured = towards[:5].lower() == "sips:"
        contact = contact_line(transport, host, port, user, secured=secured)
        return via_start(transport, host, port), contact

    def signed_tag(self, call_id: str) -> str:
        """A new From tag, by which the call is known as ours even after a restart."""
        salt = self.token()
        return salt + self._signature(call_id, salt)

    def signs(self, call_id: str, tag: str) -> bool:
        """Whether ``tag`` is one that :meth:`signed_tag` gave for this Call-ID."""
        salt, signature = tag[:-TAG_SIGNATURE_DIGITS], tag[-TAG_SIGNATURE_DIGITS:]
        expected = self._signature(call_id, salt)
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))

    def stateless_tag(self, call_id: str, branch: str) -> str:
        """The To tag of a response that leaves nothing behind: the same each time (8.2.7)."""
        return self._signature(call_id, branch)

    def _signature(self, call_id: str, salt: str) -> str:
        """A keyed BLAKE2b (RFC 7693): OpenSSL's HMAC is several times as dear, twice a call."""
        message = f"{salt} {call_id}".encode("utf-8", "surrogateescape")
        secret, size = self.settings.tag_secret, TAG_SIGNATURE_DIGITS // 2
        return hashlib.blake2b(message, key=secret, digest_size=size).hexdigest()

    def chance(self) -> float:
        """A number from 0 to 1, from the same source as all tokens."""
        return zlib.crc32(self.token().encode()) / 2**32
