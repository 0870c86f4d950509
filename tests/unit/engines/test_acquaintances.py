"""Whom the engine knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.directory.model import TenantPolicy, Trunk
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.embedded.acquaintances import Acquaintances
from cordboard.engines.embedded.trunk_addresses import base_of
from cordboard.sip.flow import Flow
from cordboard.sip.uri import SipUri

OURS = frozenset({"192.0.2.1"})


def flow_from(host: str) -> Flow:
    return Flow("udp", ("192.0.2.1", 5060), (host, 5060))


def directory_with(*trunks: Trunk) -> Directory:
    return Directory((TenantDirectory(TenantPolicy("demo", "demo"), trunks=trunks),))


class Known:
    """Acquaintances of a directory that may be exchanged."""

    def __init__(self, *trunks: Trunk, ours: frozenset[str] = OURS) -> None:
        self.directory = directory_with(*trunks)
        self.phones = {"198.51.100.1"}
        self.servers = {"198.51.100.2"}
        self.known = Acquaintances(
            lambda: self.directory,
            self.phones.__contains__,
            self.servers.__contains__,
            lambda: ours,
        )

    def knows(self, host: str) -> bool:
        return self.known.knows(flow_from(host))


TRUNK = Trunk("first", "sip:192.0.2.50:5070")


def test_phones_trunks_and_their_servers_are_known() -> None:
    one = Known(TRUNK, replace(TRUNK, name="second", proxy="sip:192.0.2.60"))
    assert all(map(one.knows, ("198.51.100.1", "198.51.100.2", "192.0.2.50", "192.0.2.60")))
    assert not one.knows("192.0.2.51")


def test_a_new_directory_is_noticed() -> None:
    one = Known(TRUNK)
    assert one.knows("192.0.2.50")
    one.directory = directory_with(replace(TRUNK, uri="sip:192.0.2.51"))
    assert (one.knows("192.0.2.50"), one.knows("192.0.2.51")) == (False, True)


def test_trunks_are_read_once_for_each_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Trunk] = []

    def counted(trunk: Trunk) -> SipUri:
        read.append(trunk)
        return base_of(trunk)

    monkeypatch.setattr("cordboard.engines.embedded.acquaintances.base_of", counted)
    one = Known(TRUNK)
    for number in range(100):
        one.knows(f"203.0.113.{number}")
    assert read == [TRUNK]


def test_a_trunk_that_makes_no_sense_is_nobody() -> None:
    assert not Known(replace(TRUNK, uri="nonsense")).knows("192.0.2.50")


def test_domains_of_ours() -> None:
    serves = Known().known.serves
    assert (serves("demo"), serves("192.0.2.1"), serves("elsewhere")) == (True, True, False)
    anywhere = Known(ours=frozenset({"0.0.0.0"})).known.serves  # noqa: S104 - is not bound
    assert (anywhere("192.0.2.9"), anywhere("elsewhere")) == (True, False)
