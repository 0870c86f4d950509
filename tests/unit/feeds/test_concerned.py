"""What is found out once in a directory is found out anew in the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cordboard.calls.events import CallEvent
from cordboard.calls.owing import Owed
from cordboard.directory.snapshot import Directory
from cordboard.feeds.concerned import Concerned
from cordboard.feeds.terms import TermsOfAccounts
from support.tenants import DOMAIN, tenant


class Wants:
    """Somebody who wants to be told of tenants."""

    def __init__(self, *tenants: str) -> None:
        self.tenants = tenants
        self.asked = 0

    def concerns(self, tenant: str) -> bool:
        self.asked += 1
        return tenant in self.tenants

    def owed(
        self, _tenant: str, _accepted: CallEvent, _event: CallEvent, _at: float, _seq: int
    ) -> Iterator[Owed]:
        return iter(())

    def owed_of_no_call(
        self, _tenant: str, _event: CallEvent, _at: float, _seq: int
    ) -> Iterator[Owed]:
        return iter(())


def test_whom_somebody_concerns_is_asked_once_in_each_directory() -> None:
    held = [Directory((tenant(),))]
    one, other = Wants(), Wants("demo")
    together = Concerned(lambda: held[0], one, other)
    assert [together.concerns(name) for name in ("demo", "other", "demo")] == [True, False, True]
    assert (one.asked, other.asked) == (2, 2)
    other.tenants = ()
    held[0] = Directory((tenant(),))
    assert not together.concerns("demo")


def test_terms_are_those_of_the_directory_of_the_moment() -> None:
    house = tenant()
    (account, *others) = house.accounts
    signing = replace(account, webhook_secrets=(b"secret",))
    held = [Directory((replace(house, accounts=(signing, *others)),))]
    terms = TermsOfAccounts(lambda: held[0])
    for _ in range(2):
        assert terms.of(DOMAIN, account.name).secrets == (b"secret",)
    assert terms.of(DOMAIN, "gone").secrets == ()
    assert terms.of("gone", account.name).secrets == ()
    inside = replace(house.policy, callbacks_inside=True)
    held[0] = Directory((replace(house, policy=inside),))
    assert terms.of(DOMAIN, account.name).secrets == ()
    assert terms.of(DOMAIN, account.name).inside
    assert terms.of(DOMAIN, "gone").inside
