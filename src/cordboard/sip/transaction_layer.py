"""The transaction layer: transactions by what identifies them, and the way out (RFC 3261 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.client_transaction import ClientTransaction, ClientUser
from cordboard.sip.server_transaction import ServerTransaction
from cordboard.sip.via import MAGIC_COOKIE, branch_of
from cordboard.sip.wheel import TimerWheel

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.lines import InviteLines
    from cordboard.sip.message import Request
    from cordboard.sip.timers import Timers
    from cordboard.sip.trace import Trace

Key = tuple[str, str, str]
Waiting = ClientTransaction | ServerTransaction

MAX_METHOD = 32
"""Octets of a request in which its method ends; ours are shorter than half of that."""

_BRANCH = f";branch={MAGIC_COOKIE}"


class TransactionLayer:
    """Holds what is under way; ``clients`` by (branch, method), ``servers`` by 17.2.3's key.

    ``origins`` holds the (Call-ID, From tag, CSeq) of each INVITE being served, by which a copy of
    it that came another way is known (8.2.2.2). What is under way over connections is found by the
    address of their peers, too.
    """

    __slots__ = (
        "_connected",
        "clients",
        "origins",
        "outbox",
        "servers",
        "timers",
        "trace",
        "wheel",
    )

    def __init__(self, timers: Timers, trace: Trace | None) -> None:
        self.timers = timers
        self.trace = trace
        self.wheel = TimerWheel()
        self.outbox: list[tuple[Flow, bytes]] = []
        self.clients: dict[Key, ClientTransaction] = {}
        self.servers: dict[Key, ServerTransaction] = {}
        self.origins: dict[Key, ServerTransaction] = {}
        self._connected: dict[tuple[str, int], dict[Waiting, None]] = {}

    def __len__(self) -> int:
        return len(self.clients) + len(self.servers)

    def send(
        self,
        flow: Flow,
        data: bytes,
        call_id: str | None,
        now: float,
        *,
        retransmission: bool = False,
    ) -> None:
        """Put a message into the outbox, in order."""
        self.outbox.append((flow, data))
        if self.trace is not None:
            self.trace((now, True, flow, call_id, retransmission, data))

    def request(
        self,
        method: str,
        branch: str,
        flow: Flow,
        call_id: str,
        data: bytes,
        user: ClientUser | None,
        now: float,
        invite: InviteLines | None = None,
    ) -> ClientTransaction:
        """Send a request in a new client transaction; ``branch`` is without the magic cookie."""
        key = (branch, method, "")
        transaction = ClientTransaction(self, key, flow, call_id, data, user, invite, now)
        self.clients[key] = transaction
        if flow.transport != "udp":
            self._connected.setdefault(flow.remote, {})[transaction] = None
        return transaction

    def client_of(self, via: str, cseq: str) -> ClientTransaction | None:
        """The transaction of a response (17.1.3): by top Via branch and CSeq method."""
        method = cseq.rpartition(" ")[2]
        before, _, rest = via.partition(_BRANCH)
        known = self.clients.get((rest.partition(";")[0], method, ""))
        if known is not None and "," not in before:
            return known  # it came back as we wrote it; the careful reading comes to the same
        branch = branch_of(via)
        if branch is None or not branch.startswith(MAGIC_COOKIE):
            return None
        return self.clients.get((branch[len(MAGIC_COOKIE) :], method, ""))

    def client_of_sent(self, data: bytes) -> ClientTransaction | None:
        """The transaction of a request of ours by the beginning of its text, where that reaches to
        the branch in its first line but one."""
        method, space, _ = data[:MAX_METHOD].partition(b" ")
        _, found, rest = data.partition(_BRANCH.encode())
        branch, ended, _ = rest.partition(b"\r\n")
        if not (space and found and ended and method.isalpha() and branch.isalnum()):
            return None
        return self.clients.get((branch.decode("ascii"), method.decode("ascii"), ""))

    def serve(
        self, key: Key, request: Request, flow: Flow, call_id: str, to_tag: str
    ) -> ServerTransaction:
        """Begin a server transaction."""
        transaction = ServerTransaction(self, key, flow, request, call_id, to_tag)
        self.servers[key] = transaction
        if flow.transport != "udp":
            self._connected.setdefault(flow.remote, {})[transaction] = None
        return transaction

    def claim_origin(self, transaction: ServerTransaction, origin: Key) -> None:
        """Make copies of this INVITE known as such for as long as the transaction lasts."""
        transaction.origin = origin
        self.origins[origin] = transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        """Drop a terminated transaction."""
        self.clients.pop(transaction.key, None)
        if transaction.flow.transport != "udp":
            self._leave(transaction)

    def forget_server(self, transaction: ServerTransaction) -> None:
        """Drop a terminated transaction."""
        self.servers.pop(transaction.key, None)
        if transaction.origin is not None:
            self.origins.pop(transaction.origin, None)
        if transaction.flow.transport != "udp":
            self._leave(transaction)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """Fail what waits for an answer over a flow that is gone, or is to be answered over it, and
        nothing else: the peer may come back over another. A datagram that was refused is no reason
        not to answer later ones."""
        waiting: list[Waiting] = []
        if flow.transport == "udp":
            waiting += self.clients.values()
        else:
            waiting += self._connected.get(flow.remote, ())
        for transaction in waiting:
            if transaction.flow.matches(flow):
                transaction.transport_failed(now)

    def _leave(self, transaction: Waiting) -> None:
        there = self._connected.get(transaction.flow.remote)
        if there is not None:
            there.pop(transaction, None)
            if not there:
                del self._connected[transaction.flow.remote]


def server_key(request: Request, method: str) -> Key:
    """What a request is matched by (17.2.3): branch, sent-by and method, the method being INVITE
    for ACK and CANCEL. Without the magic cookie of RFC 3261: top Via, Call-ID, CSeq number."""
    via = request.need("via")
    branch = branch_of(via)
    if branch is not None and branch.startswith(MAGIC_COOKIE):
        return branch, via.partition(";")[0], method
    return via, f"{request.need('call-id')} {request.need('cseq').partition(' ')[0]}", method
