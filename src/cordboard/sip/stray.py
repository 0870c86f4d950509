"""Answers to INVITEs that nobody here remembers: from before a restart, or after a call's end.

A 2xx whose From tag is signed by us for its Call-ID is a phone that believes to be in a call with
us: it is acknowledged and hung up. Whatever else belongs to nothing is dropped (RFC 3261 18.1.2).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cordboard.sip.address import tag_of
from cordboard.sip.authentication import Authentication
from cordboard.sip.dialog import Dialog, contact_of, routes_of_response
from cordboard.sip.dialog_request import say_goodbye

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
    target = contact_of(response)
    if target is None:
        return
    dialog = Dialog(
        core,
        call_id=call_id,
        local=from_,
        local_tag=local_tag,
        remote=to,
        remote_tag=remote_tag,
        target=target,
        routes=routes_of_response(response),
        origin=flow,
        sticky=True,
        contact_user="cordboard",
        local_number=number,
        remote_number=None,
    )
    core.layer.send(dialog.flow, dialog.request("ACK", number, core.token()), call_id, now)
    key = (call_id, remote_tag)
    if key not in core.goodbyes:
        done = partial(_forget, core, key)
        core.goodbyes[key] = say_goodbye(core, dialog, Authentication(None), None, done, now)


def _forget(core: Core, key: tuple[str, str]) -> None:
    core.goodbyes.pop(key, None)
