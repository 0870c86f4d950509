"""A trunk's servers as one call tries them: one after the other, until one takes it.

Theory of operation (RFC 3263 4.3). A server has failed that says nothing in time, that can't be
reached, or that answers 503; then the next one gets an INVITE of its own, under the same Call-ID.
Any other answer is an answer, whatever server gives it. Once anything but 100 has come the call may
be ringing somewhere: from then on the channel asks for no other server, so that never two of them
ring the same person. What a server that was given up says later the stack meets with CANCEL or BYE.

A server that said nothing, or that asked by Retry-After to be left alone, is put down for that, so
that later calls try it last. A 503 without Retry-After counts for its own call only (RFC 3261
21.5.4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cordboard.calls.said import readable
from cordboard.engines.transport import ListenError
from cordboard.sip.tries import Tries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cordboard.engines.dns.locator import Locator
    from cordboard.engines.stack_runner import StackRunner
    from cordboard.sip.events import InviteFailed
    from cordboard.sip.flow import Flow
    from cordboard.sip.locating import Target
    from cordboard.sip.timers import Timers

SERVICE_UNAVAILABLE: Final = 503

Send = Callable[["TrunkServers", "Flow", "float | None"], None]
"""Sends the INVITE over a flow, to a server that may be silent for so long."""


class TrunkServers:
    """The servers of a trunk for one call, the best first; ``send`` invites one."""

    __slots__ = ("_flow", "_heard", "_locator", "_runner", "_send", "_tries")

    def __init__(
        self,
        runner: StackRunner,
        locator: Locator,
        targets: Sequence[Target],
        timers: Timers,
        send: Send,
    ) -> None:
        self._runner = runner
        self._locator = locator
        self._send = send
        self._tries = Tries(targets, timers, runner.clock())
        self._flow: Flow | None = None
        self._heard = False

    def go_on(self) -> bool:
        """Invite the next server that there is a way to; False if there is none left."""
        tries, runner = self._tries, self._runner
        while (target := tries.next(runner.clock())) is not None:
            try:
                self._flow = runner.transport.flow_to(
                    target.transport, (target.address, target.port), target.name
                )
            except ListenError as error:
                tries.failed(str(error))
                continue
            self._heard = False
            self._send(self, self._flow, tries.patience(runner.clock()))
            return True
        return False

    def heard(self) -> None:
        """The server has answered something."""
        if not self._heard and self._tries.current is not None:
            self._heard = True
            self._locator.answered(self._tries.current)

    def has_failed(self, failure: InviteFailed) -> bool:
        """Take note of how an INVITE ended; False where that was an answer."""
        fault, target = self._fault(failure), self._tries.current
        if fault is None or target is None:
            self.heard()
            return False
        self._tries.failed(fault)
        silent = failure.local and not self._heard
        if silent or failure.retry_after is not None:
            self._locator.failed(target, self._runner.clock(), failure.retry_after)
        return True

    def what_was_tried(self, failure: InviteFailed) -> str:
        """What the reason of the last failure leaves open: which servers failed, and how."""
        return f": {self.story}" if self.story and (failure.local or self._tries.several) else ""

    @property
    def story(self) -> str:
        """The servers that have failed."""
        return self._tries.story

    def _fault(self, failure: InviteFailed) -> str | None:
        """How a server has failed; None where it has refused the call."""
        if failure.local:
            if failure.status == SERVICE_UNAVAILABLE and self._flow is not None:
                return self._runner.transport.fault(self._flow)
            return "no answer"
        if failure.status == SERVICE_UNAVAILABLE:
            return f"503 {readable(failure.reason)}"
        return None
