"""The fuzzer's corpus, played without the fuzzer: what it once reached stays reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.__main__ import NAMES, SEEDED_BY_TORTURE, TORTURE
from fuzz.targets import TARGETS

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"


def test_every_target_is_named_twice() -> None:
    assert tuple(TARGETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_of_a_target(name: str) -> None:
    files = sorted((CORPUS / name).iterdir())
    assert files, "it has no corpus"
    if name in SEEDED_BY_TORTURE:
        files += sorted(TORTURE.glob("*.dat"))
    for file in files:
        try:
            TARGETS[name](file.read_bytes())
        except Exception as error:
            raise AssertionError(f"{file} breaks {name}") from error
