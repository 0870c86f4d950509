"""A real Kamailio in tests: the proxy that phones register through, or the carrier of a trunk.

``scripts/get-kamailio`` brings it. It keeps itself in the route of every call (Record-Route), so
that whatever is said within a dialog has to find its way through it.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cordboard.addresses import bracketed, written
from support.block import Block
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.waiting import wait_until

SCRIPT = Path(__file__).parents[2] / "scripts" / "get-kamailio"
FETCH_SECONDS = 300.0
START_SECONDS = 10.0
DOMAIN = "carrier.test"

CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
disable_sctp=yes
listen=udp:{address}
listen=tcp:{address}

loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "path.so"
loadmodule "auth.so"
loadmodule "corex.so"
loadmodule "xlog.so"

modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", 30000)
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_contacts", 10)
modparam("path", "use_received", 1)
modparam("rr", "enable_double_rr", 1)
modparam("auth", "algorithm", "{algorithm}")

request_route {{
    xlog("L_NOTICE", "$rm $ru from $si:$sp/$proto\\n");
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    t_check_trans();
    if (has_totag()) {{
        if (loose_route()) {{
            if (is_method("INVITE")) record_route();
            t_relay();
        }} else if (!is_method("ACK")) {{
            sl_send_reply("481", "Not In My Route");
        }}
        exit;
    }}
    if (is_method("REGISTER")) {{
        {register}
        exit;
    }}
    if (is_method("INVITE")) record_route();
    if (is_present_hf("Route")) {{
        loose_route(); # false for a route that leads no further than here
        t_relay();
        exit;
    }}
    {challenge}
    {numbers}
    if (lookup("location")) {{
        t_relay();
    }} else {{
        sl_send_reply("404", "Nobody Here");
    }}
}}

failure_route[NEXT] {{
    if (t_is_canceled()) exit;
    $rU = $avp(next);
    if (lookup("location")) t_relay();
}}
"""

# A phone registers through it with whoever stands behind: the way back is in Path (RFC 3327).
ONWARD = """\
add_path_received();
        $du = "sip:{server};transport={transport}";
        t_relay();"""

CHALLENGE = """\
if (is_method("INVITE")) {{
        if (!pv_proxy_authenticate("{domain}", "{password}", "0")) {{
            proxy_challenge("{domain}", "0");
            exit;
        }}
        consume_credentials();
    }}"""

NUMBER = """\
        case "{number}":
            {action}
            exit;"""


def forking_to(*uris: str) -> str:
    """What is done with a number that rings at several places at once."""
    branches = " ".join(f'append_branch("{uri}");' for uri in uris[1:])
    return f'$ru = "{uris[0]}"; {branches} t_relay();'


def forwarding_to(first: str, number: str) -> str:
    """What is done with a number that is another one's where the first does not take the call."""
    return f'$avp(next) = "{number}"; t_on_failure("NEXT"); $ru = "{first}"; t_relay();'


def moved_to(uri: str) -> str:
    """What is done with a number that somebody else has now."""
    contact = f'append_to_reply("Contact: <{uri}>\\r\\n");'
    return f'{contact} sl_send_reply("302", "Moved Temporarily");'


class Kamailio(Block):
    """One Kamailio, which has to be started.

    :param onward: where REGISTER goes on to; without it Kamailio itself keeps who is where.
    :param transport: how it speaks to ``onward``.
    :param password: what it demands of INVITEs from outside, whatever the user name.
    :param algorithm: the digest's, ``MD5`` or ``SHA-256``.
    :param host: where it listens.
    :param numbers: what it does with a dialled number: :func:`forking_to` and the like.
    """

    def __init__(
        self,
        folder: Path,
        *,
        onward: tuple[str, int] | None = None,
        transport: str = "udp",
        password: str | None = None,
        algorithm: str = "MD5",
        numbers: Mapping[str, str] | None = None,
        host: str = LOOPBACK,
    ) -> None:
        self._host = host
        self._start = fetched()
        self.port = free_ports(owner=self)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._config = folder / "kamailio.cfg"
        self._config.touch(mode=0o600)
        register = 'save("location");'
        if onward is not None:
            register = ONWARD.format(server=written(*onward), transport=transport)
        challenge = ""
        if password is not None:
            challenge = CHALLENGE.format(domain=DOMAIN, password=password)
        cases = "\n".join(
            NUMBER.format(number=number, action=action)
            for number, action in (numbers or {}).items()
        )
        self._config.write_text(
            CONFIG.format(
                address=self.address,
                algorithm=algorithm,
                register=register,
                challenge=challenge,
                numbers=f"switch ($rU) {{\n{cases}\n    }}" if cases else "",
            )
        )
        self.program: Program | None = None

    @property
    def sip(self) -> tuple[str, int]:
        """Where phones register."""
        return self._host, self.port

    @property
    def address(self) -> str:
        """Host and port."""
        return written(self._host, self.port)

    def _begin(self) -> None:
        small = ("-m", "16", "-M", "4")  # MB of memory, shared and of each process
        command: list[str | Path] = [
            self._start,
            "-f",
            self._config,
            "-DD",
            "-E",
            *small,
            "-Y",
            self._folder,
        ]
        self.program = Program(command, cwd=self._folder)
        wait_until(self._is_up, START_SECONDS, lambda: f"Kamailio is up:\n{self.log()}")

    def _end(self) -> None:
        if self.program is not None:
            self.program.stop()

    def restart(self) -> None:
        """End it and start it again: its connections are gone, and all that it knew."""
        self._end()
        self._begin()

    def log(self) -> str:
        """The end of what it printed."""
        assert self.program is not None
        return self.program.output[-6000:]

    def _is_up(self) -> bool:
        assert self.program is not None
        assert self.program.exit_code is None, f"Kamailio ended:\n{self.log()}"
        return self._answers_options()

    def _answers_options(self) -> bool:
        """Whether it listens and its processes work: an OPTIONS to nobody gets an answer."""
        request = (
            f"OPTIONS sip:nobody@{self.address} SIP/2.0\r\n"
            "Via: SIP/2.0/UDP {0}:{1};branch=z9hG4bKup;rport\r\nMax-Forwards: 9\r\n"
            "From: <sip:test@{0}>;tag=1\r\nTo: <sip:nobody@{0}>\r\nCall-ID: up@{0}:{1}\r\n"
            "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((self._host, 0))
            probe.settimeout(0.2)
            port = probe.getsockname()[1]
            probe.sendto(request.format(bracketed(self._host), port).encode(), self.sip)
            try:
                return probe.recv(2000).startswith(b"SIP/2.0 ")
            except OSError:
                return False


def fetched() -> Path:
    """The start script of the Kamailio that is in the cache, which is filled if it is empty."""
    done = subprocess.run(
        [SCRIPT], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())
