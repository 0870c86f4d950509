"""Tenants as an Enswitch's customers, and who may act for whom."""

from __future__ import annotations

import tomllib

import pytest

from cordboard.directory.customers import DEEPEST, acts_for, customer, customers
from cordboard.directory.persons import ALL_PRIVILEGES, Privilege
from cordboard.directory.problems import Problems
from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings
from cordboard.directory.toml import read_directory

FILE = """
[tenant.reseller]
customer = 1
[tenant.reseller.person.boss]
password = "boss-password"
[tenant.shop]
customer = 2
parent = "Reseller"
[tenant.shop.person.clerk]
password = "clerk-password"
privileges = ["actions", "telephone line reports"]
[tenant.branch]
customer = 3
parent = "shop"
[tenant.other]
account.main.token = "other-token"
"""


def read(text: str) -> tuple[Directory, list[str]]:
    problems = Problems("x", {})
    directory = read_directory(tomllib.loads(text), problems, Surroundings())
    return directory, [f"{one.key}: {one.message}" for one in problems.in_order()]


def test_a_reseller_acts_for_all_below() -> None:
    directory, _ = read(FILE)
    reseller, shop, branch, other = directory.tenants
    assert customers(directory, reseller) == (reseller, shop, branch)
    assert customers(directory, shop) == (shop, branch)
    assert customers(directory, branch) == (branch,)
    assert not acts_for(directory, reseller, other)
    assert not acts_for(directory, branch, reseller)


def test_a_customer_is_found_by_its_number_where_one_may_act_for_it() -> None:
    directory, _ = read(FILE)
    reseller, shop, branch, other = directory.tenants
    assert customer(directory, reseller, 3) is branch
    assert customer(directory, shop, 2) is shop
    assert customer(directory, shop, 1) is None
    assert customer(directory, reseller, other.policy.customer) is None
    assert other.policy.customer > 2**32


def test_a_person_is_found_by_his_name_with_what_he_may_do() -> None:
    directory, _ = read(FILE)
    found = directory.person("clerk")
    assert found is not None
    tenant, clerk = found
    assert tenant.domain == "shop"
    assert clerk.privileges == {Privilege.ACTIONS, Privilege.LINE_REPORTS}
    assert clerk.may(Privilege.PANEL, Privilege.ACTIONS)
    assert not clerk.may(Privilege.PANEL)
    assert "clerk-password" not in repr(clerk)
    boss = directory.person("boss")
    assert boss is not None
    assert boss[1].privileges == ALL_PRIVILEGES
    assert directory.person("nobody") is None


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            "[tenant.late]\ncustomer = 2",
            "tenant.late.customer: the customer 2 is already tenant shop",
        ),
        (
            "[tenant.late.person.boss]\npassword = 'late-password'",
            "tenant.late.person.boss: a person of tenant reseller already logs in by this name",
        ),
        ("[tenant.late]\nparent = 'late'", "tenant.late.parent: the tenant resells to itself"),
        (
            "[tenant.late]\nparent = 'nobody'",
            'tenant.late.parent: there is no tenant "nobody" here, so nobody acts for it',
        ),
        (
            "[tenant.a]\nparent = 'b'\n[tenant.b]\nparent = 'a'",
            "tenant.b.parent: the tenant resells to itself",
        ),
        (
            "[tenant.late.person.late]",
            'tenant.late.person.late: "password" (or "password_hash") is missing',
        ),
    ],
)
def test_what_does_not_fit_together_is_told(more: str, problem: str) -> None:
    assert problem in read(FILE + more)[1]


def test_who_goes_round_acts_for_nobody_else() -> None:
    chain = "".join(f"[tenant.t{n}]\nparent = 't{(n + 1) % 40}'\n" for n in range(40))
    directory, problems = read(chain)
    assert f"tenant.t0.parent: there are more than {DEEPEST} resellers above each other" in problems
    assert len(customers(directory, directory.tenants[0])) == DEEPEST + 1
