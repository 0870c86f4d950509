"""Where the registrar keeps bindings: by account, and found by their expiry or connection."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from cordboard.sip.events import Binding, BindingsChanged
from cordboard.sip.flow import Flow
from cordboard.sip.outbound import way_anew

Contacts = dict[str, Binding]
"""The bindings of one account by their keys, the least recently refreshed first."""

HEAP_SLACK = 64
"""Entries of the expiry heap beyond twice the bindings, before those that were refreshed go."""


class BindingTable:
    """All bindings. Replaced account by account; what is over is dropped and told."""

    __slots__ = ("_at_host", "_contacts", "_count", "_expiries", "_on_connection")

    def __init__(self) -> None:
        self._contacts: dict[str, Contacts] = {}
        self._count = 0
        self._expiries: list[tuple[float, str]] = []  # a heap; some entries no longer matter
        self._on_connection: dict[Flow, set[str]] = {}  # accounts by connection
        self._at_host: Counter[str] = Counter()  # bindings by the address that they came from

    def __len__(self) -> int:
        """How many bindings there are, expired ones that were not dropped yet included."""
        return self._count

    def accounts(self) -> tuple[str, ...]:
        """The accounts that have bindings."""
        return tuple(self._contacts)

    def of(self, account: str) -> Contacts:
        """The bindings of an account, not to be changed."""
        return self._contacts.get(account, {})

    def has_host(self, host: str) -> bool:
        """Whether any binding came from an address."""
        return host in self._at_host

    def has_flow(self, flow: Flow) -> bool:
        """Whether any binding is reached over a connection."""
        return flow in self._on_connection

    def put(self, account: str, contacts: Contacts) -> None:
        """Replace the bindings of an account, and what finds them."""
        before = self._contacts.pop(account, {})
        self._count += len(contacts) - len(before)
        for binding in before.values():
            self._leave(binding.flow, account)
            self._at_host[binding.flow.remote[0]] -= 1
            if not self._at_host[binding.flow.remote[0]]:
                del self._at_host[binding.flow.remote[0]]
        if contacts:
            self._contacts[account] = contacts
        for key, binding in contacts.items():
            self._at_host[binding.flow.remote[0]] += 1
            if binding.flow.reliable:
                self._on_connection.setdefault(binding.flow, set()).add(account)
            if before.get(key) != binding:
                heapq.heappush(self._expiries, (binding.expires_at, account))
        if len(self._expiries) > 2 * self._count + HEAP_SLACK:
            self._rebuild_expiries()

    def restore(self, account: str, bindings: Iterable[Binding]) -> bool:
        """Have the bindings of an account that another process knew; False where it has registered
        here by then, which counts over that."""
        if account in self._contacts:
            return False
        self.put(account, {binding.key: binding for binding in bindings})
        return True

    def next_expiry(self) -> float | None:
        """When :meth:`expire` will have something to do."""
        while self._expiries:
            due, account = self._expiries[0]
            if any(binding.expires_at == due for binding in self.of(account).values()):
                return due
            heapq.heappop(self._expiries)
        return None

    def expire(self, now: float) -> list[BindingsChanged]:
        """Drop the bindings whose time is over."""
        due: dict[str, None] = {}
        while self._expiries and self._expiries[0][0] <= now:
            due[heapq.heappop(self._expiries)[1]] = None
        return self._drop(due, lambda binding: binding.expires_at <= now)

    def connection_lost(self, flow: Flow) -> list[BindingsChanged]:
        """Drop the bindings of a connection, but those whose proxy can be connected to."""
        changed = []
        for account in sorted(self._on_connection.get(flow, ())):
            contacts = self.of(account)
            left = {key: _without(flow, binding) for key, binding in contacts.items()}
            kept = {key: binding for key, binding in left.items() if binding is not None}
            self.put(account, kept)
            if len(kept) != len(contacts):
                changed.append(BindingsChanged(account, tuple(kept.values())))
        return changed

    def forget(self, accounts: Iterable[str]) -> list[BindingsChanged]:
        """Drop all bindings of accounts."""
        return self._drop(accounts, lambda _binding: True)

    def _drop(
        self, accounts: Iterable[str], over: Callable[[Binding], bool]
    ) -> list[BindingsChanged]:
        changed = []
        for account in accounts:
            contacts = self.of(account)
            left = {key: binding for key, binding in contacts.items() if not over(binding)}
            if len(left) != len(contacts):
                self.put(account, left)
                changed.append(BindingsChanged(account, tuple(left.values())))
        return changed

    def _leave(self, flow: Flow, account: str) -> None:
        accounts = self._on_connection.get(flow)
        if accounts is not None:
            accounts.discard(account)
            if not accounts:
                del self._on_connection[flow]

    def _rebuild_expiries(self) -> None:
        """Rid the heap of what was refreshed or dropped since, so that it stays bounded."""
        self._expiries = [
            (binding.expires_at, account)
            for account, contacts in self._contacts.items()
            for binding in contacts.values()
        ]
        heapq.heapify(self._expiries)


def _without(lost: Flow, binding: Binding) -> Binding | None:
    """What is left of a binding without a connection."""
    if binding.flow != lost:
        return binding
    flow = way_anew(binding.path, lost)
    return None if flow is None else replace(binding, flow=flow)
