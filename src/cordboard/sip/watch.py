"""Whether a peer is there: it is asked by OPTIONS again and again (RFC 3261 11).

Theory of operation. The table below is the whole life of one watch. One lost packet is no failure
and one answer no recovery: a change of mind takes two answers, or two silences, in a row, and the
second question follows soon after the first (``DOUBTED``, ``HOPED``). Whatever a peer answers shows
that it is there, 404 and 401 as well, but what says that nothing behind it is (:data:`ABSENT`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from cordboard.sip.events import ReachabilityChanged
from cordboard.sip.lines import MAX_FORWARDS, clean, encode, route_lines
from cordboard.sip.methods import ACCEPT_LINE
from cordboard.sip.responses import reason_of
from cordboard.sip.table import compile_table

if TYPE_CHECKING:
    from cordboard.sip.address import NameAddr
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Response
    from cordboard.sip.wheel import Timer

ABSENT: Final = frozenset({408, 502, 503, 504})
"""Answers of a proxy, or of a peer that takes no calls, which mean as much as silence."""

# In T1, so 8 s and 2 s by default: as long as a slow peer takes, and as short as a person waits.
PATIENCE_IN_T1: Final = 16
AGAIN_IN_T1: Final = 4

SPREAD: Final = 0.1
"""How much of the interval is left to chance, so that not all peers are asked at once."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A peer to keep an eye on. ``name`` is how the user calls it, ``uri`` whom to ask for, by way
    of ``routes``, over ``flow``; ``caller`` is the From, ``every`` the seconds between questions.
    """

    name: str
    uri: str
    flow: Flow
    caller: NameAddr
    every: float
    routes: tuple[str, ...] = ()


class Stage(StrEnum):
    """What is thought of a peer."""

    UNKNOWN = "unknown"
    UP = "up"
    DOUBTED = "doubted"
    DOWN = "down"
    HOPED = "hoped for"
    GONE = "no longer watched"


class Input(StrEnum):
    """What may happen."""

    ANSWERED = "any other final response"
    SILENT = "timeout, transport error, 408, 502, 503 or 504"
    DUE = "time to ask"
    HURRY = "ask at once"
    DISMISSED = "dismissed"


Table = dict[Stage, dict[Input, tuple[Stage, str]]]

WATCH: Table = {
    Stage.UNKNOWN: {
        Input.ANSWERED: (Stage.UP, "tell_up"),
        Input.SILENT: (Stage.DOUBTED, "ask_soon"),
        Input.DUE: (Stage.UNKNOWN, "ask"),
        Input.DISMISSED: (Stage.GONE, "rest"),
    },
    Stage.UP: {
        Input.ANSWERED: (Stage.UP, "ask_later"),
        Input.SILENT: (Stage.DOUBTED, "ask_soon"),
        Input.DUE: (Stage.UP, "ask"),
        Input.DISMISSED: (Stage.GONE, "rest"),
    },
    Stage.DOUBTED: {
        Input.ANSWERED: (Stage.UP, "tell_up"),
        Input.SILENT: (Stage.DOWN, "tell_down"),
        Input.DUE: (Stage.DOUBTED, "ask"),
        Input.DISMISSED: (Stage.GONE, "rest"),
    },
    Stage.DOWN: {
        Input.ANSWERED: (Stage.HOPED, "ask_soon"),
        Input.SILENT: (Stage.DOWN, "ask_later"),
        Input.DUE: (Stage.DOWN, "ask"),
        Input.HURRY: (Stage.DOWN, "ask"),
        Input.DISMISSED: (Stage.GONE, "rest"),
    },
    Stage.HOPED: {
        Input.ANSWERED: (Stage.UP, "tell_up"),
        Input.SILENT: (Stage.DOWN, "ask_later"),
        Input.DUE: (Stage.HOPED, "ask"),
        Input.DISMISSED: (Stage.GONE, "rest"),
    },
    Stage.GONE: {},
}


class WatchSession:
    """Keeps an eye on one peer. Raises :class:`~cordboard.sip.errors.SipBuildError` if a value of
    the watch can't stand in a message."""

    __slots__ = (
        "_call_id",
        "_core",
        "_flow",
        "_from",
        "_number",
        "_reason",
        "_row",
        "_stage",
        "_timer",
        "_told",
        "_transaction",
        "_watch",
    )

    def __init__(self, core: Core, watch: Watch, now: float) -> None:
        self._core = core
        self._watch = watch
        self._flow = watch.flow
        self._call_id = core.token() + core.token()
        self._from = str(watch.caller.with_tag(core.token()))
        self._number = 0
        self._reason = ""
        self._told: bool | None = None
        self._timer: Timer | None = None
        self._transaction: ClientTransaction | None = None
        self._stage = Stage.UNKNOWN
        self._row = _ROWS[Stage.UNKNOWN]
        self.ask(now)

    # What happens

    def aim(self, flow: Flow) -> None:
        """The peer is found elsewhere from the next question on."""
        self._flow = flow

    def try_again(self, now: float) -> None:
        """Do not wait for the next question to a peer that is down."""
        if self._transaction is None:
            self._happen(Input.HURRY, now)

    def dismiss(self, now: float) -> None:
        """Ask no more."""
        self._happen(Input.DISMISSED, now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """The peer is there, unless it says otherwise."""
        status = response.status
        if transaction is not self._transaction or status < 200:
            return
        self._transaction = None
        self._reason = f"{status} {response.reason}"
        self._happen(Input.SILENT if status in ABSENT else Input.ANSWERED, now)

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """The peer is out of reach."""
        if transaction is self._transaction:
            self._give_up(reason_of(status), now)

    def _on_timer(self, now: float) -> None:
        if self._transaction is None:
            self._happen(Input.DUE, now)
        else:
            self._give_up("no answer to OPTIONS", now)

    def _give_up(self, reason: str, now: float) -> None:
        if self._transaction is not None:
            self._transaction.user = None
            self._transaction = None
        self._reason = reason
        self._happen(Input.SILENT, now)

    def _happen(self, what: Input, now: float) -> None:
        step = self._row.get(what)
        if step is not None:
            self._stage, self._row, action = step
            action(self, now)

    # What is done about it; named by the table

    def ask(self, now: float) -> None:
        """One OPTIONS, outside any dialog."""
        core, watch, flow = self._core, self._watch, self._flow
        self._number += 1
        branch = core.token()
        uri = clean(watch.uri)
        data = encode(
            f"OPTIONS {uri} SIP/2.0\r\n{core.via(flow)}{branch}\r\n{MAX_FORWARDS}"
            f"{route_lines(watch.routes)}From: {clean(self._from)}\r\nTo: <{uri}>\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {self._number} OPTIONS\r\n"
            f"{core.contact(flow, watch.caller.uri.user or 'ping')}{ACCEPT_LINE}{core.agent_line}"
        )
        self._wake_at(now + PATIENCE_IN_T1 * core.timers.t1)
        self._transaction = core.layer.request(
            "OPTIONS", branch, flow, self._call_id, data, self, now
        )

    def ask_soon(self, now: float) -> None:
        """Make sure."""
        self._wake_at(now + AGAIN_IN_T1 * self._core.timers.t1)

    def ask_later(self, now: float) -> None:
        """Nothing new."""
        every = self._watch.every
        self._wake_at(now + every * (1 - SPREAD * self._core.chance()))

    def tell_up(self, now: float) -> None:
        """It is there."""
        self._tell(True)
        self.ask_later(now)

    def tell_down(self, now: float) -> None:
        """It is not there."""
        self._tell(False)
        self.ask_later(now)

    def rest(self, _now: float) -> None:
        """Nobody wants to know any more."""
        self._core.wheel.cancel(self._timer)
        if self._transaction is not None:
            self._transaction.user = None

    def _wake_at(self, at: float) -> None:
        self._core.wheel.cancel(self._timer)
        self._timer = self._core.wheel.schedule(at, self._on_timer)

    def _tell(self, reachable: bool) -> None:
        if reachable != self._told:
            self._told = reachable
            told = ReachabilityChanged(self._watch.name, reachable, self._reason)
            self._core.events.append(told)


Action = Callable[[WatchSession, float], None]


_ROWS = compile_table(WATCH, lambda name: cast("Action", getattr(WatchSession, name)))
