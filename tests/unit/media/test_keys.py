"""Keys that come as events, by INFO, or both ways at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.media.dtmf import event_payloads
from cordboard.media.events import Digit
from cordboard.media.keys import Keys


class Phone:
    """A leg's keys, pressed at given times; ``told`` is what came of them."""

    def __init__(self, *, events: bool = True) -> None:
        self.keys = Keys()
        self.keys.configure(events_agreed=events, rate=8000)
        self.told: list[Digit] = []
        self.stamp = 0

    def event(self, digit: str, at: float, *, ms: int = 100, lost: int = 0) -> None:
        """All packets of an event, but those lost at its end."""
        self.stamp += 10_000
        payloads = list(event_payloads(digit, ms))
        for place, (payload, _) in enumerate(payloads[: len(payloads) - lost]):
            self.told += self.keys.receive(payload, self.stamp, at + place * 0.02)

    def begin(self, digit: str, at: float) -> None:
        """The first packet of an event."""
        self.stamp += 10_000
        self.told += self.keys.receive(next(event_payloads(digit))[0], self.stamp, at)

    def end(self, digit: str, at: float) -> None:
        """Its last."""
        self.told += self.keys.receive(list(event_payloads(digit))[-1][0], self.stamp, at)

    def info(self, digit: str, at: float) -> None:
        self.told += self.keys.info(digit, 160, at)

    def wait(self, until: float) -> None:
        self.told += self.keys.expire(until)

    @property
    def digits(self) -> str:
        return "".join(key.digit for key in self.told)


def test_a_phone_without_events_is_believed_at_once() -> None:
    phone = Phone(events=False)
    phone.info("5", 1.0)
    assert phone.told == [Digit("5", 160, by_info=True)]
    assert phone.keys.waiting_until is None


def test_a_phone_that_sends_info_alone_waits_once() -> None:
    phone = Phone()
    phone.info("1", 1.0)
    assert phone.told == []
    assert phone.keys.waiting_until == 1.3
    phone.wait(1.29)
    assert phone.told == []
    phone.wait(1.31)
    assert phone.told == [Digit("1", 160, by_info=True)]
    phone.info("1", 1.4)
    phone.info("1", 1.5)
    assert phone.digits == "111"


def test_an_info_at_the_press_is_the_event_that_follows() -> None:
    phone = Phone()
    phone.info("1", 1.0)
    phone.event("1", 1.05)
    phone.wait(2.0)
    assert phone.told == [Digit("1", 100)]
    phone.info("1", 3.0)
    phone.wait(3.5)
    phone.event("1", 3.02)
    assert phone.digits == "11"


def test_an_info_at_the_release_is_the_event_that_has_ended() -> None:
    phone = Phone()
    phone.event("1", 1.0, ms=200)
    phone.info("1", 1.3)
    phone.wait(9.0)
    assert phone.told == [Digit("1", 200)]


def test_an_info_during_a_long_press_is_its_event() -> None:
    phone = Phone()
    phone.begin("7", 1.0)
    phone.info("7", 1.5)
    phone.wait(2.0)
    phone.end("7", 3.0)
    phone.wait(9.0)
    assert phone.digits == "7"


def test_an_info_whose_event_begins_while_it_waits_and_lasts_longer() -> None:
    phone = Phone()
    phone.info("7", 1.0)
    phone.begin("7", 1.1)
    phone.keys.receive(next(event_payloads("7"))[0], phone.stamp, 1.25)
    phone.wait(1.32)
    assert phone.told == []
    phone.end("7", 2.0)
    assert phone.digits == "7"


def test_two_presses_of_one_key_stay_two() -> None:
    phone = Phone()
    for at in (1.0, 1.3, 1.6):
        phone.event("1", at)
        phone.info("1", at + 0.12)
    phone.wait(9.0)
    assert phone.digits == "111"


def test_an_event_whose_info_was_told_too_early_is_not_told_again() -> None:
    phone = Phone()
    phone.info("4", 1.0)
    phone.wait(1.4)
    phone.event("4", 1.5)
    assert phone.digits == "4"
    phone.info("5", 3.0)
    phone.event("5", 3.6)
    phone.wait(9.0)
    assert phone.digits == "45", "it sends both, and so no INFO is told any more"


def test_other_keys_at_the_same_time_are_other_keys() -> None:
    phone = Phone()
    phone.event("1", 1.0)
    phone.info("2", 1.2)
    phone.wait(1.6)
    assert phone.digits == "12"


def test_an_info_long_after_an_event_is_a_press_of_its_own() -> None:
    phone = Phone()
    phone.event("1", 1.0)
    phone.info("1", 5.0)
    phone.wait(6.0)
    assert phone.digits == "11"


def test_infos_that_are_lost_and_come_later_are_still_their_events() -> None:
    phone = Phone()
    phone.event("1", 1.0)
    phone.event("2", 1.4)
    phone.info("2", 1.6)
    phone.info("1", 2.6)
    phone.wait(9.0)
    assert phone.digits == "12"


def test_an_info_that_comes_by_its_second_repetition_is_still_its_event() -> None:
    phone = Phone()
    phone.event("1", 1.0)
    phone.event("2", 1.4)
    phone.info("1", 2.7)
    phone.wait(9.0)
    assert phone.digits == "12"


def test_an_event_whose_end_is_lost_is_told_by_time_and_matched_too() -> None:
    phone = Phone()
    phone.event("9", 1.0, lost=3)
    phone.wait(1.5)
    phone.info("9", 1.6)
    phone.wait(9.0)
    assert phone.digits == "9"


def test_more_infos_than_fingers_can_press_are_bounded() -> None:
    phone = Phone()
    for _ in range(1000):
        phone.info("1", 1.0)
    phone.wait(2.0)
    assert len(phone.told) == 32


@given(
    st.lists(st.tuples(st.sampled_from("12#"), st.sampled_from([0.15, 0.5, 2.0])), max_size=8),
    st.sampled_from(["events", "info", "info first", "info last"]),
)
def test_whatever_a_phone_does_each_press_is_told_once(
    presses: list[tuple[str, float]], way: str
) -> None:
    phone = Phone()
    at = 1.0
    for digit, pause in presses:
        if way in ("info", "info first"):
            phone.info(digit, at)
        if way != "info":
            phone.event(digit, at + 0.01, ms=60)
        if way == "info last":
            phone.info(digit, at + 0.13)
        at += pause
        phone.wait(at)
    phone.wait(at + 5.0)
    assert phone.digits == "".join(digit for digit, _ in presses)
