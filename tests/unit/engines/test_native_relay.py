"""The native part of the relay: what it refuses, and that compilers find nothing in it."""

from __future__ import annotations

import os
import resource
import select
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cordboard.engines.embedded import native_relay
from cordboard.media.passage import Terms
from support.native import NATIVE, NOT_BUILT

SOURCE = Path(native_relay.__file__).with_name("_relay.c")
INCLUDE = Path(sysconfig.get_paths()["include"])
COMPILERS = ("gcc", "clang")
STRICT = ("-std=gnu11", "-O2", "-fsyntax-only", "-Wall", "-Wextra", "-Werror")
HERE = ("127.0.0.1", 4000)
TERMS = Terms(HERE, 0, 8, None, 8000.0, (1, 2, 3, 480_000, 0.5, 6.0), (7, 8, 9, 10, 11, 12.0))

needs_it = pytest.mark.skipif(not NATIVE, reason=NOT_BUILT)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_strict_compiler_has_nothing_to_say(compiler: str) -> None:
    needs_headers(compiler)
    said = subprocess.run(
        [compiler, *STRICT, f"-I{INCLUDE}", str(SOURCE)], capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.skipif(
    os.environ.get("CI") != "true", reason="elsewhere it may be older than its hook"
)
@pytest.mark.skipif(os.environ.get("CORDBOARD_BUILD_NATIVE") == "0", reason="not wanted")
def test_it_is_there_where_it_can_be_built() -> None:
    needs_headers("cc")
    assert NATIVE


def needs_headers(compiler: str) -> None:
    """Skip where nothing of C can be built against Python."""
    if shutil.which(compiler) is None or not (INCLUDE / "Python.h").exists():
        pytest.skip(f"{compiler} or the headers of Python are not here")
    tried = [compiler, "-fsyntax-only", f"-I{INCLUDE}", "-xc", "-"]
    if subprocess.run(tried, input=b"#include <Python.h>", capture_output=True).returncode:
        pytest.skip(f"{compiler} can't include the headers of Python")


@pytest.fixture
def relay() -> Iterator[Any]:
    from cordboard.engines.embedded import _relay

    with select.epoll() as ready:
        yield _relay.Relay(ready.fileno())


@needs_it
def test_what_is_lent_is_told_once(relay: Any) -> None:
    assert relay.lend(70, 71, TERMS, HERE)
    assert relay.collect(70) == (0, 0, 0, 2, 3, 8, 9, 0.5, 6.0, 12.0)
    with pytest.raises(ValueError, match="lent already"):
        relay.lend(70, 71, TERMS, HERE)
    assert relay.end(70) == (0, 0, 0, 2, 3, 8, 9, 0.5, 6.0, 12.0)
    for ask in (relay.collect, relay.end):
        with pytest.raises(KeyError):
            ask(70)
    assert relay.lend(70, 71, TERMS, HERE)
    assert relay.passed == 0


@needs_it
@pytest.mark.parametrize("address", [("", 1), ("phone.example.com", 1), ("127.0.0.1", 0)])
def test_what_is_no_address_is_not_lent(relay: Any, address: tuple[str, int]) -> None:
    assert not relay.lend(5, 6, TERMS, address)
    assert not relay.lend(5, 6, TERMS._replace(source=address), HERE)


@needs_it
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ((-1, 6, TERMS, HERE), ValueError),
        ((1 << 20, 6, TERMS, HERE), ValueError),
        ((5, -1, TERMS, HERE), ValueError),
        ((5, 6, TERMS[:-1], HERE), TypeError),
        ((5, 6, list(TERMS), HERE), TypeError),
        ((5, 6, TERMS, "127.0.0.1"), TypeError),
        ((5, 6, (*TERMS[:3], "text", *TERMS[4:]), HERE), TypeError),
        ((5, 6, (*TERMS[:6], ()), HERE), TypeError),
        ((5, 6), TypeError),
    ],
)
def test_nonsense_is_refused(relay: Any, given: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        relay.lend(*given)
    for table in (b"short", bytes(257)):
        assert not relay.lend(5, 6, TERMS._replace(table=table), HERE)
    assert not relay.lend(5, 6, TERMS._replace(payload_type=128), HERE)
    with pytest.raises(KeyError):
        relay.end(5)
    for number in (-1, 1 << 40, 10**30):
        with pytest.raises((KeyError, OverflowError)):
            relay.collect(number)
    with pytest.raises(TypeError):
        relay.look("now")


@needs_it
def test_a_set_that_is_gone_is_an_error() -> None:
    from cordboard.engines.embedded import _relay

    ready = select.epoll()
    relay = _relay.Relay(ready.fileno())
    ready.close()
    with pytest.raises(OSError, match="Bad file"):
        relay.look(1.0)


@needs_it
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_sources_are_as_python_gives_them(host: str) -> None:
    from cordboard.engines.embedded import _relay

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        select.epoll() as ready,
        socket.socket(family, socket.SOCK_DGRAM) as ours,
        socket.socket(family, socket.SOCK_DGRAM) as theirs,
    ):
        for one in (ours, theirs):
            one.bind((host, 0))
        ready.register(ours, select.EPOLLIN)
        theirs.sendto(b"hello", ours.getsockname())
        assert ready.poll(20)
        said = (ours.fileno(), b"hello", theirs.getsockname())
        assert _relay.Relay(ready.fileno()).look(1.0) == (1, [said])


@needs_it
def test_nothing_is_left_of_what_was_lent(relay: Any) -> None:
    def lend_and_end(times: int) -> int:
        for number in range(times):
            relay.lend(5 + number % 500, 6, TERMS._replace(table=bytes(256)), HERE)
            relay.end(5 + number % 500)
            relay.lend(1, 2, TERMS, ("", 0))
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = lend_and_end(1000)
    assert lend_and_end(20_000) - before < 4096  # KiB; 40,000 of half a KiB would be 20 MiB
