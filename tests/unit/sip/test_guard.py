"""Who guesses is not answered for long, and nobody else is hurt by it."""

from __future__ import annotations

import pytest

from cordboard.sip import guard as guards
from cordboard.sip.guard import (
    FAILURES_OF_A_SOURCE,
    FAILURES_OF_AN_ACCOUNT,
    SECONDS_A_FAILURE,
    Admission,
    Guard,
)

ATTACKER, HOME = "203.0.113.66", "198.51.100.7"
NOW = 1000.0


def guess(guard: Guard, times: int, *, account: str | None = None, now: float = NOW) -> list[bool]:
    """Fail so often, at one account or at another one each time."""
    return [guard.failed(ATTACKER, account or f"user{n}@demo", now) for n in range(times)]


def test_a_source_that_guesses_at_many_accounts_is_ignored() -> None:
    guard = Guard()
    assert guess(guard, FAILURES_OF_A_SOURCE - 1) == [False] * (FAILURES_OF_A_SOURCE - 1)
    assert guard.admits(ATTACKER, "new@demo", NOW) is Admission.WELCOME
    assert guess(guard, 1) == [True]
    assert guard.admits(ATTACKER, "new@demo", NOW) is Admission.IGNORED
    assert guard.admits(HOME, "new@demo", NOW) is Admission.WELCOME
    assert guard.admits(ATTACKER, "new@demo", NOW + SECONDS_A_FAILURE) is Admission.WELCOME


def test_an_account_that_is_guessed_at_is_closed_to_strangers() -> None:
    guard = Guard()
    guard.succeeded(HOME, "jessica@demo")
    told = guess(guard, FAILURES_OF_AN_ACCOUNT, account="jessica@demo")
    assert told == [False] * (FAILURES_OF_AN_ACCOUNT - 1) + [True]
    stranger = "192.0.2.99"
    assert guard.admits(stranger, "jessica@demo", NOW) is Admission.ACCOUNT_UNDER_ATTACK
    assert guard.admits(stranger, "thomas@demo", NOW) is Admission.WELCOME
    assert guard.admits(HOME, "jessica@demo", NOW) is Admission.WELCOME


def test_a_phone_behind_the_same_address_as_the_attacker_goes_on() -> None:
    guard = Guard()
    guard.succeeded(ATTACKER, "jessica@demo")
    guess(guard, FAILURES_OF_A_SOURCE)
    assert guard.admits(ATTACKER, "thomas@demo", NOW) is Admission.IGNORED
    assert guard.admits(ATTACKER, "jessica@demo", NOW) is Admission.WELCOME


def test_having_been_right_once_is_no_licence_to_guess() -> None:
    guard = Guard()
    guard.succeeded(ATTACKER, "jessica@demo")
    guess(guard, FAILURES_OF_AN_ACCOUNT, account="jessica@demo")
    assert guard.admits(ATTACKER, "jessica@demo", NOW) is not Admission.WELCOME


def test_a_misconfigured_phone_is_told_for_ever() -> None:
    guard = Guard()
    for minute in range(500):
        now = NOW + 30.0 * minute
        assert guard.admits(HOME, "jessica@demo", now) is Admission.WELCOME
        guard.failed(HOME, "jessica@demo", now)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MAX_BUCKETS", 5)
    monkeypatch.setattr(guards, "MAX_PROVEN", 5)
    guard = Guard()
    for number in range(50):
        guard.failed(f"192.0.2.{number}", f"a{number}", NOW)
        guard.succeeded(f"192.0.2.{number}", f"a{number}")
    assert len(guard._sources._level) == len(guard._accounts._level) == len(guard._proven) == 5


def test_a_whole_ipv6_network_is_one_source() -> None:
    guard = Guard()
    for number in range(FAILURES_OF_A_SOURCE):
        guard.failed(f"2001:db8:0:1::{number:x}", f"user{number}@demo", NOW)
    assert guard.admits("2001:db8:0:1:ffff::1", "another@demo", NOW) is Admission.IGNORED
    assert guard.admits("2001:db8:0:2::1", "another@demo", NOW) is Admission.WELCOME


def test_a_phone_that_changes_its_ipv6_address_stays_proven() -> None:
    guard = Guard()
    guard.succeeded("2001:db8:0:1::a", "thomas@demo")
    for number in range(FAILURES_OF_AN_ACCOUNT):
        guard.failed(f"198.51.100.{number}", "thomas@demo", NOW)
    assert guard.admits("2001:db8:0:1::b", "thomas@demo", NOW) is Admission.WELCOME
    assert guard.admits("2001:db8:0:9::b", "thomas@demo", NOW) is Admission.ACCOUNT_UNDER_ATTACK
