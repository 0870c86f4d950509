"""A request to Enswitch's API as its function sees it: read, and of a person who may do that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.api.auth import Principal
from cordboard.api.enswitch.faults import ROLE, Code, Fault, Faulty
from cordboard.api.enswitch.fields import Fields
from cordboard.api.services import Services
from cordboard.directory.customers import customer, customers
from cordboard.directory.persons import Person, Privilege
from cordboard.directory.snapshot import TenantDirectory

ALL, RECURSIVE, SYSTEM = "all", "recursive", "system"
"""In place of a customer's id in lists: all that the person sees."""

NO_CUSTOMER: Final = "There is no such customer, or it is not yours."


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters, who sent them, and what may be asked in turn."""

    fields: Fields = field(repr=False)
    principal: Principal
    person: Person
    services: Services
    scope: Scope = field(repr=False)

    def customer(self) -> TenantDirectory:
        """The customer that is meant: the person's own unless one is named. Where there is no such
        one, that is noted."""
        text = self.fields.text("customer")
        if not text:
            return self.principal.tenant
        number, own = self.fields.whole("customer"), self.principal.tenant
        found = customer(self.services.directory(), own, number) if number else None
        if found is None and not any(fault.key == "customer" for fault in self.fields.faults):
            self.fields.fault("customer", NO_CUSTOMER)
        return own if found is None else found

    def customers(self, recursive: str = "") -> tuple[TenantDirectory, ...]:
        """The customers of whom a list is to be; with the switch of the name ``recursive`` also
        those that they resell to."""
        if self.fields.text("customer") in (ALL, RECURSIVE, SYSTEM):
            return self.all_customers()
        named = self.customer()
        if recursive and self.fields.switch(recursive):
            return customers(self.services.directory(), named)
        return (named,)

    def all_customers(self) -> tuple[TenantDirectory, ...]:
        """The person's own, and those that it resells to."""
        return customers(self.services.directory(), self.principal.tenant)

    def check_privilege(self, *any_of: Privilege) -> None:
        """Raises :class:`~cordboard.api.enswitch.faults.Faulty` where the person has none."""
        if not self.person.may(*any_of):
            raise Faulty([Fault(Code.ROLE, "", ROLE)], "scope_missing")


@dataclass(frozen=True, slots=True)
class Function:
    """What is done at a path, and which privileges it takes one of; it raises
    :class:`~cordboard.api.enswitch.faults.Faulty`. ``places``: it is there to begin calls, and not
    asked where there is too much to do."""

    path: str
    needs: tuple[Privilege, ...]
    answer: Callable[[Asked], Awaitable[Answer]]
    places: bool = False
