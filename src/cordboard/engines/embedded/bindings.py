"""Which phones can be dialled: the registrar's bindings seen as the calls' contacts."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from cordboard.calls.ports import Contact
from cordboard.directory.challenger import challenger_of
from cordboard.directory.model import DigestOffer
from cordboard.directory.snapshot import Directory
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.events import Binding, BindingsChanged
from cordboard.sip.registrar import Realm, Registrar, RegistrarAccount

_OFFERED = {
    DigestOffer.MD5: ("MD5",),
    DigestOffer.SHA_256: ("SHA-256",),
    DigestOffer.BOTH: ("SHA-256", "MD5"),
}


MARK_OCTETS: Final = 2
"""Of 65536 new passwords one is taken for the old one; so many guesses would be left over."""


class Bindings:
    """The registrar of all terminals of a directory; an account is ``terminal@domain``."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        secret: bytes,
        clock: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._secret = secret
        self.registrar = Registrar(self._account, self._realm, DigestServer(secret))

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of an account that can be dialled now, best first."""
        return tuple(map(_contact, self.registrar.bindings(account, self._clock())))

    def registered(self) -> dict[str, tuple[Contact, ...]]:
        """The contacts of all accounts that have any."""
        found = ((account, self.contacts(account)) for account in self.registrar.accounts())
        return {account: contacts for account, contacts in found if contacts}

    def follow(self, before: Directory) -> list[BindingsChanged]:
        """End the registrations of terminals that have gone from the directory since ``before``, or
        have another password by now."""
        now = self._directory()
        accounts = self.registrar.accounts()
        ended = [one for one in accounts if _secrets(one, before) != _secrets(one, now)]
        return self.registrar.forget(ended)

    def mark(self, account: str) -> str | None:
        """What tells the secrets of an account (``terminal@domain``) from others; None where there
        is no such one. It is too short to try passwords by."""
        secrets = _secrets(account, self._directory())
        if secrets is None:
            return None
        told = repr(secrets).encode()
        return blake2b(told, digest_size=MARK_OCTETS).hexdigest()

    def find(self, contact: Contact) -> Binding | None:
        """The binding behind a contact; None if it has gone since."""
        for binding in self.registrar.bindings(contact.account, self._clock()):
            named = (binding.instance, binding.reg_id) if binding.kept else (None, None)
            if binding.contact == contact.uri and named == (contact.instance, contact.reg_id):
                return binding
        return None

    def _account(self, user: str, host: str) -> RegistrarAccount | None:
        found = self._directory().terminal_by_sip(user, host)
        if found is None:
            return None
        tenant, terminal = found
        return RegistrarAccount(
            key=f"{terminal.name}@{tenant.domain}",
            username=terminal.name,
            ha1=terminal.ha1,
            max_contacts=terminal.max_contacts,
            ha1_sha256=terminal.ha1_sha256,
        )

    def _realm(self, user: str, host: str) -> Realm:
        policy = challenger_of(self._directory(), user, host, self._secret)
        return Realm(host) if policy is None else Realm(policy.sip_realm, _OFFERED[policy.digest])


def _secrets(account: str, directory: Directory) -> tuple[str, str | None] | None:
    """By what a terminal (``name@domain``) proves itself; None where there is no such one."""
    name, _, domain = account.rpartition("@")
    tenant = directory.tenant(domain)
    terminal = None if tenant is None else tenant.terminal(name)
    return None if terminal is None else (terminal.ha1, terminal.ha1_sha256)


def _contact(binding: Binding) -> Contact:
    named = (binding.account, binding.contact, binding.q, binding.user_agent)
    return Contact(*named, binding.instance, binding.reg_id) if binding.kept else Contact(*named)
