from __future__ import annotations

from cordboard.sip.flow import Flow
from cordboard.sip.trace import TraceRecord
from support.sip_network import PHONE, SERVER

FLOW = Flow("udp", SERVER, PHONE)


def record(data: bytes) -> TraceRecord:
    return TraceRecord(1.0, True, FLOW, "c", False, data)


def test_says_what_a_ladder_shows() -> None:
    seen = record(b"INVITE sip:a@b SIP/2.0\r\nCSeq: 7 INVITE\r\n\r\nv=0\r\n")
    assert seen.summary == "INVITE sip:a@b SIP/2.0"
    assert seen.cseq == "7 INVITE"
    assert record(b"nothing at all").cseq == ""


def test_credentials_are_removed() -> None:
    seen = record(
        b"REGISTER sip:a SIP/2.0\r\nAuthorization: Digest username=x,\r\n response=secret\r\n"
        b"proxy-authorization : Digest secret\r\nCSeq: 1 REGISTER\r\n\r\nAuthorization: body"
    )
    assert b"secret" not in seen.data
    assert b"secret" not in repr(seen).encode()
    assert b"CSeq: 1 REGISTER\r\n\r\nAuthorization: body" in seen.data
    assert seen.data.count(b"(removed)") == 2
