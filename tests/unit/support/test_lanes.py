"""The lanes of the tests: each test is run once, and a failure in one lane is told by the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lanes import in_order, is_waiting, module_of

KILL_LOOP = "tests/interop/test_kill_loop.py"

CONFTEST = """
    import sys
    from pathlib import Path

    sys.path.insert(0, {tests!r})

    def pytest_xdist_make_scheduler(config, log):
        from support.lanes import Lanes

        return Lanes(config, log)
"""


def test_a_module_is_what_stays_together() -> None:
    assert (
        module_of("tests/interop/test_trunks.py::test_one[a::b]") == "tests/interop/test_trunks.py"
    )


def test_what_drives_programs_is_told_from_what_computes() -> None:
    assert is_waiting("tests/interop/test_trunks.py")
    assert not is_waiting("tests/unit/sip/test_via.py")


def test_the_longest_is_begun_first_and_the_rest_as_it_comes() -> None:
    others = ["tests/interop/test_wire.py", "tests/interop/test_nginx.py"]
    assert in_order([*others, KILL_LOOP]) == [KILL_LOOP, *others]


def test_a_failure_in_a_lane_is_told_with_its_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # loading them takes seconds
    pytester.makeconftest(CONFTEST.format(tests=str(Path(__file__).parents[2])))
    for folder in ("unit", "interop"):
        for module in range(2):
            path = pytester.path / "tests" / folder / f"test_{folder}{module}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                "import os\n"
                "def test_passes(): pass\n"
                "def test_once():\n"
                f"    open({str(pytester.path / 'lanes')!r}, 'a').write("
                f"os.environ['PYTEST_XDIST_WORKER'] + ' {folder}\\n')\n"
                f"    assert not ({folder == 'interop'} and {module})\n"
            )
    result = pytester.runpytest_subprocess("-p", "xdist", "-n", "2", "tests")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["FAILED tests/interop/test_interop1.py::test_once*"])
    assert sorted((pytester.path / "lanes").read_text().splitlines()) == [
        "gw0 unit",
        "gw0 unit",
        "gw1 interop",
        "gw1 interop",
    ]
