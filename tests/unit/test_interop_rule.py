"""The rule for interop tests: skipped by name without their programs, a failure under CI."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

INTEROP_TESTS = """
import pytest

@pytest.mark.interop("absent-phone")
def test_needs_a_phone():
    pass

@pytest.mark.interop("python3")
def test_gives_up():
    pytest.skip("no audio device")

@pytest.mark.interop("python3")
def test_has_its_program():
    pass

def test_elsewhere():
    pytest.skip("not here")
"""


@pytest.fixture
def interop_suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A small suite under the same conftest, with a program that is nowhere installed."""
    programs = pytester.mkdir("interop") / "programs.txt"
    programs.write_text("# program package\nabsent-phone absent-package\npython3 python3\n")
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(INTEROP_TESTS)
    pytester.makeini("[pytest]\nmarkers =\n    interop(*programs): needs programs\n")
    return pytester


def test_missing_program_skips_with_the_package_to_install(
    interop_suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = interop_suite.runpytest_subprocess("-rs", "--no-fold-skipped")
    result.assert_outcomes(passed=1, skipped=3)
    result.stdout.fnmatch_lines(
        ["*test_needs_a_phone*needs absent-phone: apt-get install absent-package*"]
    )


def test_any_skip_of_an_interop_test_fails_under_ci(
    interop_suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = interop_suite.runpytest_subprocess("-ra")
    # The missing program is seen in set-up, which pytest counts as an error.
    result.assert_outcomes(passed=1, skipped=1, failed=1, errors=1)
    result.stdout.fnmatch_lines_random(
        ["*needs absent-phone*may not be skipped*", "*no audio device*may not be skipped*"]
    )


def test_unlisted_program_is_told_where_to_go(pytester: pytest.Pytester) -> None:
    pytester.mkdir("interop").joinpath("programs.txt").write_text("python3 python3\n")
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(
        'import pytest\n\n@pytest.mark.interop("softphone")\ndef test_it():\n    pass\n'
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*softphone is not listed in *programs.txt*"])
