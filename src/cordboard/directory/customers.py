"""Tenants as an Enswitch's customers: their persons, who resells to whom, what does not fit.

A person acts for the tenant that he is of, and for those that this one resells to, however far
below (vendor facts, 5: resellers see sub-customers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from cordboard.directory.credentials import persons_password
from cordboard.directory.locate import Path
from cordboard.directory.persons import ALL_PRIVILEGES, Person
from cordboard.directory.problems import Problems
from cordboard.directory.rows import Row, fit

if TYPE_CHECKING:
    from cordboard.directory.snapshot import Directory, TenantDirectory

DEEPEST: Final = 16
"""Resellers above each other; what goes on for longer goes round."""


def person_of(row: Row, problems: Problems) -> Person | None:
    """A person from its table; None, and a problem told, where it has no password."""
    password = persons_password(row, problems)
    if password is None:
        return None
    given = row.values["privileges"]
    privileges = ALL_PRIVILEGES if given is None else frozenset(fit(given))
    return Person(row.name, password, privileges)


def acts_for(directory: Directory, tenant: TenantDirectory, other: TenantDirectory) -> bool:
    """Whether the persons of a tenant may act for another one."""
    if other.domain == tenant.domain:
        return True
    return any(one.domain == tenant.domain for one in _above(directory, other))


def customer(directory: Directory, tenant: TenantDirectory, number: int) -> TenantDirectory | None:
    """The customer of this number, of those that the persons of a tenant may act for."""
    for one in directory.tenants:
        if one.policy.customer == number and acts_for(directory, tenant, one):
            return one
    return None


def customers(directory: Directory, tenant: TenantDirectory) -> tuple[TenantDirectory, ...]:
    """A tenant, and all that it resells to."""
    return tuple(one for one in directory.tenants if acts_for(directory, tenant, one))


def check_customers(tenants: Iterable[TenantDirectory], problems: Problems) -> None:
    """Reports what does not fit together between resellers and their customers."""
    known = {tenant.domain.lower(): tenant for tenant in tenants}
    numbers: dict[int, str] = {}
    usernames: dict[str, str] = {}
    for tenant in known.values():
        path: Path = ("tenant", tenant.domain)
        first = numbers.setdefault(tenant.policy.customer, tenant.domain)
        if first != tenant.domain:
            message = f"the customer {tenant.policy.customer} is already tenant {first}"
            problems.error((*path, "customer"), message)
        for person in tenant.persons:
            first = usernames.setdefault(person.username, tenant.domain)
            if first != tenant.domain:
                message = f"a person of tenant {first} already logs in by this name"
                problems.error((*path, "person", person.username), message)
        if tenant.policy.parent is not None:
            _check_parent(tenant, known, (*path, "parent"), problems)


def _check_parent(
    tenant: TenantDirectory, known: dict[str, TenantDirectory], path: Path, problems: Problems
) -> None:
    at: TenantDirectory | None = tenant
    for _ in range(DEEPEST):
        parent = None if at is None else at.policy.parent
        if parent is None:
            return
        at = known.get(parent.lower())
        if at is None:
            problems.warning(path, f'there is no tenant "{parent}" here, so nobody acts for it')
            return
        if at is tenant:
            problems.error(path, "the tenant resells to itself")
            return
    problems.error(path, f"there are more than {DEEPEST} resellers above each other")


def _above(directory: Directory, tenant: TenantDirectory) -> Iterator[TenantDirectory]:
    """Those that resell to a tenant, the next one first."""
    parent = tenant.policy.parent
    for _ in range(DEEPEST):
        found = None if parent is None else directory.tenant(parent)
        if found is None:
            return
        yield found
        parent = found.policy.parent
