"""Peers that break off, and strangers that send what nobody asked for."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from cordboard.media import g711
from support.audio import sine
from support.own_phone import OwnPhone
from support.ports import LOOPBACK, free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, sdp
from support.tones import heard
from support.waiting import BOUND, let_last, wait_until

NUMBER = "0312341234"
CONTEXT = "1111"
T1 = 0.1
STRANGER = "127.0.0.9"
STRANGE_HZ = 700.0
FRAME = 160


def test_a_connection_that_breaks_while_it_rings(tmp_path: Path) -> None:
    """The leg has failed at once: nobody waits for a phone that cannot answer any more."""
    with closing(socket.create_server((LOOPBACK, 0))) as listening:
        port = listening.getsockname()[1]
        trunk = Trunk("pstn", "", 0, uri=f"sip:{LOOPBACK}:{port};transport=tcp")
        hung_up = threading.Thread(target=_ring_and_vanish, args=(listening,))
        hung_up.start()
        with CordboardServer(tmp_path / "server", trunk, t1=T1) as server:
            placed = server.basix("call_external", target=NUMBER, destination=CONTEXT)
            server.wait_event(placed.call, "channel.ringing")
            result = result_of(server.wait_ended(placed.call))
        hung_up.join(5.0)
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 503)


@pytest.mark.interop("sipp")
def test_a_stranger_is_not_heard(tmp_path: Path) -> None:
    """Audio from an address that no description named reaches nobody, and nothing comes back."""
    script = (
        Script("talk")
        .expect("INVITE")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .pause(1500)
        .hang_up(1)
    )
    port, recording = free_ports(), tmp_path / "jessica.wav"
    with (
        CordboardServer(tmp_path / "server", Trunk("pstn", "", port), t1=T1) as server,
        OwnPhone(
            *("jessica-desk", server.sip, "--answer-after", "0", "--record", recording)
        ) as jessica,
        Sipp(tmp_path, script, port=port) as sipp,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as stranger,
    ):
        stranger.bind((STRANGER, 0))
        stranger.settimeout(0.2)
        placed = server.basix("call_user", user_name="jessica", destination=NUMBER)
        server.wait_event(placed.call, "call.bridged")
        ours = wait_until(lambda: _media_port(sipp), BOUND, "the INVITE's port")
        for packet in _packets(1.0):
            stranger.sendto(packet, (LOOPBACK, ours))
            let_last(0.01)
        with pytest.raises(TimeoutError):
            stranger.recv(1)
        events = server.wait_ended(placed.call)
        jessica.wait_for("recorded")
    assert result_of(events)["outcome"] == "completed"
    assert heard(recording, [STRANGE_HZ]) == []
    (second,) = [e for e in events if e["kind"] == "channel.ended" and e["leg"] == "second"]
    assert second["data"]["media"]["packets_received"] == 0


def _ring_and_vanish(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.settimeout(5.0)
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        copied = re.findall(rb"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", data, re.MULTILINE)
        head = b"SIP/2.0 180 Ringing\r\n" + b"".join(copied).replace(b"\r\nCall", b";tag=1\r\nCall")
        connection.sendall(head + b"Content-Length: 0\r\n\r\n")


def _media_port(sipp: Sipp) -> int | None:
    for invite in sipp.received("INVITE"):
        found = re.search(r"^m=audio (\d+)", invite, re.MULTILINE)
        if found is not None:
            return int(found.group(1))
    return None


def _packets(seconds: float) -> list[bytes]:
    """A second of a tone as RTP (RFC 3550 5.1), PCMU."""
    audio = g711.encode(sine(STRANGE_HZ, seconds, 8000), "PCMU")
    return [
        b"\x80\x00"
        + number.to_bytes(2, "big")
        + (number * FRAME).to_bytes(4, "big")
        + b"evil"
        + audio[number * FRAME : (number + 1) * FRAME]
        for number in range(len(audio) // FRAME)
    ]
