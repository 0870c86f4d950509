"""Wrong tokens are counted, right ones get through."""

from __future__ import annotations

from cordboard.api.guessing import (
    GUESSES_OF_A_DOMAIN,
    GUESSES_OF_AN_ADDRESS,
    MAX_REMEMBERED,
    SECONDS_A_GUESS,
    Guesses,
)

HERE, THERE = "192.0.2.1", "192.0.2.2"


def token(number: int) -> bytes:
    return b"%032d" % number


def guess(guesses: Guesses, times: int, address: str = HERE, domain: str | None = "demo") -> None:
    for number in range(times):
        guesses.wrong(address, domain, token(number), 0.0)


def test_one_less_than_too_many_is_none() -> None:
    guesses = Guesses()
    guess(guesses, GUESSES_OF_AN_ADDRESS - 1)
    assert guesses.wait(HERE, "demo", token(999), 0.0) == 0


def test_an_address_has_to_wait_and_others_not() -> None:
    guesses = Guesses()
    guess(guesses, GUESSES_OF_AN_ADDRESS)
    assert guesses.wait(HERE, "demo", token(999), 0.0) == SECONDS_A_GUESS
    assert guesses.wait(HERE, None, token(999), 0.0) == SECONDS_A_GUESS
    assert guesses.wait(HERE, "demo", token(999), 9.5) == 1
    assert guesses.wait(HERE, "demo", token(999), SECONDS_A_GUESS) == 0
    assert guesses.wait(THERE, "demo", token(999), 0.0) == 0


def test_that_a_limit_is_reached_is_told_once() -> None:
    guesses = Guesses()
    told = [guesses.wrong(HERE, "demo", token(number), 0.0) for number in range(60)]
    assert [number for number, reached in enumerate(told, 1) if reached] == [GUESSES_OF_AN_ADDRESS]


def test_an_ipv6_network_is_one_address() -> None:
    guesses = Guesses()
    guess(guesses, GUESSES_OF_AN_ADDRESS, "2001:db8::1")
    assert guesses.wait("2001:db8::2", "demo", token(999), 0.0) > 0


def test_the_same_wrong_token_is_no_new_guess() -> None:
    guesses = Guesses()
    for _ in range(10 * GUESSES_OF_AN_ADDRESS):
        guesses.wrong(HERE, "demo", token(1), 0.0)
    assert guesses.wait(HERE, "demo", token(2), 0.0) == 0


def test_who_has_proven_himself_there_is_not_locked_out() -> None:
    guesses = Guesses()
    guesses.right(HERE, token(999))
    guess(guesses, GUESSES_OF_AN_ADDRESS)
    assert guesses.wait(HERE, "demo", token(999), 0.0) == 0
    assert guesses.wait(HERE, "demo", token(998), 0.0) > 0


def test_many_addresses_are_too_many_for_a_domain_in_any_case() -> None:
    guesses = Guesses()
    for number in range(GUESSES_OF_A_DOMAIN):
        guesses.wrong(f"192.0.2.{number}", "demo", token(number), 0.0)
    assert guesses.wait("198.51.100.1", "DEMO", token(999), 0.0) > 0
    assert guesses.wait("198.51.100.1", "other", token(999), 0.0) == 0
    assert guesses.wait("198.51.100.1", None, token(999), 0.0) == 0


def test_what_is_remembered_is_bounded() -> None:
    guesses = Guesses()
    for number in range(MAX_REMEMBERED + 10):
        guesses.wrong(f"{number}.example", f"{number}", token(number), 0.0)
        guesses.right(f"{number}.example", token(number))
    sizes = {
        len(guesses._wrong),
        len(guesses._proven),
        len(guesses._addresses._level),
        len(guesses._domains._level),
    }
    assert sizes == {MAX_REMEMBERED}
