"""The root is the package phusong: every way in, with the checkout on sys.path or not."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.turns import COMPILED, ORDER, turns, unit_of

NUMBA_WORKS = (
    "import phusong.jit as j, phusong.coverage;"
    "f = j.njit(lambda x: x + 1); assert f(1) == 2;"
    "print(phusong.__file__)"
)


def run(
    *command: str | Path, cwd: Path, env: dict[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_packages_equal_folders(checkout: Path) -> None:
    listed = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    listed = set(listed["tool"]["setuptools"]["packages"])
    outside = {"tests", "benchmarks", "tools", "qgis", "build", "dist"}
    found = {"phusong"}
    for file in checkout.rglob("__init__.py"):
        parts = file.relative_to(checkout).parent.parts
        if parts and not (outside & set(parts)) and not any(p.startswith(".") for p in parts):
            found.add(".".join(("phusong", *parts)))
    assert listed == found


@pytest.mark.parametrize("inside", [True, False], ids=["checkout", "elsewhere"])
@pytest.mark.parametrize(
    "entry",
    [
        ["-m", "phusong", "--version"],
        ["-c", NUMBA_WORKS],
        ["-m", "coverage", "--version"],
        ["-c", "import coverage; coverage.Coverage; import phusong.jit"],
    ],
    ids=["module", "numba", "coverage.py", "coverage.py-first"],
)
def test_entry(entry: list[str], inside: bool, checkout: Path, tmp_path: Path) -> None:
    run(sys.executable, *entry, cwd=checkout if inside else tmp_path)


def test_entry_script_in_checkout(checkout: Path, tmp_path: Path) -> None:
    for cwd in (checkout, tmp_path):
        done = run(sys.executable, checkout / "cli.py", "check", "--rules", cwd=cwd)
        assert "S01" in done.stdout


def test_console_script(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("phusong.exe" if os.name == "nt" else "phusong")
    assert "phusong" in run(script, "--version", cwd=tmp_path).stdout


def test_numba_without_coverage_py(checkout: Path, tmp_path: Path) -> None:
    """Where coverage.py is not installed, numba must not take our folder for it."""
    hide = (
        "import sys, importlib.machinery as m\n"
        "find = m.PathFinder.find_spec\n"
        "def spec(name, path=None, target=None):\n"
        "    found = find(name, path, target)\n"
        "    if name == 'coverage' and found and 'site-packages' in str(found.origin):\n"
        "        return None\n"
        "    return found\n"
        "m.PathFinder.find_spec = spec\n"
    )
    (tmp_path / "without.py").write_text(
        hide + "import phusong.jit as j\nassert j.njit(lambda x: x + 1)(1) == 2\n"
        "try:\n    import coverage\nexcept ModuleNotFoundError:\n    print('gone')\n"
    )
    done = run(
        sys.executable, tmp_path / "without.py", cwd=checkout, env={"PYTHONPATH": str(checkout)}
    )
    assert "gone" in done.stdout


@pytest.fixture(scope="module")
def small_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test file of its own, so that the pytest entries take seconds."""
    file = tmp_path_factory.mktemp("small") / "test_small.py"
    file.write_text(
        "import multiprocessing as mp\n"
        "import phusong.jit as j\n"
        "def work(x):\n    import phusong.jit as j\n    return j.njit(lambda v: v + 1)(x)\n"
        "def test_one():\n    assert j.njit(lambda x: x + 1)(1) == 2\n"
        "def test_two():\n    import phusong.coverage\n"
    )
    return file


@pytest.mark.parametrize(
    "entry",
    [
        ["pytest"],
        ["-m", "pytest"],
        ["-m", "pytest", "--cov", "--cov-report="],
        ["-m", "pytest", "-n", "2"],
        ["-m", "coverage", "run", "-m", "pytest"],
    ],
    ids=["pytest", "module", "cov", "xdist", "coverage-run"],
)
def test_pytest_entries(
    entry: list[str], small_tests: Path, checkout: Path, tmp_path: Path
) -> None:
    if entry[0] == "pytest":
        command: list[str | Path] = [Path(sys.executable).with_name("pytest"), *entry[1:]]
    else:
        command = [sys.executable, *entry]
    env = {"COVERAGE_FILE": str(tmp_path / ".coverage")}
    done = run(*command, "-p", "no:cacheprovider", small_tests, cwd=checkout, env=env)
    assert "2 passed" in done.stdout
    if "coverage" in entry or "--cov" in entry:
        # Of one file: a report of all of them takes longer than everything else here.
        report = [sys.executable, "-m", "coverage", "report", "--include=*/jit.py"]
        assert "jit.py" in run(*report, cwd=checkout, env=env).stdout


