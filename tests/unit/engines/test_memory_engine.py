"""What the engine in memory offers to tests beyond the contract of engines."""

from __future__ import annotations

from functools import partial

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    CallerId,
    Dial,
    DialOptions,
    EarlyMedia,
    EngineEvent,
    Failed,
    HangUp,
    MediaLost,
    Released,
    Ringing,
    TerminalEndpoint,
    TrunkEndpoint,
    Trying,
)
from cordboard.directory.model import Trunk
from cordboard.engines.far_end import ANSWERS, IS_BUSY, RINGS, FarEnd
from cordboard.engines.memory import MemoryEngine

OPTIONS = DialOptions(CallerId("1"))
TRUNK = Trunk("pstn", "sip:pstn.test")


def made() -> tuple[MemoryEngine, list[EngineEvent]]:
    engine, events = MemoryEngine(), list[EngineEvent]()
    engine.connect(events.append)
    return engine, events


def test_a_behaviour_is_followed_in_virtual_time() -> None:
    engine, events = made()
    contact = engine.register("desk@demo")
    engine.when_dialled("desk@demo", ANSWERS)
    engine.execute(Dial("c", TerminalEndpoint(contact), OPTIONS))
    assert events == [Trying("c"), Ringing("c")]
    engine.advance(0.9)
    assert len(events) == 2
    engine.advance(0.1)
    assert events[-1] == Answered("c")
    assert engine.now == 1.0


def test_the_most_particular_behaviour_counts() -> None:
    engine, events = made()
    contact = engine.register("desk@demo", "sip:desk@192.0.2.1")
    engine.when_dialled("desk@demo", ANSWERS)
    engine.when_dialled("sip:desk@192.0.2.1", IS_BUSY)
    engine.when_dialled("pstn", RINGS)
    engine.when_dialled("0312341234", IS_BUSY)
    engine.execute(Dial("a", TerminalEndpoint(contact), OPTIONS))
    engine.execute(Dial("b", TrunkEndpoint(TRUNK, "0312341234"), OPTIONS))
    engine.execute(Dial("c", TrunkEndpoint(TRUNK, "0398765432"), OPTIONS))
    assert [event for event in events if isinstance(event, Failed)] == [
        Failed("a", 486),
        Failed("b", 486),
    ]
    assert Ringing("c") in events


def test_time_goes_on_in_order_and_what_is_over_stays_so() -> None:
    engine, events = made()
    engine.when_dialled(
        "pstn",
        (
            (2.0, FarEnd.answer),
            (1.0, partial(FarEnd.ring, status=183)),
            (3.0, FarEnd.vanish),
            (4.0, partial(FarEnd.hang_up, cause=Cause.CONGESTION)),
            (5.0, FarEnd.answer),
        ),
    )
    engine.execute(Dial("c", TrunkEndpoint(TRUNK, "1"), OPTIONS))
    engine.far("c").early()
    engine.far("c").early()
    engine.advance(10)
    assert [type(event) for event in events] == [
        EarlyMedia,
        Ringing,
        Answered,
        MediaLost,
        Released,
    ]
    engine.execute(HangUp("c", Cause.NORMAL))
    assert isinstance(events[-1], Released)
    assert events[-1].cause is Cause.CONGESTION


def test_everything_that_was_commanded_is_kept() -> None:
    engine, _ = made()
    hang_up = HangUp("nobody", Cause.NORMAL)
    engine.execute(hang_up)
    assert engine.commands == [hang_up]


def test_contacts_come_best_first() -> None:
    engine, _ = made()
    low = engine.register("desk@demo", "sip:a", q=0.1)
    high = engine.register("desk@demo", "sip:b", q=0.9)
    assert engine.contacts("desk@demo") == (high, low)
    engine.unregister(high)
    assert engine.contacts("desk@demo") == (low,)
