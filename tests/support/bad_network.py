"""A bad network between the server and its phones: two namespaces and the line between them.

Where the kernel has netem, it makes the line bad; elsewhere a program of ours does
(:mod:`support.bad_link`).
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from support.block import Block
from support.impairment import Impairment
from support.namespaces import Namespace, NamespaceError, ip, run
from support.place import Place
from support.program import Program

SERVER_HOST, PHONES_HOST = "10.87.0.1", "10.87.0.2"
TESTS = Path(__file__).parents[1]

TEN_PER_CENT = Impairment(loss=0.1, delay=0.02, jitter=0.1, duplication=0.05)
"""What no call of a real network comes near, and every call has to survive."""


@cache
def kernel_has_netem() -> bool:
    """Whether the kernel can make a line bad by itself; to be asked where namespaces work."""
    try:
        with Namespace("netem") as scratch:
            run("tc", "-n", scratch.name, "qdisc", "add", "dev", "lo", "root", "netem")
    except (NamespaceError, OSError):
        return False
    return True


class BadNetwork(Block):
    """``server`` and ``phones`` are places whose programs reach each other over the bad line.

    :param seed: of the losses and delays, where they are of our own making.
    """

    def __init__(self, bad: Impairment = TEN_PER_CENT, seed: int = 3261) -> None:
        self._bad = bad
        self._seed = seed
        self._server, self._phones = Namespace("server"), Namespace("phones")
        self.server: Place = self._server.place(SERVER_HOST)
        self.phones: Place = self._phones.place(PHONES_HOST)
        self._stack = ExitStack()

    def _begin(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._server)
            stack.enter_context(self._phones)
            if kernel_has_netem():
                self._join_by_netem()
            else:
                stack.enter_context(self._join_by_program())
            self._stack = stack.pop_all()

    def _end(self) -> None:
        self._stack.close()

    def _join_by_program(self) -> Program:
        bad = self._bad
        link = Program(
            [
                *(sys.executable, "-m", "support.bad_link"),
                *(self._server.name, SERVER_HOST, self._phones.name, PHONES_HOST),
                *("--loss", str(bad.loss), "--delay", str(bad.delay)),
                *("--jitter", str(bad.jitter), "--duplication", str(bad.duplication)),
                *("--seed", str(self._seed)),
            ],
            cwd=TESTS,
        )
        try:
            link.wait_for_line("ready")
        except BaseException:
            link.stop()
            raise
        return link

    def _join_by_netem(self) -> None:
        one, other = self._server.name, self._phones.name
        ip("-n", one, "link", "add", "bad0", "type", "veth", "peer", "name", "bad0", "netns", other)
        for name, host in ((one, SERVER_HOST), (other, PHONES_HOST)):
            ip("-n", name, "address", "add", f"{host}/24", "dev", "bad0")
            ip("-n", name, "link", "set", "bad0", "up")
            bad = ("netem", *self._bad.netem())
            run("tc", "-n", name, "qdisc", "add", "dev", "bad0", "root", *bad)
