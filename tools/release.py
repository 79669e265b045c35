"""What a release is made of: ``python bootstrap.py lock | package | audit | wheels``.

``lock`` writes `requirements/*.lock` anew: every dependency with its version and the SHA-256 of
each of its files, for all systems and Pythons; versions stay unless pyproject.toml, or ``lock
--upgrade``, says otherwise; and, from nothing, `requirements/oldest.txt`: for the oldest Python,
the least versions that pyproject.toml allows of what it names, tests included. ``package`` builds
sdist and wheel, installs the wheel in an environment of its own with the locked dependencies, runs
the demo there from an empty folder (as CI does with ``--short``), and writes beside the wheel what
it is made of (CycloneDX) and under which licences. ``audit`` asks for known vulnerabilities of what
is locked, where an index can be reached. ``wheels`` prints for which Pythons and systems everything
that is needed comes built.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
DIST = ROOT / "dist"
CLEAN = ROOT / ".venv-clean"
KINDS = {
    "run": ("pyproject.toml", "--extra", "build"),
    "dev": ("pyproject.toml", "--extra", "test", "--extra", "dev"),
    "release": ("requirements/release.in",),
}
"""Locks, and what each is made from. A release's tools never meet the program's packages."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Linux, x86-64": "x86_64-manylinux_2_28",
    "Linux, ARM": "aarch64-manylinux_2_28",
    "Windows": "x86_64-pc-windows-msvc",
    "macOS, ARM": "aarch64-apple-darwin",
}
SHORTER = {"model": '"free_space"', "radius_km": "1.0", "draws": "2", "places": "[]"}
"""Settings of the demo's study by which it takes a part of the time."""
STRICT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
"""Licences that what we ship must not bring in; LGPL and MPL are about their own files."""


def main(arguments: list[str]) -> int:
    """Do what the first argument says; return the exit code."""
    task = {"lock": lock, "package": package, "audit": audit, "wheels": wheels}[arguments[0]]
    return task(arguments[1:])


def lock(arguments: list[str]) -> int:
    """Write the locks; return the exit code."""
    for kind, sources in KINDS.items():
        code = _tool(
            *("uv", "pip", "compile", *sources, "--universal", "--generate-hashes"),
            *("--no-strip-extras", "--no-annotate", "--quiet"),
            *("--custom-compile-command", "python bootstrap.py lock"),
            *("--output-file", f"requirements/{kind}.lock", *arguments),
        )
        if code:
            return code
    # Versions that it held before would be kept, where they are above the least.
    (LOCKS / "oldest.txt").unlink(missing_ok=True)
    return _tool(
        *("uv", "pip", "compile", "pyproject.toml", "--extra", "test", "--quiet"),
        *("--resolution", "lowest-direct", "--python-version", PYTHONS[0]),
        *("--no-annotate", "--no-header", "--output-file", "requirements/oldest.txt"),
    )


def package(arguments: list[str]) -> int:
    """Build, install the wheel by itself, run the demo from it; return the exit code.

    ``--short``: masts of the demo are heard less far and over no terrain, and less of it is drawn
    and judged.
    """
    build = (_in(_tools(), "python"), "-m", "build", "--no-isolation", "--outdir", str(DIST))
    with tempfile.TemporaryDirectory(prefix="phusong-source-") as source:
        # Apart: a build lays a second tree of ours beside the first, which tests may be walking.
        _tracked(Path(source))
        # Told in full only when it fails: setuptools says of every folder of data what it is.
        built = subprocess.run([*build, source], check=False, capture_output=True, text=True)
    if built.returncode:
        print(built.stdout + built.stderr)
        return built.returncode
    venv.create(CLEAN, with_pip=True, clear=True)
    python = _in(CLEAN, "python")
    wheel = max(DIST.glob("*.whl"), key=lambda file: file.stat().st_mtime)
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps")
    pip = (*pip, "--no-compile")  # what the demo imports is compiled when it does
    locked = ("--require-hashes", "--requirement", str(LOCKS / "run.lock"))
    with tempfile.TemporaryDirectory(prefix="phusong-release-") as empty:
        code = (
            _run(*pip, *locked, cwd=empty)
            or _run(*pip, "--no-index", str(wheel), cwd=empty)
            or _run(python, "-m", "pip", "check", cwd=empty)
            or _demo(Path(empty), python, short="--short" in arguments)
        )
        where = _asked(python, "-c", "import phusong; print(phusong.__file__)", cwd=empty)
        ran = (Path(empty) / "demo" / "out" / "map.html").is_file()
    if code or CLEAN not in Path(where.strip()).parents or not ran:
        print(f"the wheel does not run by itself: {wheel.name}")
        return code or 1
    print(f"{wheel.name} runs the demo in an environment of its own")
    bill = DIST / f"{wheel.name.removesuffix('.whl')}.cdx.json"
    return _tool(
        *("cyclonedx-py", "environment", python, "--output-reproducible"),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(bill)),
    ) or _licences(python)


