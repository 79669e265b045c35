"""What a person waits for before anything happens: help and version import no room."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest

from phusong.cli import COMMANDS, main

HEAVY = (
    "exactextract",
    "folium",
    "geopandas",
    "highspy",
    "jinja2",
    "matplotlib",
    "networkx",
    "numba",
    "numpy",
    "openpyxl",
    "pandas",
    "pydantic",
    "pyogrio",
    "pyproj",
    "rasterio",
    "reportlab",
    "rich",
    "scipy",
    "shapely",
    "tomlkit",
)
LIGHT = {
    "phusong.commands.terminal.options",
    "phusong.errors",
    "phusong.i18n",
}


def modules_after(*arguments: str, code: int = 0) -> set[str]:
    """Run the command line in a new Python; return the modules it has imported at the end."""
    program = (
        "import sys\n"
        "from phusong.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit as end:\n"
        f"    assert end.code == {code}, end.code\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["runn"], ["run"]])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_help_and_wrong_usage_import_nothing_heavy(arguments: list[str], language: str) -> None:
    code = 0 if "--help" in arguments else 2
    found = modules_after("--lang", language, *arguments, code=code)
    assert not found & set(HEAVY)


def test_version_imports_no_command() -> None:
    found = modules_after("--version")
    assert not found & set(HEAVY)
    assert not [name for name in found if name in {p.partition(":")[0] for p in COMMANDS.values()}]


def test_a_command_imports_no_other() -> None:
    found = modules_after("store", "--help")
    others = {place.partition(":")[0] for name, place in COMMANDS.items() if name != "store"}
    assert not found & others


def test_commands_are_one_a_module(checkout: Path) -> None:
    modules = {path.stem for path in (checkout / "commands").glob("*.py")} - {"__init__"}
    assert modules == set(COMMANDS)
    for name, place in COMMANDS.items():
        module, _, variable = place.partition(":")
        assert module == f"phusong.commands.{name}"
        command = getattr(importlib.import_module(module), variable)
        assert isinstance(command, click.Command)
        assert command.name == name
        assert main.commands[name] is command


def test_command_modules_import_only_what_is_light(checkout: Path) -> None:
    """At their top level, so that the list of commands is there at once."""
    for path in (checkout / "commands").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                name = str(node.module)
            elif isinstance(node, ast.Import):
                name = node.names[0].name
            else:
                continue
            light = name in LIGHT or name.split(".")[0] in {"click", *sys.stdlib_module_names}
            assert light, f"{path.name} imports {name}"


def test_import_for_a_notebook_loads_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, phusong; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    names = done.stdout.split()
    assert not set(names) & set(HEAVY)
    ours = [name for name in names if name.split(".")[0] == "phusong"]
    assert set(ours) == {"phusong", "phusong.version"}
