"""Two processes of one server in virtual time: the second gets what the first has handed out."""

from __future__ import annotations

from functools import partial
from typing import Any

from cordboard.sip.digest import Credentials
from cordboard.sip.remains import Remains
from support.sip_network import SERVER, End
from support.sip_peer import Peer

REASON = 'Q.850;cause=41;text="Interrupted"'


class Kept:
    """A keeper in memory; ``told`` is how often it was told something."""

    def __init__(self) -> None:
        self.remains: dict[str, Remains] = {}
        self.told = 0

    def keep(self, call_id: str, remains: Remains) -> None:
        self.remains[call_id] = remains
        self.told += 1

    def forget(self, call_id: str) -> None:
        self.remains.pop(call_id, None)
        self.told += 1


class Processes:
    """``before`` and, from :meth:`kill` on, ``after``; both keep with ``kept``."""

    def __init__(self, transport: str = "udp", **end: Any) -> None:
        self.kept = Kept()
        self._end = end
        self.transport = transport
        self.before = self._process("before")
        self.after = self.before
        self.done: list[str] = []

    def kill(self, credentials: Credentials | None = None) -> Peer:
        """Let the process be killed, and the next one end what it has left."""
        before, self.after = self.after, self._process(f"after{len(self.done)}")
        before.take()
        self.after.now = before.now + 2.0
        for call_id, remains in tuple(self.kept.remains.items()):
            self.after.stack.end_left_over(
                call_id, remains, credentials, REASON, partial(self._over, call_id), self.after.now
            )
        return self.after

    def _over(self, call_id: str) -> None:
        self.done.append(call_id)
        self.kept.forget(call_id)

    def _process(self, name: str) -> Peer:
        return Peer(End(SERVER, name, keeper=self.kept, **self._end), self.transport)
