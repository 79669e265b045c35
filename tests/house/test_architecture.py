"""Data flows one way: no room imports from a later one, and only `run.py` knows them all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

# What each room may import, beside itself and the ground floor.
GROUND = {"errors", "i18n", "grid", "checks", "frames", "progress", "jit", "settings", "study"}
ALLOWED: dict[str, set[str]] = {
    "settings": set(),
    "sources": set(),
    "coverage": {"sources"},
    "fiber": {"sources"},
    "indicators": {"coverage", "fiber"},
    "exports": {
        "sources",
        "coverage",
        "fiber",
        "indicators",
        "runs",
        "compare",
        "studyfile",
    },
    "maps": {"sources", "coverage", "fiber", "indicators", "runs", "compare"},
    "report": {"runs", "indicators", "exports", "fiber", "console"},
}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("phusong."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "phusong":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("phusong.")
            }
    return found


@pytest.mark.parametrize("room", ALLOWED)
def test_no_room_imports_from_a_later_one(room: str, checkout: Path) -> None:
    allowed = ALLOWED[room] | GROUND | {room}
    for path in sorted((checkout / room).rglob("*.py")):
        later = imported(path) - allowed
        assert not later, f"{path.relative_to(checkout)} imports {sorted(later)}"


def test_ground_floor_knows_no_room(checkout: Path) -> None:
    for name in GROUND:
        path = checkout / f"{name}.py"
        if path.exists():
            assert imported(path) <= GROUND, name


def test_no_module_is_imported_under_its_bare_name(checkout: Path) -> None:
    rooms = {p.name for p in checkout.iterdir() if (p / "__init__.py").exists()} - {"tests"}
    folders = [checkout / room for room in rooms]
    paths = [*checkout.glob("*.py"), *(p for folder in folders for p in folder.rglob("*.py"))]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                top = node.module.split(".")[0]
                assert top not in rooms, f"{path.relative_to(checkout)} imports {node.module}"


def test_only_named_rooms_print(checkout: Path) -> None:
    for room in ("sources", "coverage", "fiber", "indicators", "maps", "exports", "report"):
        for path in (checkout / room).rglob("*.py"):
            if path.name == "__main__.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id != "print", path.relative_to(checkout)
