"""linphone 5 as a phone in tests, headless: its console program, with files for a sound card.

It reads commands from its standard input and tells in words what happens. Like baresip in these
tests it says a tone of its own and records what it hears.
"""

from __future__ import annotations

import re
from pathlib import Path

from support.block import Block
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.server import DOMAIN
from support.tones import write_tone
from support.waiting import wait_until

START_SECONDS = 10.0
SECONDS = 10.0
TONE = "tone.wav"

# It is told that there is a network, for it takes loopback for none.
CONFIG = """\
[sip]
bind_address={host}
sip_port={udp}
sip_tcp_port={tcp}
sip_tls_port={tls}
use_ipv6=0
guess_hostname=0
contact="{account}" <sip:{account}@{host}>
auto_net_state_mon=0
register_only_when_network_is_up=0
root_ca={authority}
use_info={info}
use_rfc2833={events}
default_proxy=0
[net]
firewall_policy=0
[rtp]
bind_address={host}
audio_rtp_port={rtp}
[proxy_0]
reg_proxy=<sip:{server};transport={transport}>
reg_route=<sip:{server};transport={transport};lr>
reg_identity="{account}" <sip:{account}@{domain}>
reg_expires=60
reg_sendregister=1
publish=0
[auth_info_0]
username={account}
passwd={secret}
realm={domain}
domain={domain}
"""


class LinphonePhone(Block):
    """One linphonec with one account, registered while it runs."""

    def __init__(
        self,
        folder: Path,
        account: str,
        server: tuple[str, int],
        *,
        transport: str = "udp",
        authority: Path | None = None,
        tone_hz: float = 440.0,
        keys_by_info: bool = False,
    ) -> None:
        self.account = account
        self.recording = folder / "heard.wav"
        self._folder = folder
        # Where it keeps its databases; it would not make it, and do without them.
        (folder / ".local" / "share" / "linphone").mkdir(parents=True)
        write_tone(folder / TONE, tone_hz, seconds=60.0)
        self._config = folder / "linphonerc"
        self._config.touch(mode=0o600)
        # Its TLS does not look for addresses in certificates, only for names.
        host = "localhost" if transport == "tls" else server[0]
        port = free_ports(owner=self)
        ports = {one: port if one == transport else 0 for one in ("udp", "tcp", "tls")}
        self._config.write_text(
            CONFIG.format(
                host=LOOPBACK,
                **ports,
                rtp=free_ports(2, self),
                account=account,
                authority=authority or "",
                info=int(keys_by_info),
                events=int(not keys_by_info),
                server=f"{host}:{server[1]}",
                transport=transport,
                domain=DOMAIN,
                secret=f"demo-{account}",
            )
        )
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running program."""
        assert self._program is not None, "linphone is not started"
        return self._program

    def _begin(self) -> None:
        command: list[str | Path] = ["linphonec", "-c", self._config]
        command += ["-d", "6", "-l", self._folder / "linphone.log"]
        environment = {"HOME": str(self._folder), "XDG_DATA_HOME": "", "TERM": "dumb"}
        self._program = Program(command, cwd=self._folder, environment=environment, talks=True)
        self.command("soundcard use files", "wav files instead")
        wait_until(self._is_registered, START_SECONDS, lambda: f"registered:\n{self.log()}")
        # For all calls to come.
        self.command(f"play {TONE}")
        self.command(f"record {self.recording.name}")

    def _end(self) -> None:
        self.program.say("quit")
        self.program.wait(SECONDS)

    def _break_off(self) -> None:
        if self._program is not None:
            self._program.stop()

    # -- what a user does ----------------------------------------------------------------------

    def answer(self) -> None:
        """Take the ringing call."""
        self.command("answer", "Media streams established")

    def hold(self) -> None:
        """Put the other on hold."""
        self.command("pause", "is now paused")

    def resume(self) -> None:
        """Take the other off hold."""
        self.command("resume", "Media streams established")

    def press(self, key: str) -> None:
        """Send a digit."""
        self.command(key)

    def transfer(self, uri: str) -> None:
        """Ask for the other to be sent elsewhere (REFER)."""
        self.command(f"transfer {uri}")

    def hang_up(self) -> None:
        """End the call, or decline it while it rings."""
        self.command("terminate", " ended ")

    def command(self, line: str, says: str = "") -> None:
        """Type a command; wait until it has said something, if only the command itself."""
        place = len(self.program.lines)
        self.program.say(line)
        self.program.wait_for_line(says or line, SECONDS, after=place)

    # -- what happens to it --------------------------------------------------------------------

    def wait_ringing(self) -> None:
        """A call comes in."""
        self.program.wait_for_line("Receiving new incoming call", SECONDS)

    def wait_held(self) -> None:
        """The other has put it on hold."""
        self.program.wait_for_line("has been paused by", SECONDS)

    def wait_ended(self) -> None:
        """Its call is over."""
        self.program.lines.wait_for(
            lambda line: re.search(r"\bCall .* ended", line) is not None, SECONDS, "the call ends"
        )

    def log(self) -> str:
        """The end of its own log."""
        return (self._folder / "linphone.log").read_text("utf-8", "replace")[-6000:]

    def _is_registered(self) -> bool:
        assert self.program.exit_code is None, f"linphone ended:\n{self.program.output}"
        self.command("status register", "registered")
        return any("registered, identity=" in line for line in self.program.lines.all())
