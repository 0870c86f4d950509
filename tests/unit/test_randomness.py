"""Random octets that are fetched many at a time."""

from __future__ import annotations

import os
import uuid
import warnings

import pytest

from cordboard import randomness


def test_nothing_is_handed_out_twice() -> None:
    made = [randomness.token(16) for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {32}


@pytest.mark.parametrize("count", [1, 8, 31, 32, 80, 128])
def test_numbers_have_so_many_bits_and_no_more(count: int) -> None:
    made = [randomness.bits(count) for _ in range(500)]
    assert max(made) < 2**count
    seen = 0
    for one in made:
        seen |= one
    assert seen == 2**count - 1


def test_a_token_is_hexadecimal() -> None:
    assert len(randomness.token(8)) == 16
    assert int(randomness.token(8), 16) >= 0


def test_more_than_a_piece_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 16"):
        randomness.token(17)


def test_a_timely_uuid_is_one_of_version_7_and_sorts_by_its_time() -> None:
    first, second = randomness.timely_uuid(1_700_000_000.123), randomness.timely_uuid(1_700_000_001)
    read = uuid.UUID(first)
    assert str(read) == first
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == 1_700_000_000_123
    assert first < second


def test_a_child_process_does_not_hand_out_what_its_parent_does() -> None:
    randomness.token(1)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, where threads run
        child = os.fork()
    if child == 0:
        os.write(writing, randomness.token(16).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 32).decode()
    os.close(reading)
    os.close(writing)
    assert theirs not in {randomness.token(16) for _ in range(randomness.PIECES)}
