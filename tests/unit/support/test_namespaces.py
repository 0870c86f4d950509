"""Where there can be no namespaces, the reason is one that a person can act on."""

from __future__ import annotations

import os
import shutil

import pytest

from support import namespaces
from support.namespaces import Namespace, NamespaceError, why_no_namespaces


def test_without_ip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert why_no_namespaces.__wrapped__() == (
        "network namespaces need ip: apt-get install iproute2"
    )


def test_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/sbin/ip")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert why_no_namespaces.__wrapped__() == "network namespaces need root"


def test_where_the_machine_forbids_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: str) -> str:
        raise NamespaceError("ip netns add x: mount failed: Operation not permitted")

    monkeypatch.setattr(shutil, "which", lambda _: "/sbin/ip")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("pathlib.Path.exists", lambda _: True)
    monkeypatch.setattr(namespaces, "ip", refuse)
    reason = why_no_namespaces.__wrapped__()
    assert reason is not None
    assert reason.startswith("network namespaces are not allowed here: ")
    assert "Operation not permitted" in reason


def test_a_namespace_is_gone_after_its_block() -> None:
    reason = why_no_namespaces()
    if reason is not None:
        pytest.skip(reason)
    with Namespace("test") as one:
        assert (namespaces.FOLDER / one.name).exists()
        with pytest.raises(NamespaceError, match="File exists"), Namespace("test"):
            pass
    assert not (namespaces.FOLDER / one.name).exists()
