"""What one worker has to itself, and in which turn: what takes longest is begun first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

COMPILED = ("radio", "fiber", "planning")
"""Rooms whose kernels numba compiles: two workers would compile the same ones at the same time."""
ORDER = (
    # Compiled beside each other for the first time: kernels that these do not share.
    "radio",
    "fiber",
    "tools/test_sample.py",
    # What the first three workers go on with: kernels that were compiled by then, or none.
    "studio/test_session.py",
    "studio/test_browser.py",
    "sources/test_hostile.py",
    "house/test_library.py",
    "planning",
    "commands/test_fiber.py",
    "maps/test_plans.py",
    "house/test_entries.py",
    "house/test_bad_input.py",
    "commands/test_plan_cli.py",
    "commands/test_cli.py",
    "commands/test_audit_cli.py",
    "commands/test_cascade_cli.py",
    "sources/test_tower_kinds.py",
    "sources/test_tables.py",
    "maps/test_browser.py",
    "exports/test_dictionary.py",
    "maps/test_plan_steps.py",
    "letters/test_letters.py",
    "maps/test_extension.py",
    "maps/test_swipe.py",
    "mending/test_fix.py",
    "studio/test_server.py",
    "commands/test_missing.py",
    "commands/test_last_lines.py",
    "sources/test_datum.py",
    "commands/test_sweep_cli.py",
    "maps/test_first_view.py",
    "fetch/test_first_hour.py",
    "indicators/test_figures.py",
)
"""Rooms with kernels, and files of the others that take longest: begun last, one would keep one
worker alone. A kernel that two workers ask for before it is kept on disc is compiled twice."""


def unit_of(nodeid: str) -> str:
    """Return what one worker has to itself: a file, or the whole of a room with kernels."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    room = file.partition("/")[0]
    return room if room in COMPILED else file


def turns(nodeids: Sequence[str]) -> Callable[[str], tuple[int, int, str]]:
    """Return what tests are to be sorted by: named units, then those of the most tests."""
    size = Counter(map(unit_of, nodeids))
    place = {unit: i for i, unit in enumerate(ORDER)}

    def turn(nodeid: str) -> tuple[int, int, str]:
        unit = unit_of(nodeid)
        return place.get(unit, len(place)), -size[unit], unit

    return turn
