"""A real Asterisk in tests: as the outside network behind a trunk, and as phones of ours.

``scripts/get-asterisk`` brings it. Its numbers are in :data:`DIALPLAN`; as a phone it answers and
plays what the dialplan says for the terminal's name.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cordboard.addresses import bracketed, written
from support.block import Block
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.waiting import wait_until

SCRIPT = Path(__file__).parents[2] / "scripts" / "get-asterisk"
FETCH_SECONDS = 300.0
START_SECONDS = 20.0
RTP_PORTS = 100

TONE_HZ = 697.0
TONE, ECHO, BUSY, CONGESTED, EARLY, SLOW, KEYS, READ, RECODED, UPDATED, THROUGH = (
    f"03123400{n:02}" for n in range(11)
)
NOBODY = "0399990000"

DIALPLAN = f"""\
[outside]
exten => {TONE},1,Answer()
 same => n,Playtones({TONE_HZ:.0f})
 same => n,Wait(20)
exten => {ECHO},1,Answer()
 same => n,Echo()
exten => {BUSY},1,Busy(5)
exten => {CONGESTED},1,Congestion(5)
exten => {EARLY},1,Progress()
 same => n,Playtones({TONE_HZ:.0f})
 same => n,Wait(2)
 same => n,Answer()
 same => n,StopPlaytones()
 same => n,Wait(20)
exten => {SLOW},1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(1)
 same => n,Hangup()
