from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.addresses import Hosts, written
from cordboard.configuration.listening import Listener
from cordboard.configuration.sections import VARIABLES
from cordboard.configuration.settings import (
    Configuration,
    Settings,
    load_configuration,
    parse_configuration,
)
from cordboard.directory.problems import Severity

BESIDE = f"sqlite:///{Path('f.db').resolve()}"
RECOVERY = Path("f.recovery").resolve()
RECORDINGS = Path("recordings").absolute()
LANGUAGES = Path("languages").absolute()
TENANT = '[tenant.demo.account.main]\ntoken = "demo-token"\n'


def parse(text: str, **over: str) -> Configuration:
    return parse_configuration(text + TENANT, Path("f.toml"), environ=over)


def told(configuration: Configuration) -> list[str]:
    return [str(problem) for problem in configuration.problems]


def test_a_file_without_settings_has_the_defaults() -> None:
    configuration = parse("")
    assert configuration.problems == ()
    assert configuration.settings == Settings(
        store=BESIDE, recovery=RECOVERY, recordings=RECORDINGS, languages=LANGUAGES
    )
    assert Settings().sip == (
        Listener("udp", "127.0.0.1", 5060),
        Listener("tcp", "127.0.0.1", 5060),
    )


def test_everything_can_be_said() -> None:
    configuration = parse(
        """
[http]
listen = "[::1]:9000"
[sip]
listen = ["udp:192.0.2.1:5070", "tcp:[2001:db8::1]:5071"]
advertise = "203.0.113.5"
user_agent = "our-exchange/2"
t1 = 0.1
t2 = 1
t4 = 2.5
[media]
host = "192.0.2.2"
advertise = "203.0.113.6"
ports = "30000 - 30099"
[calls]
longest_call = 60
media_timeout = 30
"""
    )
    assert configuration.problems == ()
    assert configuration.settings == Settings(
        http=("::1", 9000),
        sip=(Listener("udp", "192.0.2.1", 5070), Listener("tcp", "2001:db8::1", 5071)),
        advertise=Hosts("203.0.113.5"),
        user_agent="our-exchange/2",
        t1=0.1,
        t2=1.0,
        t4=2.5,
        media_hosts=Hosts("192.0.2.2", "2001:db8::1"),
        media_advertise=Hosts("203.0.113.6"),
        media_ports=(30000, 30099),
        store=BESIDE,
        recovery=RECOVERY,
        recordings=RECORDINGS,
        languages=LANGUAGES,
    )
    policy = configuration.directory.tenants[0].policy
    assert (policy.longest_call, policy.media_timeout) == (60.0, 30.0)
    assert str(configuration.settings.sip[1]) == "tcp:[2001:db8::1]:5071"
    assert written(*configuration.settings.http) == "[::1]:9000"


def test_origins_are_as_browsers_write_them() -> None:
    settings = parse(
        '[sip]\nlisten = ["ws:[::1]:8088"]\nkeepalive = 25\n'
        'origins = ["https://Phones.Example.com:8443", "capacitor://localhost"]\n'
        'proxies = ["127.0.0.1", "2001:DB8::0:1"]\n'
    ).settings
    assert settings is not None
    assert settings.sip == (Listener("ws", "::1", 8088),)
    assert settings.keepalive == 25.0
    assert settings.origins == ("https://phones.example.com:8443", "capacitor://localhost")
    assert settings.capacity.proxies == {"127.0.0.1", "2001:db8::1"}


def test_how_many_connections_there_may_be() -> None:
    settings = parse("[sip]\nmax_connections_per_address = 4096\n").settings
    assert settings is not None
    assert (settings.capacity.connections, settings.capacity.of_a_network) == (4096, 4096)


def test_media_follows_sip_where_nothing_is_said() -> None:
    settings = parse('[sip]\nlisten = ["udp:192.0.2.1:5060"]\nadvertise = "203.0.113.5"\n').settings
    assert settings is not None
    assert settings.media_hosts == Hosts("192.0.2.1")
    assert settings.media_advertise == Hosts("203.0.113.5")


