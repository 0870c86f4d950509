"""Builds the native part of the relay, where that can be done: a hook of hatchling's.

It is C for CPython's limited API, so that one build serves every Python that we run on. Where there
is no C compiler, or are no headers of Python, the package is the same without it, and says so.
``CORDBOARD_BUILD_NATIVE=0`` leaves it out, ``1`` fails where it can't be built. An editable install
has it beside its source, a wheel inside.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER: Final = "src/cordboard/engines/embedded"
SOURCE: Final = f"{FOLDER}/_relay.c"
BUILT: Final = "_relay.abi3.so"
COMPILERS: Final = ("cc", "gcc", "clang")
FLAGS: Final = (
    *("-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"),
    "-ffp-contract=off",  # floats are rounded as Python does it
)
COMPILER_SECONDS: Final = 120
SWITCH: Final = "CORDBOARD_BUILD_NATIVE"


class NativeRelay(BuildHookInterface[Any]):
    """Compiles before the package is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the native part; ``version`` is the kind of wheel."""
        folder = Path(self.root, FOLDER if version == "editable" else "build/native")
        built = folder / BUILT
        built.unlink(missing_ok=True)
        fault = self._fault(built)
        if fault:
            if os.environ.get(SWITCH) == "1":
                raise RuntimeError(f"the native relay was not built: {fault}")
            self.app.display_warning(f"The relay does without its native part: {fault}.")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{_platform()}"
        if version != "editable":
            build_data["force_include"][str(built)] = f"cordboard/engines/embedded/{BUILT}"

    def _fault(self, built: Path) -> str:
        """Build it; why it could not be done, if so."""
        if os.environ.get(SWITCH) == "0":
            return f"{SWITCH} is 0"
        if sys.platform != "linux" or sys.implementation.name != "cpython":
            return "it is for CPython on Linux"
        compiler = _compiler()
        if compiler is None:
            return "there is no C compiler"
        headers = sysconfig.get_paths()["include"]
        if not Path(headers, "Python.h").exists():
            return f"the headers of Python are not in {headers}"
        built.parent.mkdir(parents=True, exist_ok=True)
        command = [*compiler, *FLAGS, f"-I{headers}", str(Path(self.root, SOURCE))]
        try:
            made = subprocess.run(
                [*command, "-o", str(built)],
                capture_output=True,
                text=True,
                timeout=COMPILER_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{command[0]}: {error}"
        return "" if made.returncode == 0 else f"{command[0]}: {made.stderr.strip()}"


def _compiler() -> list[str] | None:
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        return chosen
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    return None if found is None else [found]


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
