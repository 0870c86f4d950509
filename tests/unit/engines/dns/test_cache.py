from __future__ import annotations

from cordboard.engines.dns.cache import (
    FAULT_SECONDS,
    LONGEST_FAULT_SECONDS,
    LONGEST_NEGATIVE_SECONDS,
    LONGEST_SECONDS,
    MAX_ANSWERS,
    SHORTEST_SECONDS,
    STALE_SECONDS,
    AnswerCache,
)
from cordboard.sip.dns_records import Answer, Question, RecordType

QUESTION = Question(RecordType.A, "example.com")
FAULT = Answer(fault="no name server answers")


def good(ttl: float) -> Answer:
    return Answer(("192.0.2.1",), ttl)


def lasts(answer: Answer) -> float:
    """How long an answer is given, to a second."""
    cache = AnswerCache()
    cache.put(QUESTION, answer, 0.0)
    now = 0.0
    while cache.get(QUESTION, now) is not None:
        now += 1.0
    return now


def test_an_answer_is_good_as_long_as_it_says_within_bounds() -> None:
    assert lasts(good(77)) == 77.0
    assert lasts(good(0)) == SHORTEST_SECONDS
    assert lasts(good(10**9)) == LONGEST_SECONDS


def test_what_is_missing_is_looked_for_again_soon() -> None:
    assert lasts(Answer(ttl=10**9, exists=False)) == LONGEST_NEGATIVE_SECONDS
    assert lasts(Answer(ttl=10**9)) == LONGEST_NEGATIVE_SECONDS
    assert lasts(Answer(ttl=20)) == 20.0


def test_a_fault_lasts_its_own_time() -> None:
    assert lasts(FAULT) == FAULT_SECONDS


def test_the_pauses_between_faults_grow_within_bounds_until_there_is_an_answer() -> None:
    cache, now, pauses = AnswerCache(), 0.0, []
    for _ in range(6):
        cache.put(QUESTION, FAULT, now)
        pauses.append(cache.until(QUESTION) - now)
        now = cache.until(QUESTION)
    assert pauses == [5.0, 10.0, 20.0, 40.0, LONGEST_FAULT_SECONDS, LONGEST_FAULT_SECONDS]
    cache.put(QUESTION, good(10), now)
    cache.put(QUESTION, FAULT, now + 10.0)
    assert cache.until(QUESTION) == now + 10.0 + FAULT_SECONDS


def test_an_old_answer_is_better_than_none() -> None:
    cache = AnswerCache()
    cache.put(QUESTION, good(10), 0.0)
    assert cache.get(QUESTION, 10.0) is None
    assert cache.put(QUESTION, FAULT, 13.0) == good(10)
    assert cache.get(QUESTION, 13.0 + FAULT_SECONDS - 0.1) == good(10)
    assert cache.get(QUESTION, 13.0 + FAULT_SECONDS) is None


def test_a_very_old_answer_is_not() -> None:
    cache = AnswerCache()
    cache.put(QUESTION, good(10), 0.0)
    assert cache.put(QUESTION, FAULT, 10.0 + STALE_SECONDS) == FAULT


def test_a_new_answer_takes_the_place_of_an_old_one() -> None:
    cache = AnswerCache()
    cache.put(QUESTION, good(10), 0.0)
    gone = Answer(ttl=5, exists=False)
    assert cache.put(QUESTION, gone, 20.0) == gone
    assert cache.get(QUESTION, 21.0) == gone


def test_it_holds_a_bounded_number() -> None:
    cache = AnswerCache()
    cache.put(QUESTION, good(1), 0.0)
    for n in range(MAX_ANSWERS):
        cache.put(Question(RecordType.A, f"host{n}.test"), good(60), 0.0)
    assert len(cache) == MAX_ANSWERS
    assert cache.get(QUESTION, 0.5) is None
