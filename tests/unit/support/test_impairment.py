"""How a bad network is described, and that it forgets nothing that it holds."""

from __future__ import annotations

import pytest

from support.impairment import MOST_UNDER_WAY, BadLine, Fate, Impairment


@pytest.mark.parametrize("fault", [{"loss": 1.1}, {"duplication": -0.1}, {"jitter": -1.0}])
def test_figures_that_make_no_sense_are_refused(fault: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is"):
        Impairment(**fault)


def test_the_kernel_is_told_the_same() -> None:
    bad = Impairment(loss=0.1, delay=0.02, jitter=0.1, duplication=0.05)
    assert " ".join(bad.netem()) == "delay 70ms 50ms loss 10% duplicate 5% limit 10000"


def test_a_line_that_nobody_empties_loses_what_is_too_much() -> None:
    line = BadLine(Impairment(delay=1.0), seed=1)
    for _ in range(MOST_UNDER_WAY + 5):
        line.put(b"x", 0.0)
    assert line.fates[Fate.LOST] == 5
    assert len(line.take(1.0)) == MOST_UNDER_WAY
