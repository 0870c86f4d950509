"""The journal port: what is durable, and the one place where events get their order.

An accepted request is durable before its reply; an event becomes visible to readers only after its
commit. Appending never waits: a single writer commits in the background, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cordboard.calls.events import CallEvent, Json, Recorded
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import AgentState, Place
from cordboard.calls.people.wrap_ups import WrapUp
from cordboard.calls.request import Callback
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.figures import JournalFigures
from cordboard.journal.ledger import Ledger
from cordboard.journal.listing import End, Wanted
from cordboard.journal.outbox import Outbox
from cordboard.journal.recordings import Recordings
from cordboard.values import often_made

SECRET_OCTETS: Final = 32
"""Of :attr:`Journal.secret`: as long as what HMAC-SHA256 gives."""


class ResyncNeeded(Exception):
    """A reader's cursor is of another epoch, or older than what is kept: it must start anew."""


class JournalUnavailable(Exception):
    """The journal can't take more now; the request is refused and nothing rings."""


class StoreFailed(Exception):
    """What a journal is kept in can't be used; the message says why, without any password."""


class KeyTaken(Exception):
    """A request with this idempotency key was accepted meanwhile; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a repeated request known as such: unique for an account of a tenant.

    ``digest`` is of the request as parsed, so that another request under the same key is found out.
    """

    value: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key that was used, and the call that was accepted with it."""

    key: Key
    call: str


@often_made(frozen=True, slots=True)
class CallRecord:
    """What is known of a call from its events: the request as accepted, and the result if any.

    ``accepted_at`` and ``ended_at`` are seconds since the epoch; ``channels`` are the UUIDs of the
    reply, ``request`` what was asked for (:mod:`~cordboard.journal.request_form`).
    """

    id: str
    tenant: str
    account: str
    dialect: str
    method: str
    accepted_at: float
    channels: tuple[str, ...]
    request: dict[str, Json] | None = None
    external_id: str | None = None
    callback: Callback | None = None
    ended_at: float | None = None
    result: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tenant's calls that have no result, with their events, and how its agents stand, as they
    are at a cursor: the event behind it is the first that changes them."""

    cursor: str
    calls: tuple[tuple[CallRecord, tuple[Recorded, ...]], ...]
    agents: tuple[tuple[Place, AgentState], ...] = ()


class Reader(Protocol):
    """An async iterator over events. A wait for the next one may be cancelled without losing it."""

    def __aiter__(self) -> Reader:
        """The reader itself."""

    async def __anext__(self) -> Recorded:
        """The next event; raises :class:`ResyncNeeded` when it can't be had any more."""

    def at_hand(self, most: int) -> list[Recorded]:
        """The next events, so many of them as can be had without waiting."""

    async def aclose(self) -> None:
        """Follow no longer."""


class Journal(Outbox, Recordings, Ledger, Protocol):
    """What the exchange writes to and the feeds read from."""

    def on_owed(self, told: Callable[[Owed], None]) -> None:
        """Say who is told of each callback that is owed, once that is committed."""

    @property
    def epoch(self) -> str:
        """The incarnation of this journal: as long as it is the same, cursors can be continued."""

    @property
    def secret(self) -> bytes:
        """What this server signs with whatever it has to know again after a restart: 32 octets, the
        same as long as the journal is. Can be had from :meth:`start` on."""

    async def start(self) -> None:
        """Open what it is kept in; to be called once, before anything else. Raises
        :class:`StoreFailed`."""

    async def close(self) -> None:
        """Commit what was appended, and let go of what it is kept in."""

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        """Make an accepted request durable, its first events and its key with it.

        Raises :class:`JournalUnavailable` or :class:`KeyTaken`; then nothing was stored.
        """

    async def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key of an account that was used, until some time after its call has ended."""

    async def commit(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there, and return when they are durable.

        Raises :class:`JournalUnavailable`; then they were not stored.
        """

    def agents(self, tenant: str) -> Mapping[Place, AgentState]:
        """How the members of a tenant's groups stand by the last committed event of each; who has
        never done anything is not among them."""

    def forwardings(self, tenant: str) -> Mapping[int, Forwarding]:
        """Where the calls of a tenant's users go, by user id and the last committed event of each;
        those for whom the directory holds are not among them."""

    def wrap_ups(self, tenant: str) -> Mapping[int, WrapUp]:
        """The last committed wrap-up of each of a tenant's users, by their ids, unless it was ended
        early; it may be over."""

    def put_bindings(self, account: str, contacts: str | None) -> None:
        """Keep where a terminal (``name@domain``) is registered, in the words of its engine, in
        place of what was kept; None: nowhere. Committed in the background."""

    async def bindings(self) -> dict[str, str]:
        """What is kept of each terminal that is registered somewhere."""

    def append(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; they are committed in the background."""

    async def flush(self) -> None:
        """Wait until all that was appended before is committed; raises
        :class:`JournalUnavailable` where that takes too long."""

    async def call(self, tenant: str, call: str) -> CallRecord | None:
        """A call of a tenant, or None where the tenant has no such call."""

    async def calls(self, tenant: str, wanted: Wanted) -> tuple[CallRecord, ...]:
        """The calls of a tenant that are wanted, the newest first."""

    async def ended(self, tenant: str, behind: End | None, limit: int) -> tuple[CallRecord, ...]:
        """The next calls of a tenant that ended behind another one, in the order of their ends."""

    async def events_of(self, tenant: str, call: str) -> tuple[Recorded, ...]:
        """The committed events of a call, in order."""

    async def events_of_calls(
        self, tenant: str, calls: Sequence[str]
    ) -> dict[str, tuple[Recorded, ...]]:
        """The committed events of several calls, each's in order."""

    async def unfinished(self) -> tuple[CallRecord, ...]:
        """The calls that have no result, of all tenants: after a start those that were alive when
        the last process ended."""

    @property
    def fault(self) -> str | None:
        """Why nothing can be written just now, without any password; None where it can."""

    @property
    def figures(self) -> JournalFigures:
        """What the writer has done so far."""

    @property
    def waiting_events(self) -> int:
        """Events that wait for their commit."""

    def snapshot(self, tenant: str) -> Snapshot:
        """What lives of a tenant, as committed by now."""

    def last_seq(self, tenant: str) -> int:
        """The number of the last committed event of a tenant, 0 where there is none."""

    def read(self, tenant: str, after: str | None = None) -> Reader:
        """Follow a tenant's events after a cursor (``epoch:seq``), from this call on where None.

        Never ends by itself. Reading raises :class:`ResyncNeeded` when the cursor can't be
        continued, or the reader is too slow for what is kept.
        """

    def read_all(self) -> Reader:
        """Follow the events of all tenants from this call on, each tenant's in order."""
