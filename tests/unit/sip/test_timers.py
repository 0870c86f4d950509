from __future__ import annotations

import pytest

from cordboard.sip.timers import Timers


def test_values_of_rfc_3261_table_4() -> None:
    timers = Timers()
    assert (timers.t1, timers.t2, timers.t4) == (0.5, 4.0, 5.0)
    assert timers.timeout == 32.0


@pytest.mark.parametrize(("t1", "t2", "t4"), [(0.0, 4.0, 5.0), (5.0, 4.0, 5.0), (0.5, 4.0, 0.0)])
def test_senseless_values_are_refused(t1: float, t2: float, t4: float) -> None:
    with pytest.raises(ValueError, match="T1"):
        Timers(t1, t2, t4)
