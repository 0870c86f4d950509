"""baresip 1.0 as a phone in tests: configured, started, driven and listened to.

It is driven over its ``ctrl_tcp`` module (netstrings of JSON), which also tells its events; SIP
messages and the caller's name come from its printed log. Each phone plays a tone of its own and
records what it hears, so that who heard whom is measured and not assumed.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cordboard.addresses import written
from support.block import Block
from support.place import HERE, Place
from support.ports import free_ports
from support.program import Program
from support.tones import recorded_seconds, write_tone
from support.waiting import BOUND, Observed, wait_until

MODULES = Path("/usr/lib/baresip/modules")
RTP_PORTS = 40
# SIP, the one above it that baresip would take for TLS, control, and a gap (see sip_listen).
CONTROL_OFFSET = 3
START_SECONDS = 10.0

CONFIG = """\
poll_method epoll
sip_listen {sip_listen}
call_local_timeout 120
call_max_calls 4
audio_path {folder}
audio_source aufile,{tone}
audio_player aubridge,heard-{sip}
audio_alert aubridge,alert-{sip}
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode poll
rtp_ports {rtp_first}-{rtp_last}
rtcp_mux no
jitter_buffer_delay {jitter_buffer}
net_interface {host}
module_path {modules}
module g711.so
module aubridge.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module ctrl_tcp.so
ctrl_tcp_listen {control_listen}
snd_path {folder}
"""


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """One event of ctrl_tcp: its time (monotonic seconds), type, and what came with it."""

    at: float
    type: str
    data: dict[str, Any]

    @property
    def parameter(self) -> str:
        """The reason of a CALL_CLOSED or REGISTER_FAIL, the peer of others."""
        return str(self.data.get("param", ""))


class BaresipPhone(Block):
    """One baresip with one account.

    :param folder: an empty folder for its configuration, tone and recordings.
    :param server: host and port where it registers; None: it does not (``account`` is then called
        at its own address).
    :param answer: whether it answers by itself at once.
    :param tone_hz: the tone that it sends.
    :param codecs: what it has, the best first.
    :param modules: of its own modules, what these need beyond G.711.
    :param expires: for how many seconds it registers, again and again.
    :param keeps_flow: whether it names its flow and keeps it open (RFC 5626), over UDP by STUN.
    :param place: where it runs.
    :param start_seconds: how long it may take to start and register.
    :param jitter_buffer: in packets; "0-0" for none, as baresip 1.0 drops what comes from another
        source in a call if that counts its packets from a lower number.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        *,
        server: tuple[str, int] | None = None,
        domain: str | None = None,
        secret: str = "",
        transport: str = "udp",
        answer: bool = False,
        tone_hz: float = 440.0,
        codecs: str = "pcmu,pcma",
        modules: tuple[str, ...] = (),
        expires: int = 60,
        keeps_flow: bool = False,
        place: Place = HERE,
        start_seconds: float = START_SECONDS,
        jitter_buffer: str = "1-5",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if keeps_flow:
            modules = (*modules, "uuid")  # which names the phone
        self._place = place
        self._start_seconds = start_seconds
        self.folder = folder
        self.account = account
        self.tone_hz = tone_hz
        self.sip_port = free_ports(CONTROL_OFFSET + 1, self)
        self._control_port = self.sip_port + CONTROL_OFFSET
        tone = folder / "tone.wav"
        write_tone(tone, tone_hz, seconds=60.0)
        rtp_first = free_ports(RTP_PORTS, self)
        (folder / "config").write_text(
            CONFIG.format(
                host=place.host,
                sip=self.sip_port,
                sip_listen=written(place.host, self.sip_port),
                control_listen=written(place.host, self._control_port),
                folder=folder,
                tone=tone,
                rtp_first=rtp_first,
                rtp_last=rtp_first + RTP_PORTS - 1,
                modules=MODULES,
                jitter_buffer=jitter_buffer,
            )
            + "".join(f"module {name}.so\n" for name in modules)
        )
        (folder / "contacts").write_text("")
        mode = "auto" if answer else "manual"
        parameters = f"answermode={mode};audio_codecs={codecs}"
        if keeps_flow:
            parameters += ";sipnat=outbound"
        if server is None:
            address = f"<sip:{account}@{written(place.host, self.sip_port)}>;regint=0"
        else:
            host, port = server
            address = (
                f"<sip:{account}@{domain or host}>;auth_user={account};auth_pass={secret};"
                f'outbound="sip:{written(host, port)};transport={transport}";regint={expires}'
            )
        accounts = folder / "accounts"
        accounts.touch(mode=0o600)
        accounts.write_text(f"{address};{parameters}\n")
        self._registers = server is not None
        self.events: Observed[PhoneEvent] = Observed()
        self._answers: Observed[dict[str, Any]] = Observed()
        self.program = Program([*place.prefix, "baresip", "-f", folder, "-s"])
        self._control: socket.socket | None = None

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Connect to its control port, and see it registered if it has a server."""
        self._control = wait_until(
            self._connect, self._start_seconds, lambda: f"baresip listens:\n{self.program.output}"
        )
        threading.Thread(target=self._read_events, args=(self._control,), daemon=True).start()
        if self._registers:
            self.wait_registered()
        return self

    def stop(self) -> None:
        """End it as a user would: unregistering."""
        if self._control is not None:
            if self.program.exit_code is None:
                try:
                    self._send("quit", "")
                    self.program.wait(5.0)
                except (OSError, AssertionError):
                    self.program.stop()
            self._control.close()
            self._control = None
        self.program.stop()

    def _begin(self) -> None:
        self.start()

    def _end(self) -> None:
        self.stop()

    # -- what a user does ----------------------------------------------------------------------

    def dial(self, uri: str) -> None:
        """Call somebody."""
        self.command("dial", uri)

    def answer(self) -> None:
        """Take the ringing call."""
        self.command("accept")

    def hang_up(self) -> None:
        """End the call, or decline it while it rings."""
        self.command("hangup")

    def hold(self) -> None:
        """Put the other on hold."""
        self.command("hold")

    def resume(self) -> None:
        """Take the other off hold."""
        self.command("resume")

    def send_digit(self, digit: str) -> None:
        """Press a key, by telephone events."""
        self.command("sndcode", digit)

    def command(self, name: str, parameters: str = "") -> str:
        """Run a command of baresip's menu; what it printed for it."""
        place = len(self._answers)
        self._send(name, parameters)
        answer = self._answers.wait_for(
            lambda _: True, BOUND, f"baresip answers {name}", after=place
        )
        assert answer.get("ok"), f"baresip refused {name} {parameters}: {answer}"
        return str(answer.get("data", ""))

    # -- what happens to it ----------------------------------------------------------------------

    def wait_for(self, kind: str, seconds: float = 5.0, *, after: int = 0) -> PhoneEvent:
        """The first event of a type; ``after`` as from :attr:`events`' length."""
        return self.events.wait_for(
            lambda event: event.type == kind, seconds, f"{self.account}: {kind}", after=after
        )

    def wait_registered(self) -> None:
        """Its registration was accepted."""
        # The event may have come before the control connection; the printed log has it for sure.
        self.program.lines.wait_for(
            lambda line: "200 OK" in line and self.account in line and "{" in line,
            self._start_seconds,
            f"{self.account} registers",
        )

    def wait_ringing(self, seconds: float = 5.0, *, after: int = 0) -> PhoneEvent:
        """A call comes in."""
        return self.wait_for("CALL_INCOMING", seconds, after=after)

    def wait_established(self, seconds: float = 5.0, *, after: int = 0) -> PhoneEvent:
        """A call of it is answered and acknowledged."""
        return self.wait_for("CALL_ESTABLISHED", seconds, after=after)

    def wait_closed(self, seconds: float = 5.0, *, after: int = 0) -> PhoneEvent:
        """A call of it is over; the reason is the event's parameter."""
        return self.wait_for("CALL_CLOSED", seconds, after=after)

    def happened(self, kind: str) -> bool:
        """Whether there has been an event of a type."""
        return any(event.type == kind for event in self.events.all())

    def messages(self, start: str) -> list[str]:
        """The SIP messages of its trace whose first line begins so, such as ``CANCEL``."""
        return [text for text in self._trace() if text.startswith(start)]

    def wait_message(self, start: str, seconds: float = 5.0) -> str:
        """The first such message; the trace may come a little later than the event it is about."""
        found = wait_until(
            lambda: self.messages(start), seconds, f"{self.account} shows {start} in its trace"
        )
        return found[0]

    def replaces(self, call_id: str) -> str:
        """The escaped Replaces by which the server knows a call that it has dialled (RFC 3891); its
        own menu knows transfers to somebody new only."""

        def answers() -> list[str]:
            """Those of its INVITE; the trace may come a little later than the event."""
            told = [text for text in self.messages("SIP/2.0 200") if call_id in text]
            return [text for text in told if re.search(r"CSeq: \d+ INVITE", text)]

        answer = wait_until(answers, 5.0, f"{self.account} shows the answer to {call_id}")[-1]
        ours, theirs = (
            re.findall(rf"^{name}: .*;tag=([^;\s]+)", answer, re.MULTILINE)[0]
            for name in ("From", "To")
        )
        return f"{call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"

    @property
    def has_recording(self) -> bool:
        """Whether it has begun to record."""
        return any(self.folder.glob("dump-*-dec.wav"))

    def has_heard(self, seconds: float) -> bool:
        """Whether its recording is so long by now."""
        return self.has_recording and recorded_seconds(self.recording()) > seconds

    def recording(self) -> Path:
        """What it heard in its last call; complete once the call is over."""
        files = sorted(self.folder.glob("dump-*-dec.wav"))
        assert files, f"{self.account} has recorded nothing"
        return files[-1]

    def said(self) -> Path:
        """What it sent in its last call."""
        return sorted(self.folder.glob("dump-*-enc.wav"))[-1]

    # -- inside ------------------------------------------------------------------------------------

    def _connect(self) -> socket.socket | None:
        if self.program.exit_code is not None:
            raise AssertionError(f"baresip ended:\n{self.program.output}")
        try:
            return self._place.connect(self._control_port, 1.0)
        except OSError:
            return None

    def _send(self, name: str, parameters: str) -> None:
        assert self._control is not None, "the phone is not started"
        body = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        self._control.sendall(b"%d:%s," % (len(body), body))

    def _read_events(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        buffer = b""
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while (message := _netstring(buffer)) is not None:
                text, buffer = message
                self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("event"):
            self.events.add(PhoneEvent(time.monotonic(), str(message["type"]), message))
        elif message.get("response"):
            self._answers.add(message)

    def _trace(self) -> list[str]:
        """SIP messages stand between a line with the addresses and one that ends the colour."""
        messages: list[str] = []
        current: list[str] | None = None
        for line in self.program.lines.all():
            if line.startswith(("UDP ", "TCP ")) and " -> " in line:
                current = []
            elif line.startswith("\x1b[;m") and current is not None:
                messages.append("\n".join(current))
                current = None
            elif current is not None:
                current.append(line)
        return messages


def _netstring(buffer: bytes) -> tuple[bytes, bytes] | None:
    """The first complete netstring and the rest."""
    length, colon, rest = buffer.partition(b":")
    if not colon or len(rest) <= int(length):
        return None
    size = int(length)
    return rest[:size], rest[size + 1 :]
