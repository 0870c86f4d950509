"""Session timers (RFC 4028): how a call ends whose other side is gone without a word.

Theory of operation. Both sides agree on an interval and on who refreshes the session before it has
passed. Who refreshes does so at half the interval; who does not hangs up a little before its end
(10). A peer that knows nothing of this is refreshed by us all the same: that its silence ends the
call is the purpose of it. Any answer to a refresh, even a refusal, shows that it is alive; only
408, 481 and silence end the session (3261 12.2.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from cordboard.sip.events import EndedBy
from cordboard.sip.glare import has_collided, pause_after
from cordboard.sip.grammar import delta_seconds
from cordboard.sip.methods import SUPPORTED_LINE
from cordboard.sip.reliable import has_option
from cordboard.sip.wheel import NEVER, Timer

if TYPE_CHECKING:
    from cordboard.sip.message import Message, Request, Response
    from cordboard.sip.session import Session

OPTION_TAG: Final = "timer"
DEFAULT_MIN_SE: Final = 90
"""Seconds: what a missing Min-SE means (RFC 4028 3)."""

LEAST_INTERVAL: Final = 4
"""Seconds: a peer that wants to be refreshed more often has a fault."""

MAX_INTERVAL: Final = 24 * 3600
MARGIN: Final = 32.0
"""Seconds before the end at which who waits for a refresh hangs up; a third at most (10)."""


class SessionTimer(Timer):
    """The timer of one session, which it refreshes or ends when it is time."""

    __slots__ = ("_allowed", "_core", "_interval", "_least", "_of", "_refreshed_at", "_we_refresh",
                 "agreed")  # fmt: skip

    def __init__(self, session: Session) -> None:
        self.due = self.entered = NEVER  # as a timer is made
        self._of: Session | None = session
        self._core = core = session.core
        self._least = least = core.settings.min_se
        wanted = core.settings.session_expires
        self._interval = max(wanted, least) if wanted else 0
        self._we_refresh = True
        self._refreshed_at = 0.0
        self._allowed: Sequence[str] = ()  # the peer's Allow headers, read when it matters
        self.agreed = False
        """Whether the peer takes part."""

    def learn(self, message: Message) -> None:
        """Take note of how the peer can be refreshed, from its INVITE or 2xx."""
        self._allowed = message.headers.get("allow", ())

    # Requests of ours

    def request_lines(self) -> str:
        """What an INVITE or UPDATE of ours says about it."""
        if not self._interval:
            return ""
        refresher = ""
        if self.agreed:
            refresher = f";refresher={'uac' if self._we_refresh else 'uas'}"
        least = "" if self._least == DEFAULT_MIN_SE else f"Min-SE: {self._least}\r\n"
        return f"Session-Expires: {self._interval}{refresher}\r\n{least}"

    def is_asked_for_more(self, response: Response) -> bool:
        """Take in a 422; whether it asks for a longer interval than before (6)."""
        least = _seconds_of(response, "min-se")
        if least is None or least <= self._interval or least > MAX_INTERVAL:
            return False
        self._interval = self._least = least
        return True

    def take_answer(self, response: Response, sent_at: float, now: float) -> None:
        """A 2xx to an INVITE or UPDATE of ours (7.2) that was sent at ``sent_at``.

        The peer counts from its answer, which may reach us late: we refresh as if it had come at
        once, and hang up as if it had been sent only now.
        """
        self._refreshed_at = max(self._refreshed_at, sent_at)
        interval = _seconds_of(response, "session-expires")
        self.agreed = interval is not None
        self._we_refresh = True
        if interval is not None:
            self._interval = min(max(interval, LEAST_INTERVAL), MAX_INTERVAL)
            self._we_refresh = _refresher_of(response) != "uas"
        self._restart(now)

    # Requests of the peer

    def refuses(self, request: Request) -> str | None:
        """The Min-SE line to refuse a request with 422 that wants too short an interval (9)."""
        wanted = _seconds_of(request, "session-expires")
        least = self._core.settings.min_se  # not what a peer asked for by 422: that holds for ours
        if wanted is None or wanted >= least or not has_option(request, "supported", "timer"):
            return None
        return f"Min-SE: {least}\r\n"

    def answer_lines(self, request: Request, now: float) -> str:
        """What a 2xx to an INVITE or UPDATE of the peer says about it; the time begins anew (9).

        Only a peer that says so itself is left to refresh. Many name ``timer`` in every message
        and no interval, or it was a proxy that asked for one (8.1): those may never do it, and a
        call that is well would be hung up.
        """
        wanted = _seconds_of(request, "session-expires")
        refresher = _refresher_of(request)
        self._refreshed_at = now
        self._we_refresh = refresher != "uac"
        self.agreed = refresher is not None or has_option(request, "supported", OPTION_TAG)
        if wanted is not None:
            self._interval = min(max(wanted, LEAST_INTERVAL), MAX_INTERVAL)
        self._restart(now)
        if not self._interval or (wanted is None and not self.agreed):
            return ""
        who = "uas" if self._we_refresh else "uac"
        require = "" if self._we_refresh else f"Require: {OPTION_TAG}\r\n"
        return f"{require}Session-Expires: {self._interval};refresher={who}\r\n"

    # Time

    def _restart(self, now: float) -> None:
        interval = self._interval
        if not interval:
            self.due = NEVER
        elif self._we_refresh:
            self._core.wheel.start(self, max(self._refreshed_at + interval / 2, now))
        else:
            self._core.wheel.start(self, now + interval - min(MARGIN, interval / 3))

    def refused(self, now: float) -> None:
        """A refresh or an offer of ours was refused. The peer is alive, but does not count anew:
        where it takes part another refresh has to come before it hangs up."""
        if self.due == NEVER and self._interval and self._we_refresh:
            self.postpone(self._interval / (8 if self.agreed else 2), now)

    def postpone(self, seconds: float, now: float) -> None:
        """It is time to refresh or to expire, but something else is under way."""
        self._core.wheel.start(self, now + seconds)

    def ring(self, now: float) -> None:
        """It is time to refresh or to expire."""
        if self._we_refresh:
            self._refresh(now)
        else:
            self._expire(now)

    def _refresh(self, now: float) -> None:
        """Half the interval has passed: by UPDATE where the peer takes it, else by re-INVITE."""
        session = self._of
        if session is None:
            return
        if session.negotiation.busy or not session.up:
            self.postpone(self._core.timers.t1, now)
        elif any("UPDATE" in methods for methods in self._allowed):
            lines = session.need_dialog().contact + SUPPORTED_LINE + self.request_lines()
            session.ask("UPDATE", partial(self._on_refreshed, now), now, lines)
        else:
            session.negotiation.repeat(now)

    def _on_refreshed(
        self, sent_at: float, status: int, response: Response | None, now: float
    ) -> None:
        session = self._of
        if session is None or session.over:
            return
        if response is not None and 200 <= status < 300:
            self.take_answer(response, sent_at, now)
        elif status in (405, 501):  # it said that it could
            self._allowed = ()
            self._refresh(now)
        elif response is not None and status == 422 and self.is_asked_for_more(response):
            self._refresh(now)
        elif response is not None and has_collided(response):
            pause = pause_after(response, self._core, is_owner=session.is_owner)
            self.postpone(pause, now)
        else:
            session.on_probe_answered(status, response, now)
            if not session.over:
                self.refused(now)

    def _expire(self, now: float) -> None:
        """The peer has not refreshed the session in time (10). If it is we who let its offer wait
        it is not the one that is gone, and what still rings is not in session."""
        session = self._of
        if session is None:
            return
        if session.negotiation.answering or not session.up:
            self.postpone(self._core.timers.t1, now)
        else:
            session.leave(now, EndedBy.TIMEOUT)

    def let_go(self) -> None:
        """Forget the session."""
        self.due = NEVER
        self._of = None
        self._allowed = ()


def _seconds_of(message: Message, header: str) -> int | None:
    """The delta-seconds that a header begins with, None where there are none."""
    values = message.headers.get(header)
    return None if values is None else delta_seconds(values[0].partition(";")[0].strip())


def _refresher_of(message: Message) -> str | None:
    """The ``refresher`` parameter of Session-Expires in lower case: ``uac`` or ``uas``."""
    parameters = (message.first("session-expires") or "").lower().replace(" ", "").split(";")[1:]
    return next((one[10:] for one in parameters if one.startswith("refresher=")), None)
