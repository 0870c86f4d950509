"""A peer's INVITE that was not answered when its process was killed: its caller is refused by the
next one, instead of hearing ringback until he gives up.

The transaction is had again, so that the refusal is repeated until its ACK (RFC 3261 17.2.1). Over
a connection it can't be: that went with the process, and its end has told the peer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from cordboard.sip.lines import line
from cordboard.sip.message import Request
from cordboard.sip.remains import OfferRemains
from cordboard.sip.responses import build_response
from cordboard.sip.transaction_layer import server_key

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.server_transaction import ServerTransaction

STATUS: Final = 503
"""Who may try another server does so, who may not has an answer (21.5.4)."""


def keep_offer(core: Core, transaction: ServerTransaction, request: Request) -> None:
    """Hand out what the refusal of an INVITE is made of, before its caller hears of us."""
    if core.keeper is None or transaction.flow.reliable:
        return
    remains = OfferRemains(
        transaction.flow,
        request.uri,
        tuple(request.headers["via"]),
        request.need("from"),
        request.need("to"),
        request.need("cseq"),
        transaction.to_tag,
    )
    core.keeper.keep(transaction.call_id, remains)


def refuse_left_offer(
    core: Core,
    call_id: str,
    remains: OfferRemains,
    reason: str,
    done: Callable[[], None],
    now: float,
) -> bool:
    """Refuse a caller of an earlier process; whether anything is under way. ``done`` is called once
    the refusal is repeated no more. Raises :class:`SipParseError` and :class:`SipBuildError`."""
    headers = {
        "via": list(remains.via),
        "from": [remains.from_],
        "to": [remains.to],
        "call-id": [call_id],
        "cseq": [remains.cseq],
    }
    request = Request("INVITE", remains.uri, headers)
    key = server_key(request, "INVITE")
    if remains.flow.reliable or key in core.layer.servers:  # it has come again, to this process
        done()
        return False
    why = line("reason", reason) if reason else ""
    refusal = build_response(request, STATUS, remains.tag, lines=core.agent_line + why)
    transaction = core.layer.serve(key, request, remains.flow, call_id, remains.tag)
    transaction.respond(STATUS, refusal, now)
    core.wheel.schedule(now + core.layer.timers.timeout, partial(_over, done))
    return True


def _over(done: Callable[[], None], _now: float) -> None:
    done()
