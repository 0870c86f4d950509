"""Our own registrations: a REGISTER, and again in good time before it expires (RFC 3261 10.2).

Theory of operation. The table below is the whole life of one registration. An input that a state
has no entry for is ignored. 401 and 407 that can be answered, and 423, lead to another REGISTER at
once (``ASKED``); every other refusal and every silence is told and tried again after a pause that
doubles from 30 s to 10 minutes, or after the peer's Retry-After within these bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from cordboard.sip.address import NameAddr
from cordboard.sip.authentication import Authentication
from cordboard.sip.client_transaction import ClientTransaction
from cordboard.sip.digest import Credentials
from cordboard.sip.events import RegistrationFailed, RegistrationSucceeded
from cordboard.sip.flow import Flow
from cordboard.sip.granted import granted_seconds, least_seconds
from cordboard.sip.lines import MAX_FORWARDS, clean, encode, route_lines
from cordboard.sip.responses import reason_of, retry_after_of
from cordboard.sip.table import compile_table
from cordboard.sip.tries import PATIENCE_IN_T1

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.message import Response
    from cordboard.sip.wheel import Timer

# RFC 5626 4.5 doubles from 30 s up to 30 minutes; people wait for a phone to come back.
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 600.0
# A registration is renewed when this much of its time is over; Linphone 0.9, baresip 0.9 and less.
RENEW_AT = 0.8
# A registrar that answers each 423 with another lower bound is not obeyed for ever.
MAX_TOO_BRIEF = 2


@dataclass(frozen=True, slots=True)
class Registration:
    """One address of record to keep registered. ``name`` is how the user calls it, ``flow`` where
    the registrar is, by way of ``routes``; ``expires`` seconds are asked for. ``hurried`` says that
    there are other registrars to go to: one that says nothing is given up early."""

    name: str
    registrar_uri: str
    aor: NameAddr
    contact_user: str
    flow: Flow
    credentials: Credentials | None = None
    expires: int = 3600
    routes: tuple[str, ...] = ()
    hurried: bool = False


class Stage(StrEnum):
    """Where a registration is."""

    REGISTERING = "registering"
    REGISTERED = "registered"
    PAUSING = "pausing"
    UNREGISTERING = "unregistering"
    GONE = "gone"


class Input(StrEnum):
    """What may happen to it."""

    ACCEPTED = "2xx"
    ASKED = "challenge or 423"
    REFUSED = "other final response, timeout or transport error"
    DUE = "timer"
    FLOW_LOST = "connection lost"
    HURRY = "try again at once"
    UNREGISTER = "unregister"


Table = dict[Stage, dict[Input, tuple[Stage, str]]]

REGISTRATION: Table = {
    Stage.REGISTERING: {
        Input.ACCEPTED: (Stage.REGISTERED, "renew_later"),
        Input.ASKED: (Stage.REGISTERING, "send_register"),
        Input.REFUSED: (Stage.PAUSING, "try_again_later"),
        Input.UNREGISTER: (Stage.UNREGISTERING, "send_unregister"),
    },
    Stage.REGISTERED: {
        Input.DUE: (Stage.REGISTERING, "send_register"),
        Input.FLOW_LOST: (Stage.PAUSING, "try_again_later"),
        Input.UNREGISTER: (Stage.UNREGISTERING, "send_unregister"),
    },
    Stage.PAUSING: {
        Input.DUE: (Stage.REGISTERING, "send_register"),
        Input.HURRY: (Stage.REGISTERING, "send_register"),
        Input.UNREGISTER: (Stage.UNREGISTERING, "send_unregister"),
    },
    Stage.UNREGISTERING: {
        Input.ACCEPTED: (Stage.GONE, "tell_unregistered"),
        Input.ASKED: (Stage.UNREGISTERING, "send_register"),
        Input.REFUSED: (Stage.GONE, "tell_unregistered"),
    },
    Stage.GONE: {},
}


class RegistrationSession:
    """Keeps one registration up. Raises :class:`~cordboard.sip.errors.SipBuildError` if a value of
    it can't stand in a message."""

    __slots__ = (
        "_authentication",
        "_call_id",
        "_core",
        "_expires",
        "_flow",
        "_from",
        "_granted",
        "_number",
        "_on_gone",
        "_pause",
        "_reason",
        "_registration",
        "_retry_after",
        "_rounds",
        "_row",
        "_stage",
        "_status",
        "_timer",
        "_too_brief",
        "_transaction",
    )

    def __init__(
        self, core: Core, registration: Registration, on_gone: Callable[[str], None], now: float
    ) -> None:
        self._core = core
        self._registration = registration
        self._flow = registration.flow
        self._on_gone = on_gone
        self._authentication = Authentication(registration.credentials)
        self._call_id = core.token() + core.token()
        self._from = str(registration.aor.with_tag(core.token()))
        self._number = 0
        self._rounds = 0
        self._too_brief = 0
        self._expires = registration.expires
        self._granted = 0
        self._pause = FIRST_PAUSE
        self._retry_after: int | None = None
        self._status = 0
        self._reason = ""
        self._timer: Timer | None = None
        self._stage = Stage.REGISTERING
        self._row = _ROWS[Stage.REGISTERING]
        self._transaction: ClientTransaction | None = None
        self.send_register(now)

    # What happens

    def unregister(self, now: float) -> None:
        """Take the registration back; tried once."""
        self._happen(Input.UNREGISTER, now)

    def aim(self, flow: Flow) -> None:
        """The registrar is found elsewhere from the next REGISTER on."""
        self._flow = flow

    def try_again(self, now: float) -> None:
        """Do not wait for the next attempt after one that failed."""
        self._happen(Input.HURRY, now)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """The way to the registrar is gone, and with it our way to be called."""
        if self._stage is Stage.REGISTERED and flow.reliable and self._flow.matches(flow):
            self._status, self._reason = 503, "Connection lost"
            self._happen(Input.FLOW_LOST, now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """The registrar answers."""
        status = response.status
        if transaction is not self._transaction or status < 200:
            return
        self._status, self._reason = status, response.reason
        self._retry_after = retry_after_of(response)
        if status < 300:
            self._rounds = self._too_brief = 0
            self._granted = self._granted_by(response)
            self._happen(Input.ACCEPTED, now)
        elif status in (401, 407) and self._authentication.accept(response, self._rounds):
            self._rounds += 1
            self._happen(Input.ASKED, now)
        elif status == 423 and self._obey_too_brief(response):
            self._happen(Input.ASKED, now)
        else:
            self._rounds = self._too_brief = 0
            self._happen(Input.REFUSED, now)

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """The registrar is silent or out of reach."""
        if transaction is self._transaction:
            self._status, self._reason = status, reason_of(status)
            self._retry_after = None
            self._happen(Input.REFUSED, now)

    def _on_timer(self, now: float) -> None:
        self._happen(Input.DUE, now)

    def _happen(self, what: Input, now: float) -> None:
        step = self._row.get(what)
        if step is not None:
            self._stage, self._row, action = step
            action(self, now)

    # What is done about it; named by the table

    def send_register(self, now: float) -> None:
        """One REGISTER, with the same Call-ID each time and the next CSeq number (10.2.4)."""
        core, wanted, flow = self._core, self._registration, self._flow
        core.wheel.cancel(self._timer)
        self._number += 1
        branch = core.token()
        uri = clean(wanted.registrar_uri)
        credentials = self._authentication.lines("REGISTER", uri, core.token)
        contact = core.contact(flow, wanted.contact_user).removesuffix("\r\n")
        data = encode(
            f"REGISTER {uri} SIP/2.0\r\n{core.via(flow)}{branch}\r\n{MAX_FORWARDS}"
            f"{route_lines(wanted.routes)}"
            f"From: {clean(self._from)}\r\nTo: {clean(str(wanted.aor))}\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {self._number} REGISTER\r\n"
            f"{contact};expires={self._expires}\r\nExpires: {self._expires}\r\n"
            f"{core.agent_line}{credentials}"
        )
        self._transaction = core.layer.request(
            "REGISTER", branch, flow, self._call_id, data, self, now
        )
        if wanted.hurried:
            self._transaction.wait(PATIENCE_IN_T1 * core.timers.t1, now)

    def send_unregister(self, now: float) -> None:
        """The same with no time at all (10.2.2)."""
        self._expires = 0
        self._rounds = 0
        self.send_register(now)

    def renew_later(self, now: float) -> None:
        """Tell, and set the time of the next REGISTER."""
        self._pause = FIRST_PAUSE
        name = self._registration.name
        self._core.events.append(RegistrationSucceeded(name, self._granted))
        self._timer = self._core.wheel.schedule(now + self._granted * RENEW_AT, self._on_timer)

    def try_again_later(self, now: float) -> None:
        """Tell, and set the time of the next attempt."""
        self._core.wheel.cancel(self._timer)
        name = self._registration.name
        self._core.events.append(RegistrationFailed(name, self._status, self._reason))
        pause = self._pause
        if self._retry_after is not None:
            pause = min(max(pause, self._retry_after), LONGEST_PAUSE)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._timer = self._core.wheel.schedule(now + pause, self._on_timer)

    def tell_unregistered(self, now: float) -> None:
        """It is gone, whatever the registrar said: it would expire anyway."""
        self._core.events.append(RegistrationSucceeded(self._registration.name, 0))
        self._on_gone(self._registration.name)

    def _obey_too_brief(self, response: Response) -> bool:
        """Take in a 423; whether another REGISTER may succeed."""
        least = least_seconds(response)
        self._too_brief += 1
        if least is None or self._too_brief > MAX_TOO_BRIEF:
            return False
        if self._stage is Stage.UNREGISTERING:
            return False
        self._expires = least
        return True

    def _granted_by(self, response: Response) -> int:
        contact = self._core.contact(self._flow, self._registration.contact_user)
        return granted_seconds(response, contact.partition(": ")[2].strip(), self._expires)


Action = Callable[[RegistrationSession, float], None]


_ROWS = compile_table(REGISTRATION, lambda name: cast("Action", getattr(RegistrationSession, name)))
