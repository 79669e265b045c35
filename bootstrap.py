"""Set up a local virtual environment and run the demo or the tests; `make` calls this too.

On Windows, where there is no make::

    py bootstrap.py demo
    py bootstrap.py test

Needs nothing but Python 3.11 or newer. The environment is made in ``.venv`` and made again only
when pyproject.toml or a lock in ``requirements/`` changed. What a release is made of is
``tools/release.py``'s.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENVS = {
    "run": ROOT / ".venv",
    "dev": ROOT / ".venv",
    "release": ROOT / ".venv-release",
}
"""By lock; what tests and lint need lies beside what runs, a release's tools apart."""
USAGE = (
    "usage: python bootstrap.py {setup|demo|test|lint|fuzz|lock|package|audit|wheels}"
    " [arguments for the command]\n"
    "setup makes what running needs; setup dev, what tests and lint need too"
)


def main(arguments: list[str]) -> int:
    """Do what the first argument says; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python is just who needs this line
        print(f"phusong needs Python 3.11 or newer; this is {sys.version.split()[0]}")
        return 1
    task, *more = arguments or [""]
    if task not in TASKS or (task == "setup" and not set(more) <= set(VENVS)):
        print(USAGE)
        return 2
    return TASKS[task](more)


def setup(kind: str = "run") -> int:
    """Make the environment of a lock, unless it is there already; return the exit code.

    Versions and the SHA-256 of what is downloaded are those of ``requirements/KIND.lock``.
    """
    venv_, python = VENVS[kind], _python(VENVS[kind])
    lock = ROOT / "requirements" / f"{kind}.lock"
    wanted = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    done = venv_ / f".installed-{kind}"
    if python.exists() and done.exists() and done.read_text() == wanted:
        return 0
    print(f"setting up {venv_.name} (a few minutes the first time) ...", flush=True)
    if not python.exists():
        venv.create(venv_, with_pip=True, clear=venv_.exists())
    pip = (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile")
    code = subprocess.call([*pip, "--no-deps", "--require-hashes", "--requirement", str(lock)])
    if code == 0 and kind != "release":
        ours = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        code = subprocess.call([*pip, *ours])
    if code == 0 and kind != "release":
        # On every core, where pip compiles on one; but for what is hardly ever imported.
        seldom = r"[/\\](tests|pip|mypy|mypyc|setuptools|fontTools|pygments|narwhals)[/\\]"
        rest = ("-qq", "-j", "0", "-x", seldom, ".")
        subprocess.call([str(python), "-m", "compileall", *rest], cwd=venv_)
    if code == 0:
        done.write_text(wanted)
    return code


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(*command: str, kind: str = "run") -> int:
    return subprocess.call([str(_python(VENVS[kind])), *command], cwd=ROOT)


def demo(arguments: list[str]) -> int:
    """Run the main job on the embedded sample; an earlier demo is replaced."""
    return setup() or _run("-m", "phusong", "demo", "--overwrite", *arguments)


def test(arguments: list[str]) -> int:
    """Run the tests, a file more at a time than there are cores: a third of it is waiting."""
    given = any(a.startswith(("-n", "--numprocesses", "--dist")) for a in arguments)
    side_by_side = (
        () if given else ("-n", str(min(os.cpu_count() or 1, 7) + 1), "--dist", "loadfile")
    )
    return setup("dev") or _run("-m", "pytest", *side_by_side, *arguments)


def lint(_: list[str]) -> int:
    """Check style and types."""
    code = setup("dev")
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


def fuzz(arguments: list[str]) -> int:
    """Read broken files for two minutes, always the same ones; ``--first -1`` for others."""
    minutes = ("--files", "4000", "--minutes", "2")
    return setup("dev") or _run("benchmarks/fuzz_readers.py", *minutes, *arguments)


def release(task: str, arguments: list[str]) -> int:
    """Lock, package or audit."""
    return setup("release") or _run("tools/release.py", task, *arguments, kind="release")


TASKS: dict[str, Callable[[list[str]], int]] = {
    "setup": lambda arguments: setup(*arguments[:1]),
    "demo": demo,
    "test": test,
    "lint": lint,
    "fuzz": fuzz,
    **{task: partial(release, task) for task in ("lock", "package", "audit", "wheels")},
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
