"""The emulated bad line: what it may do to packets, and what it must not."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from support.impairment import BadLine, Fate, Impairment

parts = st.floats(0.0, 1.0)
times = st.floats(0.0, 1.0)
impairments = st.builds(Impairment, parts, times, times, parts)
pauses = st.lists(st.floats(0.0, 0.3), max_size=50)
seeds = st.integers(0, 2**32)

ALL = 100.0
"""Seconds by which everything has come out."""


def sent(line: BadLine, gaps: list[float]) -> dict[bytes, float]:
    """Put numbered packets in with these pauses; when each went in."""
    now = 0.0
    times: dict[bytes, float] = {}
    for number, gap in enumerate(gaps):
        now += gap
        packet = number.to_bytes(2, "big")
        times[packet] = now
        line.put(packet, now)
    return times


@given(impairments, seeds, pauses)
def test_a_packet_comes_once_or_twice_in_time_or_not_at_all(
    bad: Impairment, seed: int, gaps: list[float]
) -> None:
    line = BadLine(bad, seed)
    went_in = sent(line, gaps)
    came: Counter[bytes] = Counter()
    now = 0.0
    while (at := line.next_time()) is not None:
        assert at >= now
        now = at
        for packet in line.take(now):
            came[packet] += 1
            on_its_way = now - went_in[packet]
            assert bad.delay - 1e-9 <= on_its_way <= bad.delay + bad.jitter + 1e-9
    assert set(came.values()) <= {1, 2}
    assert len(went_in) - len(came) == line.fates[Fate.LOST]
    assert sum(came.values()) - len(came) == line.fates[Fate.CAME_TWICE]
    assert line.fates[Fate.CAME] == came.total()


@given(impairments, seeds, pauses)
def test_nothing_comes_before_it_is_due(bad: Impairment, seed: int, gaps: list[float]) -> None:
    line = BadLine(bad, seed)
    sent(line, gaps)
    at = line.next_time()
    if at is not None and at > 0:
        assert line.take(at * (1 - 1e-9)) == []


@given(impairments, seeds, pauses)
def test_the_same_seed_gives_the_same_fates(bad: Impairment, seed: int, gaps: list[float]) -> None:
    one, other = BadLine(bad, seed), BadLine(bad, seed)
    sent(one, gaps)
    sent(other, gaps)
    assert one.take(ALL) == other.take(ALL)
    assert one.fates == other.fates


@given(parts, times, seeds, pauses)
def test_without_jitter_nothing_overtakes(
    loss: float, delay: float, seed: int, gaps: list[float]
) -> None:
    line = BadLine(Impairment(loss, delay, 0.0, 0.5), seed)
    sent(line, gaps)
    came = line.take(ALL)
    assert came == sorted(came)
    assert line.fates[Fate.OVERTOOK] == 0


@given(seeds)
def test_the_parts_are_as_told(seed: int) -> None:
    line = BadLine(Impairment(loss=0.1, jitter=0.1, duplication=0.05), seed)
    sent(line, [0.02] * 4000)
    line.take(ALL)
    assert 300 <= line.fates[Fate.LOST] <= 500
    assert 120 <= line.fates[Fate.CAME_TWICE] <= 240
    assert line.fates[Fate.OVERTOOK] > 1000
