from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.configuration.settings import Configuration, parse_configuration
from cordboard.engines.dns.settings import DNS_TIMEOUT, DnsSettings


def configured(lines: str) -> Configuration:
    return parse_configuration(f"[sip]\n{lines}\n", Path("office.toml"))


def settings(lines: str) -> DnsSettings:
    found = configured(lines).settings
    assert found is not None
    return found.dns


def test_the_system_is_asked_by_default() -> None:
    assert settings("") == DnsSettings((), DNS_TIMEOUT)


def test_servers_have_addresses_and_perhaps_ports() -> None:
    written = '["192.0.2.53", "192.0.2.54:5353", "2001:db8::53", "[2001:db8::54]:5353"]'
    assert settings(f"dns_servers = {written}\ndns_timeout = 1").servers == (
        ("192.0.2.53", 53),
        ("192.0.2.54", 5353),
        ("2001:db8::53", 53),
        ("2001:db8::54", 5353),
    )


@pytest.mark.parametrize("server", ["dns.example.com", "192.0.2.53:0", "192.0.2.53:x", "[::1"])
def test_what_is_no_address_is_told_with_its_place(server: str) -> None:
    found = configured(f'dns_servers = ["192.0.2.1", "{server}"]')
    assert found.settings is None
    (problem,) = [one for one in found.problems if "dns_servers" in str(one)]
    assert "sip.dns_servers[1]: expected an IP address, or IP:PORT" in str(problem)


@pytest.mark.parametrize("timeout", ["0", "31", '"soon"'])
def test_a_timeout_has_bounds(timeout: str) -> None:
    assert configured(f"dns_timeout = {timeout}").settings is None
