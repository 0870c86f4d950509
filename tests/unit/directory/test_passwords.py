"""Passwords can be checked by what is kept of them, and not read."""

from __future__ import annotations

import pytest

from cordboard.directory.passwords import (
    NOBODYS,
    checked_hash,
    held_password,
    is_quick,
    is_right,
    kept_password,
)


@pytest.mark.parametrize("password", ["secret", "", "\u05e9\u05dc\u05d5\u05dd", "a" * 1000])
def test_the_right_one_is_known_and_no_other(password: str) -> None:
    for kept in (kept_password(password, "demo/account/main"), held_password(password)):
        assert is_right(kept, password)
        assert not is_right(kept, password + " ")


def test_what_is_kept_of_equal_passwords_differs_by_whose_they_are() -> None:
    ours, theirs = kept_password("secret", "a"), kept_password("secret", "b")
    assert ours != theirs
    assert ours == kept_password("secret", "a")
    assert "secret" not in ours + theirs


def test_a_check_costs_something_but_for_what_the_file_has_in_the_clear() -> None:
    assert is_quick(held_password("secret"))
    assert not is_quick(kept_password("secret", "a"))


def test_nobody_s_password_is_no_password() -> None:
    assert checked_hash(NOBODYS) == NOBODYS
    assert not is_right(NOBODYS, "")


@pytest.mark.parametrize("nonsense", ["", "secret", "$argon2id$", "$2b$12$abc", "sha256:00"])
def test_what_is_no_hash_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        checked_hash(nonsense)
    assert not is_right(nonsense, "secret")
