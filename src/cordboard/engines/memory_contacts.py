"""Where terminals are registered with the engine in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import TypeAdapter

from cordboard.calls.ports import Contact


class MemoryContacts:
    """The contacts of terminals; :attr:`keep` is told of each change of a terminal's."""

    def __init__(self) -> None:
        self.keep: Callable[[str, str | None], None] | None = None
        self._contacts: dict[str, dict[str, Contact]] = {}

    def of(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal, best first."""
        found = self._contacts.get(account, {}).values()
        return tuple(sorted(found, key=lambda contact: -contact.q))

    def add(self, contact: Contact) -> None:
        """A terminal has one more, or the same one anew."""
        self._contacts.setdefault(contact.account, {})[_key(contact)] = contact
        self._tell(contact.account)

    def remove(self, contact: Contact) -> None:
        """A terminal loses one."""
        self._contacts.get(contact.account, {}).pop(_key(contact), None)
        self._tell(contact.account)

    def restore(self, kept: Mapping[str, str]) -> None:
        """Have those that an earlier engine has kept."""
        for account, text in kept.items():
            try:
                contacts = TypeAdapter(list[Contact]).validate_json(text)
            except ValueError:
                self._tell(account)
                continue
            for contact in contacts:
                self._contacts.setdefault(account, {})[_key(contact)] = contact

    def _tell(self, account: str) -> None:
        if self.keep is not None:
            contacts = list(self._contacts.get(account, {}).values())
            text = TypeAdapter(list[Contact]).dump_json(contacts).decode()
            self.keep(account, text if contacts else None)


def _key(contact: Contact) -> str:
    return contact.uri if contact.reg_id is None else f"{contact.instance} {contact.reg_id}"
