"""docs/architecture.md is true: its folders exist, and imports go the way its tables allow."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import takewhile
from pathlib import Path

import pytest

OUTSIDE = {"tests", "benchmarks", "tools", "qgis", "docs", "build", "dist"}
FRONT = {"__init__", "__main__", "cli", "library", "bootstrap"}
"""Modules of the root above all rooms: the front door and the ways in."""
MOST_MODULES = 15

SHARED_NAMES = {
    "assess": "the whole question of a computing room",
    "audit": "a claimed map held against tests: its steps, and its files",
    "cascade": "every loss followed: its steps, and its files",
    "diffraction": "loss over edges and round the earth, of ITU-R and of ITM",
    "extension": "new cable: planned, and written to files",
    "fiber": "fibre's part of a whole: of the study's settings, of a map page",
    "geometry": "what a propagation model reads off the ground",
    "model": "the frozen objects of a room that holds what others made",
    "path": "a propagation model over one path",
    "radial": "what a sweep keeps of the radial it walks",
    "results": "what a computing room hands on",
    "run": "one run of a study: its steps, and its files",
    "sight": "what a path in sight makes of the ground between",
    "signal": "rasters of level and server: computed, and drawn on a map page",
    "sweep": "propagation models over a disc",
}
"""Names that more than one module bears, each with the one meaning they share."""


def code(checkout: Path) -> Iterator[Path]:
    """Every module of the package, as a path from the checkout."""
    for path in sorted(checkout.rglob("*.py")):
        parts = path.relative_to(checkout).parts
        if parts[0] not in OUTSIDE and not any(part.startswith(".") for part in parts):
            yield path.relative_to(checkout)


def dotted(path: Path) -> tuple[str, ...]:
    """Parts of a module's name under phusong; a package is its folder."""
    parts = path.with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


@pytest.fixture(scope="module")
def modules(checkout: Path) -> dict[tuple[str, ...], ast.Module]:
    return {dotted(p): ast.parse((checkout / p).read_text("utf-8")) for p in code(checkout)}


@pytest.fixture(scope="module")
def imports(modules: dict[tuple[str, ...], ast.Module]) -> set[tuple[tuple[str, ...], ...]]:
    """(who, whom): ``from phusong.x import y`` means the module x.y where there is one."""
    found = set()
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                base = tuple(node.module.split("."))
                targets = [(*base, alias.name) for alias in node.names]
            elif isinstance(node, ast.Import):
                targets = [tuple(alias.name.split(".")) for alias in node.names]
            else:
                continue
            for top, *rest in targets:
                if top == "phusong":
                    whom = tuple(rest)
                    while whom not in modules:
                        whom = whom[:-1]
                    found.add((name, whom))
    return found


def rows(checkout: Path, heading: str) -> list[list[str]]:
    """Cells of the table under a heading of docs/architecture.md, without its two first lines."""
    text = (checkout / "docs/architecture.md").read_text("utf-8")
    part = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    return re.findall(r"`([\w/.]+)`", cell)


def places(checkout: Path, heading: str) -> list[str]:
    """What stands in the first column, without a folder's slash or a module's ending."""
    return [
        named(row[0])[0].removesuffix("/").removesuffix(".py") for row in rows(checkout, heading)
    ]


def ground_floor(checkout: Path) -> set[str]:
    return set(places(checkout, "Ground floor"))


def test_every_folder_of_code_is_named_and_every_name_exists(checkout: Path) -> None:
    folders = {p.parent.as_posix() for p in code(checkout) if p.name == "__init__.py"} - {"."}
    loose = {p.stem for p in code(checkout) if len(p.parts) == 1} - FRONT
    told = [
        *places(checkout, "Ground floor"),
        *places(checkout, "Rooms"),
        *places(checkout, "Inside the rooms"),
    ]
    assert sorted(told) == sorted(folders | loose)


def test_every_folder_of_code_is_a_package(checkout: Path) -> None:
    for path in code(checkout):
        assert (checkout / path.parent / "__init__.py").exists(), path


