"""Fuzz one target after another, each in a process of its own: ``python -m fuzz --seconds 60``.

    python -m fuzz [--seconds N] [--target NAME]... [--merge]

What is new to a target is kept in ``fuzz/found/NAME`` while it runs; ``--merge`` takes into the
corpus what runs what the corpus does not. A crash leaves its input in ``fuzz/crashes``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

NAMES = ("message", "stack", "description", "digest", "rtp", "stream", "stun", "term")
"""Said here too, for what is imported before the fuzzer is not followed by it."""

HERE = Path(__file__).parent
ROOT = HERE.parent
TORTURE = ROOT / "tests" / "data" / "rfc4475"
SEEDED_BY_TORTURE = ("message", "stack", "stream")
LONGEST = {"stack": 6000}
SLOWEST_SECONDS = 5
MOST_MEMORY = 400
"""MB: it starts with 50, and whatever comes in leaves nothing behind."""


def main() -> int:
    """Run what the command line asks for; 1 if anything crashed."""
    arguments = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments.add_argument("--target", action="append", choices=NAMES)
    arguments.add_argument("--merge", action="store_true", help="take what was found")
    arguments.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    given, rest = arguments.parse_known_args()
    if given.one:
        return run_one(given.one, rest)
    crashed = []
    for name in given.target or NAMES:
        print(f"== {name}", flush=True)
        if fuzz(name, given.seconds, merge=given.merge) != 0:
            crashed.append(name)
    print(f"crashed: {', '.join(crashed)}" if crashed else "nothing crashed")
    return 1 if crashed else 0


def fuzz(name: str, seconds: int, *, merge: bool) -> int:
    """One target for a while, or what was found taken into its corpus."""
    corpus, found, crashes = HERE / "corpus" / name, HERE / "found" / name, HERE / "crashes"
    for folder in (corpus, found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = [str(TORTURE)] if name in SEEDED_BY_TORTURE else []
    if merge:
        from fuzz.corpus import take_in
        from fuzz.targets import TARGETS

        added = take_in(TARGETS[name], corpus, [*found.iterdir()])
        print(f"{added} new, {len([*corpus.iterdir()])} in all")
        return 0
    bounds = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={crashes}/{name}-",
        f"-max_len={LONGEST.get(name, 3000)}",
        f"-timeout={SLOWEST_SECONDS}",
        f"-rss_limit_mb={MOST_MEMORY}",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    command = [sys.executable, "-m", "fuzz", "--one", name]
    return subprocess.call([*command, *bounds, str(found), str(corpus), *seeds], cwd=ROOT)


def run_one(name: str, options: list[str]) -> int:
    """Be the fuzzer of one target; only returns where nothing was to be done."""
    import atheris

    with atheris.instrument_imports(include=["cordboard"]):
        from fuzz.targets import TARGETS
    atheris.Setup([name, *options], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    sys.exit(main())
