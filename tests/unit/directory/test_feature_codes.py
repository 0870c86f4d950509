"""Which code was dialled, and what follows it."""

from __future__ import annotations

import pytest

from cordboard.directory.feature_codes import Feature, FeatureCode, feature_dialled

CODES = (
    FeatureCode("*2", Feature.DO_NOT_DISTURB),
    FeatureCode("*21", Feature.FORWARD_ALWAYS),
    FeatureCode("#002", Feature.FORWARD_OFF),
    FeatureCode("*2*1", Feature.FORWARD_BUSY),
)


@pytest.mark.parametrize(
    ("dialled", "feature", "argument"),
    [
        ("*21", Feature.FORWARD_ALWAYS, ""),
        ("*21#", Feature.FORWARD_ALWAYS, ""),
        ("*21*0312341234", Feature.FORWARD_ALWAYS, "0312341234"),
        ("*21*0312341234#", Feature.FORWARD_ALWAYS, "0312341234"),
        ("*21*+81312341234#", Feature.FORWARD_ALWAYS, "+81312341234"),
        ("*2", Feature.DO_NOT_DISTURB, ""),
        ("*2*1", Feature.FORWARD_BUSY, ""),
        ("*2*1*1002", Feature.FORWARD_BUSY, "1002"),
        ("*2*2", Feature.DO_NOT_DISTURB, "2"),
        ("#002", Feature.FORWARD_OFF, ""),
        ("#002#", Feature.FORWARD_OFF, ""),
    ],
)
def test_a_code_is_known(dialled: str, feature: Feature, argument: str) -> None:
    found = feature_dialled(CODES, dialled)
    assert found is not None
    assert (found[0].feature, found[1]) == (feature, argument)


@pytest.mark.parametrize("dialled", ["", "*", "#", "##", "21", "*210", "*3", "1002", "*21x"])
def test_anything_else_is_none(dialled: str) -> None:
    assert feature_dialled(CODES, dialled) is None
