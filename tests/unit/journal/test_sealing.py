"""Secrets are sealed by the first key and opened by any."""

from __future__ import annotations

import pytest

from cordboard.journal.sealing import VARIABLE, Seal, SealError, new_key, seal_of

OLD, NEW = new_key(), new_key()


def test_what_is_sealed_is_opened_and_not_read() -> None:
    seal = Seal(OLD)
    sealed = seal.seal("of-the-trunk é")
    assert "trunk" not in sealed
    assert seal.open(sealed) == "of-the-trunk é"
    assert seal.seal("of-the-trunk é") != sealed


def test_the_first_key_seals_and_each_opens() -> None:
    before, both, after = Seal(OLD), Seal(NEW, OLD), Seal(NEW)
    assert both.open(before.seal("a")) == "a"
    assert after.open(both.seal("a")) == "a"
    with pytest.raises(SealError, match="does not have"):
        after.open(before.seal("a"))


@pytest.mark.parametrize("damage", [lambda text: text[:-4], lambda _: "", lambda _: "é"])
def test_what_is_damaged_is_not_opened(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(SealError):
        Seal(OLD).open(damage(Seal(OLD).seal("a")))


def test_keys_come_from_the_environment() -> None:
    assert seal_of({}) is None
    assert seal_of({VARIABLE: " , "}) is None
    seal = seal_of({VARIABLE: f"{NEW}, {OLD}"})
    assert seal is not None
    assert seal.open(Seal(OLD).seal("a")) == "a"


def test_what_is_no_key_is_not_repeated() -> None:
    with pytest.raises(SealError) as caught:
        seal_of({VARIABLE: "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert VARIABLE in str(caught.value)
