"""Answers to INVITEs that nobody here remembers: from before a restart, or after a call's end.

A 2xx whose From tag is signed by us for its Call-ID is a phone that believes to be in a call with
us: it is acknowledged and hung up. Whatever else belongs to nothing is dropped (RFC 3261 18.1.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.address import tag_of
from cordboard.sip.authentication import NO_CREDENTIALS, Authentication
from cordboard.sip.dialog import Dialog, contact_of
from cordboard.sip.dialog_request import DialogRequest
from cordboard.sip.lines import reason_line
from cordboard.sip.route_set import routes_of_response

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Response


def hang_up_stray(core: Core, response: Response, flow: Flow, now: float) -> None:
    """Send ACK and BYE for a 2xx to an INVITE that was ours; one BYE at a time for each.

    Raises :class:`~cordboard.sip.errors.SipParseError` where the response can't be read.
    """
    number, method = response.cseq
    if method != "INVITE" or not 200 <= response.status < 300 or core.full:
        return
    call_id, from_, to = response.call_id, response.need("from"), response.need("to")
    local_tag, remote_tag = tag_of(from_) or "", tag_of(to) or ""
    if not core.signs(call_id, local_tag):
        return
    session = core.sessions.get(call_id)
    if session is not None and session.owns(local_tag, remote_tag):
        if session.dialog is None:
            return  # it still rings there, by its own branch: this one is no answer to anything
        # A repeat that was long on its way, of a call that is well and alive
        ours = session.dialog
        core.layer.send(ours.flow, ours.request("ACK", number, core.token()), call_id, now)
        return
    hang_up_answer(core, response, flow, NO_CREDENTIALS, now)


def hang_up_answer(
    core: Core,
    response: Response,
    flow: Flow,
    authentication: Authentication,
    now: float,
    *,
    reason: str | None = None,
    credentials: str = "",
    sticky: bool = True,
    begun: Callable[[Dialog], None] | None = None,
    done: Callable[[int, float], None] | None = None,
) -> bool:
    """Acknowledge a 2xx to an INVITE that has no session, and hang it up, unless that is under way
    already; False where it can't be answered.

    The ACK has the INVITE's ``credentials`` lines. ``begun`` is told of the dialog before anything
    is sent, ``done`` is called after the BYE, with the
    status that ended it and ``now``.
    """
    target = contact_of(response)
    if target is None:
        return False
    from_, to = response.need("from"), response.need("to")
    number = response.cseq[0]
    dialog = Dialog(
        core,
        call_id=response.call_id,
        local=from_,
        local_tag=tag_of(from_) or "",
        remote=to,
        remote_tag=tag_of(to) or "",
        target=target,
        routes=routes_of_response(response),
        origin=flow,
        sticky=sticky,
        contact_user="cordboard",
        local_number=number,
        remote_number=None,
    )
    if begun is not None:
        begun(dialog)
    ack = dialog.request("ACK", number, core.token(), credentials)
    core.layer.send(dialog.flow, ack, dialog.call_id, now)
    part(core, dialog, authentication, reason, now, done)
    return True


def part(
    core: Core,
    dialog: Dialog,
    authentication: Authentication,
    reason: str | None,
    now: float,
    done: Callable[[int, float], None] | None = None,
) -> None:
    """Send the BYE of a dialog that no session stands for, one at a time; ``done`` is called once
    nothing more will come of it, with the status that ended it and ``now``."""
    key = (dialog.call_id, dialog.remote_tag)

    def over(status: int, _response: Response | None, now: float) -> None:
        core.goodbyes.pop(key, None)
        if done is not None:
            done(status, now)

    if key not in core.goodbyes:
        lines = reason_line(reason)
        core.goodbyes[key] = DialogRequest(
            core, dialog, authentication, "BYE", over, now, lines=lines
        )
    elif done is not None:
        done(200, now)