def test_spawned_process_in_checkout(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "spawn.py"
    file.write_text(
        "import multiprocessing as mp\n"
        "def work(x):\n    from phusong.jit import njit\n    return njit(lambda v: v + 1)(x)\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(1) as pool:\n        print(pool.map(work, [1]))\n"
    )
    done = run(sys.executable, file, cwd=checkout, env={"PYTHONPATH": str(checkout)})
    assert "[2]" in done.stdout


@pytest.fixture(scope="module")
def plain_install(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """A wheel built from the tracked files and installed beside nothing else of ours."""
    if shutil.which("git") is None or not (checkout / ".git").exists():
        pytest.skip("needs git and a checkout to know which files belong to the project")
    base = tmp_path_factory.mktemp("plain")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=checkout, capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in tracked:
        if name and (checkout / os.fsdecode(name)).exists():
            target = base / "source" / os.fsdecode(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkout / os.fsdecode(name), target)
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        base / "site",
        base / "source",
        cwd=base,
    )
    return base / "site"


@pytest.mark.parametrize("inside", [True, False], ids=["checkout", "elsewhere"])
def test_plain_install(plain_install: Path, inside: bool, checkout: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(plain_install), "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    cwd = checkout if inside else tmp_path
    done = run(sys.executable, "-c", NUMBA_WORKS, cwd=cwd, env=env)
    assert str(plain_install) in done.stdout
    assert (
        "S01" in run(sys.executable, "-m", "phusong", "check", "--rules", cwd=cwd, env=env).stdout
    )


def test_plain_install_holds_everything(plain_install: Path) -> None:
    top = {p.name for p in plain_install.iterdir() if not p.name.endswith(".dist-info")}
    assert top - {"bin", "__pycache__"} == {"phusong"}
    package = plain_install / "phusong"
    for name in (
        "rules.toml",
        "study/template.toml",
        "i18n/vi/house.toml",
        "exports/tables/dictionary.toml",
        "i18n/vi/help.toml",
        "data/study.toml",
        "data/towers/cells.csv",
    ):
        assert (package / name).is_file(), name
    assert not (package / "tests").exists()


def test_locks_name_no_index_and_hash_every_file(checkout: Path) -> None:
    for file in (checkout / "requirements").iterdir():
        text = file.read_text("utf-8")
        assert "://" not in text, file.name
        if file.suffix == ".lock":
            entries = text.replace("\\\n", " ").splitlines()
            entries = [e for e in entries if e and not e.startswith("#")]
            assert entries
            assert all("==" in e and "--hash=sha256:" in e for e in entries), file.name


def test_locks_hold_what_pyproject_names(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "run": project["dependencies"],
        "dev": [*project["dependencies"], *extras["test"], *extras["dev"]],
    }
    for kind, needs in wanted.items():
        lines = (checkout / "requirements" / f"{kind}.lock").read_text("utf-8").splitlines()
        locked = dict(re.findall(r"^([\w.\[\]-]+)==([^ ;]+)", "\n".join(lines), re.MULTILINE))
        versions = {canonicalize_name(n.split("[")[0]): v for n, v in locked.items()}
        for need in map(Requirement, needs):
            assert versions[canonicalize_name(need.name)] in need.specifier, need


def bootstrap_of(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", checkout / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    return bootstrap


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["-q"], ["-n", "3", "--dist", "loadfile", "-q"]),
        (["-n", "0", "-q"], ["-n", "0", "-q"]),
        (["-nauto"], ["-nauto"]),
    ],
)
def test_make_test_is_the_quick_one(
    given: list[str], passed: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap = bootstrap_of(checkout)
    called: list[str] = []
    monkeypatch.setattr(bootstrap, "setup", lambda _kind="run": 0)
    monkeypatch.setattr(bootstrap, "_run", lambda *command: called.extend(command) or 0)
    monkeypatch.setattr(bootstrap.os, "cpu_count", lambda: 2)
    assert bootstrap.main(["test", *given]) == 0
    assert called == ["-m", "pytest", *passed]


def test_setup_takes_the_name_of_a_lock(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = bootstrap_of(checkout)
    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "setup", lambda kind="run": asked.append(kind) or 0)
    assert [bootstrap.main(["setup", *given]) for given in ([], ["dev"], ["deb"])] == [0, 0, 2]
    assert asked == ["run", "dev"]


def test_what_takes_longest_is_begun_first(checkout: Path) -> None:
    assert set(COMPILED) < set(ORDER)
    assert len(set(ORDER)) == len(ORDER)
    for unit in ORDER:
        assert (checkout / "tests" / unit).exists(), unit
    files_first = [unit for unit in ORDER if unit not in COMPILED]
    long, *_, last = files_first
    files = ["tests/study/test_file.py::test_a", "tests/fetch/test_x.py::test_a"]
    files += ["tests/fetch/test_x.py::test_b", f"tests/{last}::test_a", f"tests/{long}::test_a"]
    rooms = ["tests/fiber/test_rings.py::test_a", "tests/radio/link/test_plot.py::test_b"]
    rooms += ["tests/radio/audit/test_audit.py::test_a", "tests/planning/test_roads.py::test_a"]
    given = [*files, *rooms]
    units = [unit_of(nodeid) for nodeid in sorted(given, key=turns(given))]
    assert units == [
        "radio",
        "radio",
        "fiber",
        long,
        "planning",
        last,
        *["fetch/test_x.py"] * 2,
        "study/test_file.py",
    ]