exten => {KEYS},1,Answer()
 same => n,Wait(0.5)
 same => n,SendDTMF(159#)
 same => n,Wait(20)
exten => {READ},1,Answer()
 same => n,Read(PRESSED,,4,,,10)
 same => n,Wait(20)
exten => {RECODED},1,Answer()
 same => n,Playtones({TONE_HZ:.0f})
 same => n,Wait(1)
 same => n,Set(PJSIP_MEDIA_OFFER(audio)=ulaw)
 same => n,Set(PJSIP_SEND_SESSION_REFRESH()=invite)
 same => n,Wait(20)
exten => {UPDATED},1,Answer()
 same => n,Playtones({TONE_HZ:.0f})
 same => n,Wait(1)
 same => n,Set(PJSIP_MEDIA_OFFER(audio)=ulaw)
 same => n,Set(PJSIP_SEND_SESSION_REFRESH()=update)
 same => n,Wait(20)
exten => {THROUGH},1,Dial(PJSIP/office)
[phones]
exten => jessica-desk,1,Answer()
 same => n,Playtones({TONE_HZ:.0f})
 same => n,Wait(20)
exten => thomas,1,Answer()
 same => n,Echo()
"""

MODULES = (
    "res_pjproject",
    "res_sorcery_*",
    "res_pjsip",
    "res_pjsip_*",
    "chan_pjsip",
    "res_rtp_asterisk",
    "res_timing_timerfd",
    "bridge_simple",
    "bridge_native_rtp",
    "bridge_softmix",
    "pbx_config",
    "codec_ulaw",
    "codec_alaw",
    "format_pcm",
    "app_dial",
    "app_echo",
    "app_playtones",
    "app_read",
    "app_senddtmf",
    "func_callerid",
    "func_channel",
)
"""Loaded in this order; no others, for their libraries were left out."""

NOT_LOADED = ("phoneprov", "notify", "xmpp", "geolocation", "stir_shaken", "history", "hep")

MAIN = """\
[directories]
astetcdir => {folder}
astmoddir => {root}/usr/lib/{triplet}/asterisk/modules
astdatadir => {root}/usr/share/asterisk
astvarlibdir => {folder}
astdbdir => {folder}
astkeydir => {folder}
astagidir => {folder}
astspooldir => {folder}
astrundir => {folder}
astlogdir => {folder}
astsbindir => {folder}
[options]
verbose = 3
hideconnect = yes
"""

PJSIP = """\
[global]
type=global
endpoint_identifier_order=username,ip,anonymous
[udp]
type=transport
protocol=udp
bind={address}
[tcp]
type=transport
protocol=tcp
bind={address}
{tls}
[guest]
type=auth
auth_type=digest
username={username}
password={password}
{algorithms}
[trunk]
type=endpoint
context=outside
disallow=all
allow=alaw,ulaw
auth=guest
direct_media=no
{options}
[trunk]
type=identify
endpoint=trunk
match={host}
[office]
type=auth
auth_type=digest
username=office
password={password}
[office]
type=aor
max_contacts=1
[office]
type=endpoint
context=outside
disallow=all
allow=alaw,ulaw
auth=office
aors=office
direct_media=no
{options}
"""
TLS = """\
[tls]
type=transport
protocol=tls
method=tlsv1_2
bind={address}
cert_file={certificate}
priv_key_file={certificate}
"""
OFFICE = "office"
"""Who may register with it, by the same password."""

PHONE = """\
[{name}]
type=auth
auth_type=digest
username={name}
password=demo-{name}
[{name}]
type=endpoint
context=phones
disallow=all
allow=ulaw
direct_media=no
{options}
[{name}]
type=registration
server_uri=sip:{domain}
client_uri=sip:{name}@{domain}
outbound_proxy=sip:{host}:{server}\\;lr{transport}
outbound_auth={name}
contact_user={name}
line=yes
endpoint={name}
expiration=60
"""


@dataclass(frozen=True, slots=True)
class Registering:
    """A phone that Asterisk plays; ``server`` is the port where it registers."""

    name: str
    server: int
    transport: str = "udp"


class Asterisk(Block):
    """One Asterisk, which has to be started; ``options`` are further lines of its endpoints. With
    a ``certificate`` it takes TLS as well, and may be a phone by it. ``host`` is where it and those
    that it speaks to are."""

    def __init__(
        self,
        folder: Path,
        *phones: Registering,
        username: str = "cordboard",
        password: str = "trunk-secret",
        algorithms: str = "",
        options: str = "",
        certificate: Path | None = None,
        host: str = LOOPBACK,
    ) -> None:
        self._start = fetched()
        self.port = free_ports(owner=self)
        self.tls_port = free_ports(owner=self)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        root = self._start.parent / "root"
        triplet = next((root / "usr/lib").glob("*-linux-gnu")).name
        rtp = free_ports(RTP_PORTS, self)
        pjsip = PJSIP.format(
            host=host,
            address=written(host, self.port),
            username=username,
            password=password,
            algorithms=algorithms,
            options=options,
            tls=""
            if certificate is None
            else TLS.format(address=written(host, self.tls_port), certificate=certificate),
        )
        for phone in phones:
            pjsip += PHONE.format(
                name=phone.name,
                domain="demo",
                host=bracketed(host),
                server=phone.server,
                transport="" if phone.transport == "udp" else f"\\;transport={phone.transport}",
                options=options,
            )
        files = {
            "asterisk.conf": MAIN.format(folder=folder, root=root, triplet=triplet),
            "modules.conf": _modules(root / f"usr/lib/{triplet}/asterisk/modules"),
            "pjsip.conf": pjsip,
            "extensions.conf": DIALPLAN,
            "rtp.conf": f"[general]\nrtpstart={rtp}\nrtpend={rtp + RTP_PORTS - 1}\n",
            "logger.conf": "[logfiles]\nconsole => notice,warning,error,verbose\n",
            "acl.conf": "",
            "pjproject.conf": "",
            "http.conf": "[general]\nenabled=no\n",
            "manager.conf": "[general]\nenabled=no\n",
            "indications.conf": "[general]\ncountry=us\n[us]\nring=440+480/2000,0/4000\n",
        }
        for name, content in files.items():
            (folder / name).write_text(content)
        self._config = folder / "asterisk.conf"
        self.program: Program | None = None

    def _begin(self) -> None:
        self.program = Program([self._start, "-f", "-v", "-C", self._config], cwd=self._folder)
        wait_until(self._is_up, START_SECONDS, lambda: f"Asterisk is up:\n{self.log()}")

    def _end(self) -> None:
        if self.program is not None:
            self.program.stop()

    def _break_off(self) -> None:
        if self.program is not None:
            sys.stdout.write(f"{self.log()}\n")
        self._end()

    def command(self, text: str) -> str:
        """What its console says to a command."""
        done = subprocess.run(
            [self._start, "-C", self._config, "-rx", text],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        return done.stdout

    def wait_registered(self, *names: str) -> None:
        """Wait until it has registered as these phones."""

        def all_registered() -> bool:
            rows = self.command("pjsip show registrations").splitlines()
            return all(any(n in row and "Registered" in row for row in rows) for n in names)

        wait_until(all_registered, START_SECONDS, lambda: f"registered:\n{self.log()}")

    def channels(self) -> int:
        """How many channels it has."""
        first = self.command("core show channels count").split()
        return int(first[0]) if first and first[0].isdigit() else -1

    def log(self) -> str:
        """The end of what it printed."""
        assert self.program is not None
        return self.program.output[-6000:]

    def _is_up(self) -> bool:
        assert self.program is not None
        assert self.program.exit_code is None, f"Asterisk ended:\n{self.log()}"
        return "System uptime" in self.command("core show uptime")


def _modules(folder: Path) -> str:
    names = [path.name for pattern in MODULES for path in sorted(folder.glob(f"{pattern}.so"))]
    wanted = [n for n in dict.fromkeys(names) if not any(word in n for word in NOT_LOADED)]
    return "[modules]\nautoload=no\n" + "".join(f"load={name}\n" for name in wanted)


def fetched() -> Path:
    """The start script of the Asterisk that is in the cache, which is filled if it is empty."""
    done = subprocess.run(
        [SCRIPT], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())