def test_addresses_of_both_families() -> None:
    configuration = parse(
        """
[sip]
listen = ["udp:192.0.2.1:5060", "udp:[::]:5060", "tcp:[2001:DB8:0::1]:5060"]
advertise = ["2001:db8::5", "203.0.113.5"]

[media]
host = "192.0.2.2"
advertise = "203.0.113.6"
"""
    )
    settings = configuration.settings
    assert configuration.problems == ()
    assert settings is not None
    assert str(settings.sip[2]) == "tcp:[2001:db8::1]:5060"
    assert settings.advertise == Hosts("203.0.113.5", "2001:db8::5")
    assert settings.media_hosts == Hosts("192.0.2.2", "::")
    assert settings.media_advertise == Hosts("203.0.113.6", "2001:db8::5")


def test_peers_in_our_own_networks_are_told_no_advertised_address() -> None:
    settings = parse(
        '[sip]\nlisten = ["udp:0.0.0.0:5060"]\nadvertise = "203.0.113.5"\n'
        'local_networks = ["192.168.0.0/16", "fd00::/8"]\n[media]\nadvertise = "203.0.113.6"\n'
    ).settings
    assert settings is not None
    for told, host in (
        (settings.advertise, "203.0.113.5"),
        (settings.media_advertise, "203.0.113.6"),
    ):
        assert told.towards("192.0.2.9") == host
        assert told.towards("192.168.7.20") is None
        assert told.towards("a.name") == host


@pytest.mark.parametrize("network", ["192.168.1.5/16", "lan", "10.0.0.0/33", ""])
def test_what_is_no_network_is_told(network: str) -> None:
    (problem,) = told(parse(f'[sip]\nlocal_networks = ["{network}"]\n'))
    assert problem.startswith("f.toml:2: sip.local_networks[0]: ")


def test_a_trunk_that_can_not_be_reached_is_worth_a_warning() -> None:
    trunk = '[tenant.demo.trunk.pstn]\nuri = "sip:[2001:db8::20]"\n'
    rule = '[[tenant.demo.outbound]]\nprefix = ""\ntrunks = ["pstn"]\n'
    warning = "tenant.demo.trunk.pstn.uri: its calls will fail: sip.listen has no IPv6 address"
    assert told(parse(trunk + rule)) == [f"f.toml:2: warning: {warning}"]
    both = '[sip]\nlisten = ["udp:127.0.0.1:5060", "udp:[::1]:5060"]\n'
    assert told(parse(both + trunk + rule)) == []


