from __future__ import annotations

from cordboard.sip.blacklist import FIRST_PAUSE, LONGEST_PAUSE, MAX_ENTRIES, Blacklist
from cordboard.sip.locating import Target

A, B, C = (Target("udp", f"192.0.2.{n}", 5060, "example.com") for n in (1, 2, 3))


def test_who_has_not_failed_stays_where_he_is() -> None:
    assert Blacklist().sort([B, A], 0.0) == (B, A)


def test_who_has_failed_comes_last_for_a_while() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 100.0)
    assert blacklist.sort([A, B], 100.0) == (B, A)
    assert blacklist.sort([A, B], 100.0 + FIRST_PAUSE - 0.1) == (B, A)
    assert blacklist.sort([A, B], 100.0 + FIRST_PAUSE) == (A, B)


def test_another_name_of_the_same_server_has_failed_too() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0)
    assert blacklist.is_listed(A._replace(name="other.test"), 1.0)
    assert not blacklist.is_listed(A._replace(transport="tcp"), 1.0)


def test_each_pause_is_twice_the_one_before_within_bounds() -> None:
    blacklist, now, pauses = Blacklist(), 0.0, []
    for _ in range(6):
        blacklist.failed(A, now)
        began = now
        while blacklist.is_listed(A, now):
            now += 1.0
        pauses.append(now - began)
    assert pauses == [30.0, 60.0, 120.0, 240.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_many_calls_that_fail_together_count_as_one() -> None:
    blacklist = Blacklist()
    for n in range(20):
        blacklist.failed(A, n * 0.1)
    assert not blacklist.is_listed(A, FIRST_PAUSE)


def test_an_answer_ends_it_and_the_pauses_begin_anew() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0)
    blacklist.failed(A, 40.0)
    blacklist.answered(A)
    assert not blacklist.is_listed(A, 41.0)
    blacklist.failed(A, 50.0)
    assert not blacklist.is_listed(A, 50.0 + FIRST_PAUSE)


def test_retry_after_counts_within_bounds() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0, 7)
    assert blacklist.is_listed(A, 6.9)
    assert not blacklist.is_listed(A, 7.0)
    blacklist.failed(B, 0.0, 86_400)
    assert blacklist.is_listed(B, LONGEST_PAUSE - 0.1)
    assert not blacklist.is_listed(B, LONGEST_PAUSE)


def test_retry_after_does_not_shorten_a_pause() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0)
    blacklist.failed(A, 1.0, 2)
    assert blacklist.is_listed(A, FIRST_PAUSE - 0.1)


def test_who_asked_to_be_left_alone_is_while_there_is_anybody_else() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0, 60)
    blacklist.failed(B, 0.0)
    assert blacklist.sort([A, B, C], 1.0) == (C, B)
    assert blacklist.sort([A, B], 1.0) == (B,)
    assert blacklist.sort([A], 1.0) == (A,)


def test_of_all_that_have_failed_the_one_that_is_back_first_comes_first() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 10.0)
    blacklist.failed(B, 0.0)
    assert blacklist.sort([A, B], 11.0) == (B, A)


def test_it_holds_a_bounded_number() -> None:
    blacklist = Blacklist()
    blacklist.failed(A, 0.0)
    for n in range(MAX_ENTRIES):
        blacklist.failed(Target("udp", f"198.51.{n // 256}.{n % 256}", 5060, ""), 1.0)
    assert len(blacklist) == MAX_ENTRIES
    assert not blacklist.is_listed(A, 2.0)
