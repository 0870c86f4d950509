"""An INVITE of a caller that was not answered when the process was killed, as the next one refuses
it."""

from __future__ import annotations

from cordboard.sip.flow import Flow
from cordboard.sip.remains import OfferRemains
from support.killed_process import REASON, Processes
from support.sip_network import PHONE, SERVER

FLOW = Flow("udp", SERVER, PHONE)
VIA = "SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKcaller;rport=5060;received=10.0.0.7"
REMAINS = OfferRemains(
    FLOW,
    "sip:1002@demo",
    (VIA, "SIP/2.0/UDP p2;branch=z9hG4bKfar"),
    "<sip:desk@demo>;tag=theirs",
    "<sip:1002@demo>",
    "7 INVITE",
    "ours",
)


def test_the_caller_is_refused_until_he_acknowledges() -> None:
    processes = Processes()
    after = processes.kill()
    ended: list[str] = []
    core, now = after.stack._core, after.now
    assert after.stack.end_left_over("c@x", REMAINS, None, REASON, lambda: ended.append("c"), now)
    after.wait(0.0)
    refusal = after.take_response(503)
    assert refusal.headers["via"] == list(REMAINS.via)
    assert refusal.need("to") == "<sip:1002@demo>;tag=ours"
    assert refusal.need("from") == REMAINS.from_
    assert (refusal.need("cseq"), refusal.need("call-id")) == ("7 INVITE", "c@x")
    assert refusal.need("reason") == REASON
    after.wait(core.layer.timers.t1)
    assert after.take_response(503).headers == refusal.headers
    after.wait(core.layer.timers.timeout + 1.0)
    assert ended == ["c"]


def test_over_a_connection_there_is_nobody_to_refuse() -> None:
    after = Processes().kill()
    ended: list[str] = []
    now, gone = after.now, REMAINS._replace(flow=FLOW._replace(transport="tcp"))
    assert not after.stack.end_left_over("c", gone, None, REASON, lambda: ended.append("c"), now)
    assert ended == ["c"]