def test_an_address_that_nobody_is_told_is_worth_a_warning() -> None:
    configuration = parse('[sip]\nadvertise = ["203.0.113.5", "2001:db8::5"]\n')
    (problem,) = configuration.problems
    assert str(problem) == (
        "f.toml:2: warning: sip.advertise: 2001:db8::5 is told to nobody:"
        " sip.listen has no IPv6 address"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[http]\nlisten = "127.0.0.1"\n',
            '2: http.listen: expected HOST:PORT, "127.0.0.1:8080", found "127.0.0.1"',
        ),
        (
            '[http]\nlisten = "127.0.0.1:65536"\n',
            '2: http.listen: expected HOST:PORT, "127.0.0.1:8080", found "127.0.0.1:65536"',
        ),
        (
            '[sip]\nlisten = [\n"udp:127.0.0.1:5060",\n"sctp:127.0.0.1:5060",\n]\n',
            (
                '4: sip.listen[1]: expected TRANSPORT:IP:PORT, "udp:0.0.0.0:5060",'
                ' found "sctp:127.0.0.1:5060"; the transport is one of udp, tcp, tls, ws, wss'
            ),
        ),
        ("[sip]\nlisten = []\n", "2: sip.listen: expected at least one address"),
        (
            '[sip]\nlisten = ["udp:127.0.0.1:5060", "udp:127.0.0.1:5060"]\n',
            "2: sip.listen[1]: udp:127.0.0.1:5060 is listened at already",
        ),
        (
            '[sip]\nlisten = ["tcp:127.0.0.1:8080"]\n',
            "2: sip.listen[0]: tcp:127.0.0.1:8080 is listened at already",
        ),
        (
            '[sip]\nlisten = ["tcp:127.0.0.1:5060", "ws:127.0.0.1:5060"]\n',
            "2: sip.listen[1]: ws:127.0.0.1:5060 is listened at already",
        ),
        ('[sip]\nlisten = ["wss:127.0.0.1:5061"]\n', "2: sip.listen: wss needs sip.certificate"),
        (
            '[sip]\norigins = ["https://a.test/"]\n',
            (
                '2: sip.origins[0]: expected the origin of a page, "https://phones.example.com",'
                ' found "https://a.test/"'
            ),
        ),
        (
            "[sip]\nkeepalive = -1\n",
            "2: sip.keepalive: expected a number from 0 to 3600 (seconds), found the number -1",
        ),
        (
            "[sip]\nmax_connections = 0\n",
            "2: sip.max_connections: expected a whole number from 1 to 65535, found the number 0",
        ),
        (
            '[sip]\nlisten = ["udp:127.0.0.1:20001"]\n',
            "2: sip.listen[0]: port 20001 is one of media.ports, 20000-29999",
        ),
        (
            '[sip]\nadvertise = "sip.example.com"\n',
            (
                "2: sip.advertise: expected an IP address, or a list of an IPv4 and an IPv6"
                ' address, found "sip.example.com"'
            ),
        ),
        (
            '[sip]\nadvertise = ["192.0.2.1", "192.0.2.2"]\n',
            (
                "2: sip.advertise: expected an IP address, or a list of an IPv4 and an IPv6"
                " address, found a list; there are two IPv4 addresses"
            ),
        ),
        (
            '[sip]\nlisten = ["udp:127.0.0.1:5060", "udp:::1:5060"]\n',
            (
                '2: sip.listen[1]: expected TRANSPORT:IP:PORT, "udp:0.0.0.0:5060",'
                ' found "udp:::1:5060"'
            ),
        ),
        (
            '[sip]\nlisten = ["udp:127.0.0.1:5060", "udp:[fe80::1]:5060"]\n',
            (
                '2: sip.listen[1]: expected TRANSPORT:IP:PORT, "udp:0.0.0.0:5060",'
                ' found "udp:[fe80::1]:5060"; a link-local address is good on one wire only'
            ),
        ),
        ("[sip]\nt1 = 1\nt2 = 0.9\n", "2: sip.t1: expected at most t2, which is 0.9"),
        (
            "[sip]\nt1 = 0\n",
            "2: sip.t1: expected a number from 0.001 to 2 (seconds), found the number 0",
        ),
        (
            '[sip]\nuser_agent = "a\\r\\nb"\n',
            (
                '2: sip.user_agent: expected a product name such as "cordboard/1.0", found "a??b";'
                " it holds a control character"
            ),
        ),
        (
            '[media]\nhost = "0.0.0.0"\n',
            "2: media.host: a wildcard needs media.advertise, the address phones are told",
        ),
        (
            '[media]\nports = "20000-20002"\n',
            (
                '2: media.ports: expected a range of 4 ports or more, "20000-29999",'
                ' found "20000-20002"; it starts at 1024 or above, ends at 65535 or below'
            ),
        ),
        (
            '[media]\nports = "x"\n',
            '2: media.ports: expected a range of 4 ports or more, "20000-29999", found "x"',
        ),
        (
            "[calls]\nlongest_call = 86401\n",
            (
                "2: calls.longest_call: expected a number from 1 to 86400 (seconds),"
                " found the number 86401"
            ),
        ),
        ("[htpp]\n", '1: htpp: there is no such key; did you mean "http"?'),
        ("[[sip]]\n", "1: sip: expected a table, found a list"),
        ("[http]\nport = 80\n", "2: http.port: there is no such key; known here: listen"),
    ],
)
def test_a_fault_is_told_and_nothing_is_served(text: str, problem: str) -> None:
    configuration = parse(text)
    assert told(configuration) == [f"f.toml:{problem}"]
    assert configuration.settings is None


def test_a_file_without_tenants_gets_a_warning() -> None:
    configuration = parse_configuration("", Path("f.toml"))
    assert told(configuration) == [
        "f.toml:1: warning: there is no table [tenant.NAME], so nobody can call"
    ]
    assert configuration.problems[0].severity is Severity.WARNING
    assert configuration.settings == Settings(
        store=BESIDE, recovery=RECOVERY, recordings=RECORDINGS, languages=LANGUAGES
    )


