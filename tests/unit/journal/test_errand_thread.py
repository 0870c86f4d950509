"""A thread that runs errands in order."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cordboard.journal.sql.errand_thread import ErrandThread

pytestmark = pytest.mark.anyio


async def test_errands_run_in_order_in_one_other_thread() -> None:
    thread = ErrandThread("errands")
    ran: list[tuple[int, threading.Thread]] = []

    def errand(number: int) -> int:
        ran.append((number, threading.current_thread()))
        return number * 2

    assert await asyncio.gather(*(thread.run(errand, one) for one in range(20))) == [
        one * 2 for one in range(20)
    ]
    thread.close()
    assert [number for number, _ in ran] == list(range(20))
    assert len({who for _, who in ran}) == 1
    assert threading.current_thread() not in {who for _, who in ran}
    assert not ran[0][1].is_alive()


async def test_what_an_errand_raises_is_raised_to_who_waits() -> None:
    thread = ErrandThread("errands")

    def errand() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await thread.run(errand)
    assert await thread.run(lambda: "the next one runs") == "the next one runs"
    thread.close()


async def test_who_does_not_wait_leaves_his_errand_undone_unless_it_has_begun() -> None:
    thread = ErrandThread("errands")
    begun, go_on = threading.Event(), threading.Event()
    ran: list[str] = []

    def first() -> None:
        begun.set()
        assert go_on.wait(10.0)
        ran.append("first")

    one = asyncio.ensure_future(thread.run(first))
    other = asyncio.ensure_future(thread.run(lambda: ran.append("other")))
    last = asyncio.ensure_future(thread.run(lambda: ran.append("last")))
    await asyncio.to_thread(begun.wait, 10.0)
    one.cancel()
    other.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await last
    thread.close()
    assert ran == ["first", "last"]


def test_a_thread_that_never_ran_anything_can_be_closed() -> None:
    ErrandThread("errands").close()
