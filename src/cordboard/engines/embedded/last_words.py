"""The one last word about a channel, by what its SIP session ended with."""

from __future__ import annotations

from collections.abc import Callable, Container

from cordboard.calls.causes import Cause, cause_of_ending
from cordboard.calls.ports import Failed, RedirectTarget, Released
from cordboard.calls.said import NOTHING, readable
from cordboard.engines.embedded.reasons import said_in
from cordboard.engines.embedded.redirects import redirect_targets
from cordboard.media.figures import MediaFigures
from cordboard.sip.events import EndedBy, InviteFailed, SessionEnded


def of_failure(
    channel: str, event: InviteFailed, tried: str, ours: Callable[[], Container[str]]
) -> Failed:
    """A dial that was refused, or that nobody answered.

    ``tried`` says what was tried in vain, where that belongs to the reason; ``ours`` gives the
    hosts that mean this server or the peer, for redirects.
    """
    redirects: tuple[RedirectTarget, ...] = ()
    if event.contacts and not event.local:
        redirects = redirect_targets(event.contacts, ours())
    return Failed(
        channel,
        event.status,
        readable(event.reason) + tried,
        event.local,
        redirects,
        said_in(event.reason_header, event.retry_after),
    )


def of_release(
    channel: str, event: SessionEnded, hung_up_for: Cause | None, figures: MediaFigures | None
) -> Released:
    """A call that was answered; ``hung_up_for`` is why we hung it up, if we did."""
    if hung_up_for is not None:
        return Released(channel, False, hung_up_for, figures, NOTHING)
    if event.by is EndedBy.REMOTE:
        said = said_in(event.reason_header)
        return Released(channel, True, cause_of_ending(said.q850), figures, said)
    # All is shut down, or the peer does not answer any more.
    cause = Cause.INTERRUPTED if event.by is EndedBy.LOCAL else Cause.UNREACHABLE
    return Released(channel, False, cause, figures, NOTHING)
