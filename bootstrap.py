"""Set up a local virtual environment and run the demo or the tests; `make` calls this too.

On Windows, where there is no make::

    py bootstrap.py demo
    py bootstrap.py test

Needs nothing but Python 3.11 or newer. The environment is made in ``.venv`` and made again only
when pyproject.toml or constraints.txt changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
USAGE = "usage: python bootstrap.py {setup|demo|test|lint} [arguments for the command]"


def main(arguments: list[str]) -> int:
    """Do what the first argument says; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python is just who needs this line
        print(f"phusong needs Python 3.11 or newer; this is {sys.version.split()[0]}")
        return 1
    if not arguments or arguments[0] not in TASKS:
        print(USAGE)
        return 2
    return TASKS[arguments[0]](arguments[1:])


def setup(extras: str = "") -> int:
    """Make the environment with the pinned versions, unless it is there already."""
    wanted = hashlib.sha256(
        b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    ).hexdigest()
    done = {name: VENV / f".installed-{name or 'run'}" for name in {"", extras}}
    if PYTHON.exists() and all(f.exists() and f.read_text() == wanted for f in done.values()):
        return 0
    print("setting up .venv (a few minutes the first time) ...", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--constraint",
        str(ROOT / "constraints.txt"),
        "--editable",
        target,
    ]
    code = subprocess.call(command)
    if code == 0:
        for file in done.values():
            file.write_text(wanted)
    return code


def _run(*command: str) -> int:
    return subprocess.call([str(PYTHON), *command], cwd=ROOT)


def demo(arguments: list[str]) -> int:
    """Run the main job on the embedded sample; an earlier demo is replaced."""
    return setup() or _run("-m", "phusong", "demo", "--overwrite", *arguments)


def test(arguments: list[str]) -> int:
    """Run the tests, two files at a time unless the arguments say otherwise."""
    given = any(a.startswith(("-n", "--numprocesses", "--dist")) for a in arguments)
    side_by_side = () if given else ("-n", "2", "--dist", "loadfile")
    return setup("test") or _run("-m", "pytest", *side_by_side, *arguments)


def lint(_: list[str]) -> int:
    """Check style and types."""
    code = setup("test,dev")
    if code:
        return code
    link = ROOT / ".typing" / "phusong"
    link.parent.mkdir(exist_ok=True)
    if not link.exists():
        link.symlink_to(ROOT, target_is_directory=True)
    return (
        _run("-m", "ruff", "check", ".")
        or _run("-m", "ruff", "format", "--check", ".")
        or _run("-m", "mypy")
    )


TASKS = {"setup": lambda _: setup(), "demo": demo, "test": test, "lint": lint}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