def _tracked(folder: Path) -> None:
    """Copy the files that belong to the project into a folder."""
    listed = ("git", "ls-files", "-z")
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, names)):
        if (ROOT / name).exists():  # else taken away, and not yet committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def _demo(empty: Path, python: str, *, short: bool) -> int:
    """Run the demo of the installed wheel into ``empty``; return the exit code."""
    phusong = _in(CLEAN, "phusong")
    if not short:
        return _run(phusong, "demo", "demo", "--quiet", cwd=empty)
    words = "import pathlib, phusong.commands.demo as d; d.copy_sample(pathlib.Path('demo'))"
    if code := _run(python, "-c", words, cwd=empty):
        return code
    study = empty / "demo" / "study.toml"
    text = study.read_text("utf-8")
    for name, value in SHORTER.items():
        text, changed = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        if changed != 1:
            print(f"the demo's study no longer says {name} once")
            return 1
    study.write_text(text, "utf-8")
    return _run(phusong, "run", "demo", "--out", "demo/out", "--quiet", cwd=empty)


def _licences(python: str) -> int:
    """Write the licence of everything that runs with the wheel; refuse what is not fit."""
    tool = _in(_tools(), "pip-licenses")
    found: list[dict[str, Any]] = json.loads(
        _asked(tool, "--python", python, "--format", "json", "--with-urls", "--with-system")
    )
    rows = [(p["Name"], p["Version"], _named(p["License"]), p["URL"]) for p in found]
    with (DIST / "licences.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("package", "version", "licence", "address"), *rows])
    unfit = [f"{name} {licence}" for name, _, licence, _ in rows if STRICT.search(licence)]
    unknown = [name for name, _, licence, _ in rows if licence == "UNKNOWN"]
    print(f"{len(rows)} packages, licences in dist/licences.csv")
    for line in unfit + unknown:
        print(f"licence not fit, or not known: {line}")
    return int(bool(unfit or unknown))


def _named(licence: str) -> str:
    """Return the name of a licence; some packages hand over its whole text."""
    lines = [line.strip() for line in licence.splitlines() if line.strip()]
    return ", ".join(lines[:2]) if len(lines) > 2 else licence.strip()


def audit(_: list[str]) -> int:
    """Ask for known vulnerabilities of the locked versions; return 1 where there are any."""
    asked = (_in(_tools(), "pip-audit"), "--no-deps", "--disable-pip", "--require-hashes")
    locks = [word for kind in KINDS for word in ("--requirement", str(LOCKS / f"{kind}.lock"))]
    done = subprocess.run(
        [*asked, *locks, "--format", "json", "--progress-spinner", "off"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        packages = []
    known = [p for p in packages if "skip_reason" not in p]
    if not known:
        print("no index of vulnerabilities can be reached: nothing was audited")
        return 0
    bad = [(p, v) for p in known for v in p["vulns"]]
    for p, v in bad:
        print(f"{p['name']} {p['version']}: {v['id']}, mended in {v['fix_versions'] or 'none'}")
    print(f"{len(known)} of {len(packages)} packages audited, {len(bad)} vulnerabilities")
    return int(bool(bad))


def wheels(_: list[str]) -> int:
    """Print where what is needed comes built; 1 where Linux on x86-64 lacks something."""
    missing = 0
    for system, platform in SYSTEMS.items():
        for version in PYTHONS:
            lacking = _lacking(version, platform)
            missing |= bool(lacking) and system == "Linux, x86-64"
            print(f"{system:16}{version:6}{lacking or 'all'}")
    return int(missing)


def _lacking(version: str, platform: str) -> str:
    """Return the packages of run.lock that have no wheel there."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [
                *(_in(_tools(), "uv"), "pip", "install", "--dry-run", "--no-deps"),
                *("--python-version", version, "--python-platform", platform),
                *("--only-binary", ":all:", "--target", empty),
                *("--requirement", str(LOCKS / "run.lock")),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
    if done.returncode == 0:
        return ""
    named = re.findall(r"[Bb]ecause (\S+) has no usable wheels", done.stderr)
    return f"not {', '.join(named)}" if named else done.stderr.strip()


def _tools() -> Path:
    return ROOT / ".venv-release"


def _in(folder: Path, name: str) -> str:
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / name)


def _tool(name: str, *arguments: str) -> int:
    return _run(_in(_tools(), name), *arguments, cwd=ROOT)


def _run(*command: str, cwd: str | Path) -> int:
    return subprocess.call(command, cwd=cwd)


def _asked(*command: str, cwd: str | Path = ROOT) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
