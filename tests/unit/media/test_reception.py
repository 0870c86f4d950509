from __future__ import annotations

import pytest

from cordboard.media.reception import IN_ORDER, LATE, RESTARTED, STRAY, Reception


def receive(reception: Reception, *sequences: int, ssrc: int = 1) -> list[int]:
    """Let packets come, each at its time."""
    return [
        reception.note(ssrc, sequence, sequence * 160, 160, sequence * 0.02)
        for sequence in sequences
    ]


def test_loss_is_what_was_expected_and_did_not_come() -> None:
    reception = Reception()
    assert receive(reception, 10, 11, 14, 13) == [RESTARTED, IN_ORDER, IN_ORDER, LATE]
    assert (reception.packets, reception.octets, reception.lost) == (4, 640, 1)


def test_sequence_numbers_and_timestamps_wrap() -> None:
    reception = Reception()
    for place in range(4):
        sequence, timestamp = (65534 + place) % 2**16, (2**32 - 300 + place * 160) % 2**32
        fit = reception.note(1, sequence, timestamp, 160, place * 0.02)
        assert fit == (IN_ORDER if place else RESTARTED)
    assert reception.lost == 0
    assert reception.extended_highest == 0x10001
    assert reception.jitter == pytest.approx(0, abs=1e-6)


def test_a_packet_that_comes_twice_does_not_hide_a_loss_below_zero() -> None:
    reception = Reception()
    receive(reception, 1, 2, 2, 2)
    assert reception.lost == 0


def test_another_source_is_a_new_run_and_loses_nothing() -> None:
    reception = Reception()
    receive(reception, 1, 2, 4)
    run = reception.run
    receive(reception, 30000, 30001, ssrc=2)
    assert reception.run is not run
    assert reception.lost == 1


def test_what_is_under_way_from_the_source_before_changes_nothing_back() -> None:
    reception = Reception()
    receive(reception, 1, 2)
    receive(reception, 500, ssrc=2)
    run = reception.run
    assert receive(reception, 3) == [STRAY]
    assert receive(reception, 501, ssrc=2) == [IN_ORDER]
    assert reception.run is run
    assert reception.note(1, 4, 640, 160, 11.0) == RESTARTED


def test_one_stray_packet_is_dropped_and_two_are_a_restart() -> None:
    reception = Reception()
    receive(reception, 1, 2)
    run = reception.run
    assert receive(reception, 40000) == [STRAY]
    assert receive(reception, 3) == [IN_ORDER]
    assert reception.run is run
    assert receive(reception, 40000, 40001) == [STRAY, RESTARTED]
    assert reception.run is not run


def test_a_timestamp_that_jumps_is_a_restart() -> None:
    reception = Reception()
    reception.note(1, 1, 160, 160, 0.0)
    assert reception.note(1, 2, 3_000_000_000, 160, 0.02) == RESTARTED


def test_even_packets_have_no_jitter() -> None:
    reception = Reception()
    receive(reception, *range(100))
    assert reception.jitter == pytest.approx(0, abs=1e-6)


def test_jitter_follows_the_formula_of_the_rfc() -> None:
    reception = Reception()
    expected, before = 0.0, 0.0
    reception.note(1, 0, 0, 160, 0.0)
    for number in range(1, 50):
        late = 0.004 if number % 2 else 0.0
        reception.note(1, number, number * 160, 160, number * 0.02 + late)
        expected += (abs(late - before) * 8000 - expected) / 16
        before = late
    assert reception.jitter == pytest.approx(expected)
    assert reception.jitter == pytest.approx(32, rel=0.1)  # 4 ms


def test_events_count_and_leave_the_jitter_alone() -> None:
    reception = Reception()
    receive(reception, 1, 2)
    assert reception.note_event(1, 3, 4) == IN_ORDER
    assert reception.note_event(1, 3, 4) == LATE
    assert reception.note_event(1, 30000, 4) == STRAY
    assert reception.note_event(2, 3, 4) == STRAY
    assert receive(reception, 4) == [IN_ORDER]
    assert reception.jitter == pytest.approx(0, abs=1e-6)
    assert reception.lost == 0


def test_the_fraction_lost_is_of_the_time_since_the_last_report() -> None:
    reception = Reception()
    receive(reception, *range(0, 100, 2))
    assert reception.fraction_lost() == pytest.approx(128, abs=2)
    receive(reception, *range(99, 150))
    assert reception.fraction_lost() == 0
    assert reception.fraction_lost() == 0
