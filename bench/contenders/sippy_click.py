"""Click-to-call by sippy's own user agents; run by the Python that has sippy.

    python sippy_click.py SIP_PORT ASK_PORT FIRST_PORT SECOND_PORT TALK_SECONDS

Each datagram to ASK_PORT holds a number N and is a call: ``aN`` is rung at FIRST_PORT, and when
it has answered ``bN`` at SECOND_PORT; both are hung up after the talk. Session descriptions are
made once, and no audio passes.
"""

from __future__ import annotations

import socket
import sys
import threading
from typing import Any

from sippy.CCEvents import CCEventConnect, CCEventDisconnect, CCEventFail, CCEventTry
from sippy.Core.EventDispatcher import ED2
from sippy.MsgBody import MsgBody
from sippy.SipConf import SipConf
from sippy.SipLogger import SipLogger
from sippy.SipTransactionManager import SipTransactionManager
from sippy.Time.Timeout import Timeout
from sippy.UA import UA

HOST = "127.0.0.1"
CALLER = "05068680000"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)


class Call:
    """Two legs, one after the other."""

    def __init__(self, config: dict[str, Any], number: str) -> None:
        self._config = config
        self._number = number
        self._first = self._dial("a", config["first"])
        self._second: Any = None

    def _dial(self, leg: str, port: int) -> Any:
        agent = UA(self._config, event_cb=self._happened, nh_address=(HOST, port))
        called = f"{leg}{self._number}"
        agent.recvEvent(CCEventTry((None, CALLER, called, MsgBody(SDP), None, None)))
        return agent

    def _happened(self, event: Any, agent: Any) -> None:
        if isinstance(event, CCEventConnect):
            if agent is self._first:
                self._second = self._dial("b", self._config["second"])
            else:
                Timeout(self._hang_up, self._config["talk"])
        elif isinstance(event, (CCEventFail, CCEventDisconnect)):
            other = self._second if agent is self._first else self._first
            if other is not None:
                other.recvEvent(CCEventDisconnect())

    def _hang_up(self) -> None:
        for agent in (self._first, self._second):
            agent.recvEvent(CCEventDisconnect())


def refuse(request: Any, _: Any) -> Any:
    """Nobody calls here, and requests of unknown dialogs are told so."""
    return (request.genResponse(481, "Call Leg/Transaction Does Not Exist"), None, None)


def listen(config: dict[str, Any], port: int) -> None:
    """Take clicks from a socket, for ever."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind((HOST, port))
    print("ready", flush=True)
    while True:
        number = asked.recv(64).decode()
        ED2.callFromThread(Call, config, number)


def main() -> None:
    """Serve until killed."""
    sip, ask, first, second = map(int, sys.argv[1:5])
    SipConf.my_uaname = "sippy"
    config: dict[str, Any] = {
        "_sip_address": HOST,
        "_sip_port": sip,
        "_sip_logger": SipLogger("click"),
        "first": first,
        "second": second,
        "talk": float(sys.argv[5]),
    }
    config["_sip_tm"] = SipTransactionManager(config, refuse)
    threading.Thread(target=listen, args=(config, ask), daemon=True).start()
    ED2.loop()


main()
