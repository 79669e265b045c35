"""Reading SteinLib and PACE files, and the command line."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest
from click.testing import CliRunner

from phusong.errors import InputError
from phusong.fiber.steiner import read_instance
from phusong.fiber.steiner.__main__ import main

STP = """33D32945 STP File, STP Format Version 1.0

SECTION Comment
Name    "Star"
Creator "By hand"
END

SECTION Graph
Nodes 5
Edges 6
E 1 4 2
E 2 4 2
E 3 4 2
E 1 2 3.5
E 2 3 3.5
E 1 3 3.5
END

SECTION Terminals
Terminals 3
T 1
T 2
T 3
END

SECTION Coordinates
DD 1 0 0
END

EOF
"""
GR = (
    "\n".join(
        line for line in STP[STP.index("SECTION Graph") : STP.index("SECTION Coord")].splitlines()
    )
    + "\nSECTION Tree Decomposition\nc by hand\ns td 1 5 5\nb 1 1 2 3 4 5\nEND\n\nEOF\n"
)


def write(folder, text, name="star.stp"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "name"), [(STP, "star.stp"), (GR, "star.gr")])
def test_both_formats(tmp_path, text, name):
    instance = read_instance(write(tmp_path, text, name))
    assert (instance.name, instance.nodes) == ("star", 5)
    assert instance.tail.tolist() == [0, 1, 2, 0, 1, 0]
    assert instance.head.tolist() == [3, 3, 3, 1, 2, 2]
    assert instance.cost.tolist() == [2, 2, 2, 3.5, 3.5, 3.5]
    assert instance.terminals.tolist() == [0, 1, 2]


def test_keywords_in_any_case_and_windows_lines(tmp_path):
    text = STP.replace("SECTION", "Section").replace("END", "End").replace("\n", "\r\n")
    assert read_instance(write(tmp_path, text)).cost.size == 6


@pytest.mark.parametrize(
    ("old", "new", "row", "message"),
    [
        ("E 2 4 2", "E 2 4", 12, "holds 2 values instead of 3"),
        ("E 2 4 2", "E 2 9 2", 12, "vertex 9 is outside 1 to 5"),
        ("E 2 4 2", "E 0 4 2", 12, "vertex 0 is outside"),
        ("E 2 4 2", "E 2 4 -2", 12, "cost -2 is negative"),
        ("E 2 4 2", "E 2 4 nan", 12, "cost nan is negative or not finite"),
        ("E 2 4 2", "E 2 4 much", 12, "much is not a cost"),
        ("E 2 4 2", "E two 4 2", 12, "two is not a whole number"),
        ("E 2 4 2", "A 2 4 2", 12, "directed"),
        ("E 2 4 2", "X 2 4 2", 12, "X is not known"),
        ("E 2 4 2\n", "", 16, "Edges announces 6 lines and 5 follow"),
        ("Edges 6\n", "", 16, "Edges announces no lines"),
        ("Nodes 5\n", "Nodes 0\n", 11, "vertex 1 is outside"),
        ("T 2\n", "T 1\n", 22, "terminal 1 is named twice"),
        ("T 2\n", "T 6\n", 22, "vertex 6 is outside"),
        ("T 2\n", "", 23, "Terminals announces 3 lines and 2 follow"),
        ("T 2\n", "T\n", 22, "holds 0 values instead of 1"),
        ("T 2\n", "Q 2\n", 22, "Q is not known"),
        ("SECTION Coordinates", "Coordinates", 26, "outside every section"),
    ],
)
def test_bad_lines_are_named(tmp_path, old, new, row, message):
    with pytest.raises(InputError, match=message) as caught:
        read_instance(write(tmp_path, STP.replace(old, new, 1)))
    assert caught.value.where.line == row
    assert "star.stp" in str(caught.value)


def test_a_file_cut_anywhere_before_its_last_section_is_refused(tmp_path):
    end = STP.index("SECTION Coord")
    last = STP.rindex("END", 0, end)
    for at in range(0, last + 2, 7):
        with pytest.raises(InputError) as caught:
            read_instance(write(tmp_path, STP[:at]))
        assert caught.value.where.line >= 1


def test_sections_missing_or_in_the_wrong_order(tmp_path):
    graph = STP[STP.index("SECTION Graph") : STP.index("SECTION Term")]
    marks = STP[STP.index("SECTION Term") : STP.index("SECTION Coord")]
    with pytest.raises(InputError, match="section Terminals is missing"):
        read_instance(write(tmp_path, graph + "EOF\n"))
    with pytest.raises(InputError, match="stands before Graph"):
        read_instance(write(tmp_path, marks + graph))
    with pytest.raises(InputError, match="no terminal"):
        read_instance(write(tmp_path, graph + "SECTION Terminals\nTerminals 0\nEND\nEOF\n"))
    with pytest.raises(InputError, match="section Graph is missing"):
        read_instance(write(tmp_path, ""))


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_command_prints_csv_and_goes_on_after_a_bad_file(tmp_path):
    good = write(tmp_path, STP)
    bad = write(tmp_path, STP[:200], "cut.stp")
    last = write(tmp_path, GR, "again.gr")
    result = run(good, bad, tmp_path / "none.gr", last)
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["instance"] for row in rows] == ["star", "again"]
    assert list(rows[0]) == [
        "instance",
        "nodes",
        "edges",
        "terminals",
        "cost",
        "lower_bound",
        "gap_percent",
        "seconds",
        "status",
    ]
    assert (rows[0]["cost"], rows[0]["lower_bound"], rows[0]["status"]) == ("6", "6", "optimal")
    assert float(rows[0]["gap_percent"]) == 0
    assert "cut.stp, line" in result.stderr
    assert "cannot be read" in result.stderr


def test_command_writes_trees(tmp_path):
    good = write(tmp_path, STP)
    assert run(good, "--tree", tmp_path / "out.txt").exit_code == 0
    assert (tmp_path / "out.txt").read_text() == "VALUE 6\n1 4\n2 4\n3 4\n"
    other = write(tmp_path, GR, "other.gr")
    assert run(good, other, "--tree", tmp_path / "trees").exit_code == 0
    assert sorted(p.name for p in (tmp_path / "trees").iterdir()) == ["other.tree", "star.tree"]
    result = run(good, "--tree", good / "below.txt")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_command_names_terminals_out_of_reach(tmp_path):
    result = run(write(tmp_path, STP.replace("T 3\n", "T 5\n")))
    assert result.exit_code == 1
    assert "1 terminals are not connected to the others: 5" in result.stderr
    assert result.stdout.count("\n") == 1


def test_wrong_usage():
    assert run().exit_code == 2
    assert run("x.gr", "--time-limit", "0").exit_code == 2


def test_nothing_but_csv_on_stdout(tmp_path):
    """HiGHS announces itself on the C level, where only a real process shows it."""
    size = 8
    edges, k = [], 0
    for r in range(size):
        for c in range(size):
            v = r * size + c + 1
            for w in ([v + 1] if c < size - 1 else []) + ([v + size] if r < size - 1 else []):
                k += 1
                edges.append(f"E {v} {w} {50 + (k * 7919) % 97}")
    marks = range(1, size * size + 1, 5)
    text = (
        f"SECTION Graph\nNodes {size * size}\nEdges {len(edges)}\n"
        + "\n".join(edges)
        + f"\nEND\nSECTION Terminals\nTerminals {len(marks)}\n"
        + "".join(f"T {v}\n" for v in marks)
        + "END\nEOF\n"
    )
    done = subprocess.run(
        # Time enough to prove it on a machine that is busy with other things.
        [
            *(sys.executable, "-m", "phusong.fiber.steiner", "--time-limit", "600"),
            str(write(tmp_path, text, "g.gr")),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("instance,")
    assert len(lines) == 2
    assert lines[1].endswith(",optimal")
    assert done.stderr == ""