def test_the_command_line_counts_over_the_environment_and_that_over_the_file() -> None:
    text = '[http]\nlisten = "127.0.0.1:1"\n[sip]\nlisten = ["udp:127.0.0.1:1"]\n' + TENANT
    environ = {
        "CORDBOARD_NODE_NAME": "server02",
        "CORDBOARD_HTTP_LISTEN": "127.0.0.1:2",
        "CORDBOARD_SIP_LISTEN": "udp:127.0.0.2:2, tcp:127.0.0.2:2",
        "CORDBOARD_SIP_ADVERTISE": "203.0.113.5",
        "CORDBOARD_MEDIA_HOST": " ",
        "CORDBOARD_MEDIA_ADVERTISE": "203.0.113.6, 2001:db8::6",
    }
    settings = parse_configuration(text, Path("f.toml"), environ=environ).settings
    assert settings is not None
    assert settings.node == "server02"
    assert settings.http == ("127.0.0.1", 2)
    assert settings.sip == (Listener("udp", "127.0.0.2", 2), Listener("tcp", "127.0.0.2", 2))
    assert settings.advertise == Hosts("203.0.113.5")
    assert settings.media_advertise == Hosts("203.0.113.6", "2001:db8::6")
    assert settings.media_hosts == Hosts("127.0.0.2")
    settings = parse_configuration(
        text, Path("f.toml"), http="127.0.0.1:0", sip=["tcp:127.0.0.1:0"], environ=environ
    ).settings
    assert settings is not None
    assert (settings.http, settings.sip) == (("127.0.0.1", 0), (Listener("tcp", "127.0.0.1", 0),))


def test_faults_of_the_command_line_and_the_environment_name_their_source() -> None:
    configuration = parse_configuration(
        TENANT,
        Path("f.toml"),
        http="8080",
        sip=["udp:127.0.0.1:5060", "udp:host:5060"],
        environ={"CORDBOARD_MEDIA_HOST": "here"},
    )
    assert configuration.settings is None
    assert told(configuration) == [
        (
            "CORDBOARD_MEDIA_HOST: expected an IP address, or a list of an IPv4 and an IPv6"
            ' address, found "here"'
        ),
        '--http: expected HOST:PORT, "127.0.0.1:8080", found "8080"',
        (
            '--sip: expected TRANSPORT:IP:PORT, "udp:0.0.0.0:5060",'
            ' found "udp:127.0.0.1:5060, udp:host:5060"'
        ),
    ]


def test_every_variable_names_a_setting() -> None:
    for variable, (section, key) in VARIABLES.items():
        configuration = parse("", **{variable: "\0"})
        assert len(configuration.problems) == 1, (section, key)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, ": cannot be read: No such file or directory"),
        (b"# \n\n\xff", ":3: this is not UTF-8"),
        (b"[http\n", ":1: this is not TOML: Expected ']' at the end of a table declaration"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "f.toml"
    if content is not None:
        file.write_bytes(content)
    configuration = load_configuration(file, environ={})
    assert configuration.settings is None
    assert told(configuration) == [f"{file}{message}"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_bytes(b"\xef\xbb\xbf" + TENANT.encode())
    assert load_configuration(file, environ={}).problems == ()


def test_a_prompt_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text(
        TENANT + '[tenant.demo.context.c]\nsteps = [{play = "no.wav"},\n{play = "bad.wav"}]\n'
    )
    (tmp_path / "bad.wav").write_bytes(b"not a WAV")
    lines = told(load_configuration(file, environ={}))
    path = tmp_path.resolve()
    assert lines[0] == (
        f"{file}:4: tenant.demo.context.c.steps[0].play:"
        f' "{path}/no.wav" cannot be played: No such file or directory'
    )
    assert lines[1].startswith(
        f"{file}:5: tenant.demo.context.c.steps[1].play:"
        f' "{path}/bad.wav" cannot be played: not a PCM WAV file'
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", "f.recovery"),
        ('url = "sqlite:///data/j.db"', "data/j.recovery"),
        ('url = "sqlite:////var/lib/j.db"', "/var/lib/j.recovery"),
        ('url = "postgresql://u:p@h/n"', "f.recovery"),
        ('url = "memory:"', None),
        ('url = "memory:"\nrecovery = "live"', "live"),
        ('recovery = "/run/live"', "/run/live"),
    ],
)
def test_channels_are_kept_beside_the_store_where_that_is_a_file(
    lines: str, expected: str | None
) -> None:
    configuration = parse_configuration(f"[store]\n{lines}\n", Path("f.toml"))
    assert configuration.settings is not None
    found = configuration.settings.recovery
    assert found == (None if expected is None else Path(expected).resolve())