def test_what_is_quoted_in_prose_exists(checkout: Path) -> None:
    text = (checkout / "docs/architecture.md").read_text("utf-8")
    for name in re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*(?:/|/[a-z_]+\.\w+))`", text):
        assert (checkout / name).exists(), name


def test_no_room_imports_what_its_row_does_not_allow(
    checkout: Path, imports: set[tuple[tuple[str, ...], ...]]
) -> None:
    ground, above = ground_floor(checkout), []
    uses: dict[str, set[str]] = defaultdict(set)
    for who, whom in imports:
        if who and whom:
            uses[who[0]].add(whom[0])
    for name, _, _, may in rows(checkout, "Rooms"):
        room = named(name)[0].removesuffix("/")
        allowed = above if may == "all above" else named(may)
        assert set(allowed) <= set(above), f"{room} may import a later room"
        assert uses[room] <= {room, *ground, *allowed}, room
        above.append(room)
    for module in ground:
        assert uses[module] <= ground, module
    assert uses["bootstrap"] == set()
    assert uses["__main__"] <= {"cli"}
    assert uses["cli"] <= {*ground, "commands"}


def test_no_circle_between_what_lies_beside_each_other(
    imports: set[tuple[tuple[str, ...], ...]],
) -> None:
    """At every depth: modules and folders of one folder import one way."""
    beside: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for who, whom in imports:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(who, whom, strict=False))
        depth = len(list(same))
        # The front door knows every room and every room its version: no arrow.
        if who == whom or () in (who, whom):
            continue
        mine = who[depth] if depth < len(who) else "__init__"
        theirs = whom[depth] if depth < len(whom) else "__init__"
        beside[who[:depth]][mine].add(theirs)
    for arrows in beside.values():
        TopologicalSorter(arrows).prepare()  # raises CycleError, which names the circle


def test_rooms_have_at_most_fifteen_modules(checkout: Path) -> None:
    count: dict[str, int] = defaultdict(int)
    for path in code(checkout):
        count[path.parent.as_posix()] += path.name not in {"__init__.py", "__main__.py"}
    del count["commands"]  # one command a module
    assert max(count.values()) <= MOST_MODULES, count


def test_a_name_has_one_meaning(checkout: Path) -> None:
    bearers: dict[str, list[str]] = defaultdict(list)
    for path in code(checkout):
        # Commands are called as a person types them.
        if not path.stem.startswith("__") and path.parts[0] != "commands":
            bearers[path.stem].append(path.as_posix())
    twice = {name: who for name, who in bearers.items() if len(who) > 1}
    assert sorted(twice) == sorted(SHARED_NAMES), twice


def test_computing_rooms_say_what_they_hand_on(checkout: Path) -> None:
    for room in ("coverage", "fiber", "indicators"):
        assert (checkout / room / "results.py").exists()


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module or class binds, those of its classes' members with the class before."""
    for node in body:
        match node:
            case ast.ClassDef():
                yield node.name
                yield from (f"{node.name}.{member}" for member in bound(node.body))
            case ast.FunctionDef():
                yield node.name
            case ast.Assign():
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in node.names)
            case ast.If():
                yield from bound(node.body)


def test_what_docstrings_point_to_exists(
    checkout: Path, modules: dict[tuple[str, ...], ast.Module]
) -> None:
    """A leading dot stands for whatever comes before."""
    there = {".".join(("phusong", *name)) for name in modules}
    for name, tree in modules.items():
        there |= {".".join(("phusong", *name, thing)) for thing in bound(tree.body)}
    ends = {"." + full.split(".", start)[-1] for full in there for start in range(1, 9)}
    lost = {
        (path.as_posix(), target)
        for path in code(checkout)
        for target in re.findall(
            r":(?:mod|func|class|meth|data|attr):`~?((?:phusong)?\.[^`]*)`",
            (checkout / path).read_text("utf-8"),
        )
        if target not in (ends if target.startswith(".") else there)
    }
    assert not lost


def test_imports_are_absolute_and_under_the_package(
    checkout: Path, modules: dict[tuple[str, ...], ast.Module]
) -> None:
    rooms = {*places(checkout, "Rooms"), *ground_floor(checkout)}
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
                assert str(node.module).split(".")[0] not in rooms, f"{name}: {node.module}"
            elif isinstance(node, ast.Import):
                assert not rooms & {alias.name.split(".")[0] for alias in node.names}, name


def test_numba_is_imported_in_one_place(modules: dict[tuple[str, ...], ast.Module]) -> None:
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                tops = {str(node.module).split(".")[0]}
            elif isinstance(node, ast.Import):
                tops = {alias.name.split(".")[0] for alias in node.names}
            else:
                continue
            assert "numba" not in tops or name == ("jit",), name


def test_only_commands_print(checkout: Path, modules: dict[tuple[str, ...], ast.Module]) -> None:
    silent = {*places(checkout, "Rooms"), *ground_floor(checkout)} - {"commands"}
    for name, tree in modules.items():
        if name and name[0] in silent and name[-1] != "__main__":
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id != "print", name


def test_tests_lie_in_the_same_rooms(checkout: Path) -> None:
    """And in none called coverage: `tests/` is on the path while they run."""
    renamed = {"coverage": "radio"}
    rooms = {renamed.get(room, room) for room in places(checkout, "Rooms")}
    folders = {p.name for p in (checkout / "tests").iterdir() if any(p.glob("**/test_*.py"))}
    assert "coverage" not in folders
    assert folders <= {*rooms, "house", "tools"}
    assert rooms - folders <= {"pipeline"}
