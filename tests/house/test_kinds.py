"""Findings of one kind are one line: how many, which records, which values."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from phusong.checks import Findings, Severity
from phusong.commands.terminal.findings import print_findings, print_lines
from phusong.errors import Where
from phusong.exports.tables import build
from phusong.exports.tables.dictionary import conform
from phusong.i18n import set_language
from phusong.kinds import by_kind
from phusong.maps.sections import remarks


def unknown_words(count: int, **where: Any) -> Findings:
    """Records whose status is one of two words nobody knows; every seventh is the second."""
    findings = Findings()
    for row in range(1, count + 1):
        word = "KTDL" if row % 7 == 0 else "BTTH"
        findings.add(
            "T04", Where("cells.csv", row=row, **where), f"C{row}", "status {word}", word=word
        )
    return findings


def shown(findings: Findings) -> list[str]:
    console = Console(file=io.StringIO(), width=400)
    print_findings(console, findings)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_many_rows_of_a_rule_are_one_line() -> None:
    lines = shown(unknown_words(1414))
    told = [line for line in lines if "T04" in line or "of this kind" in line]
    assert len(lines) == 4  # the head, the finding, its count, the counts by severity
    assert told[0].count("C1: status BTTH") == 1
    assert "cells.csv, records 1, 2, 3, … (+1,411)" in told[0]
    assert "(1,414 of this kind: BTTH (1,212), KTDL (202))" in told[1]
    assert lines[-1] == "0 error, 1414 warning, 0 info"


def test_one_of_a_kind_is_said_as_it_is() -> None:
    lines = shown(unknown_words(1))
    assert not [line for line in lines if "of this kind" in line]
    assert "cells.csv, record 1" in lines[1]


def test_kinds_are_told_apart_by_file_layer_and_sentence() -> None:
    findings = unknown_words(3)
    findings.extend(unknown_words(2, layer="2025"))
    findings.add("T04", Where("cells.csv", row=9), "C9", "no status")
    findings.add("T04", Where("more.csv", row=1), "D1", "status {word}", word="BTTH")
    findings.add("S01", Where("gone.tif"))
    kinds = by_kind(findings)
    assert [(k.first.rule.number, k.first.where.file, k.count) for k in kinds] == [
        ("S01", "gone.tif", 1),
        ("T04", "cells.csv", 3),
        ("T04", "cells.csv", 2),
        ("T04", "cells.csv", 1),
        ("T04", "more.csv", 1),
    ]
    assert kinds[2].where() == "cells.csv, layer 2025, records 1, 2"
    assert sum(k.count for k in kinds) == len(findings)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([12, 7, 1400], "7 – 1,400"),
        ([0.25, 3.5, 3.5], "0.25 – 3.5"),
        (["a", "b", "c", "d"], "a, b, c, … (+1)"),
        (["a", "a", "b"], "a, b"),
        (["a"] * 5 + ["b"], "a (5), b (1)"),
        (["x", None, "x", "x"], "x (3)"),
        (["same", "same"], "C0, C1"),
    ],
)
def test_what_differs_is_named(values: list[Any], said: str) -> None:
    findings = Findings()
    for n, value in enumerate(values):
        findings.add("T04", Where("cells.csv", row=n), f"C{n}", "{value}", value=value)
    assert by_kind(findings)[0].values() == said


def test_values_are_in_the_language() -> None:
    set_language("vi")
    findings = Findings()
    for value in (0.25, 1234.5):
        findings.add("T04", Where("cells.csv"), "", "{value}", value=value)
    assert by_kind(findings)[0].values() == "0,25 – 1.234,5"
    assert "2 trường hợp cùng loại: 0,25 – 1.234,5" in "".join(shown(findings))


def test_findings_beside_an_answer_are_a_line_a_kind() -> None:
    console = Console(file=io.StringIO(), width=400)
    print_lines(console, unknown_words(30))
    assert console.file.getvalue() == (  # type: ignore[attr-defined]
        "T04 C1: status BTTH (30 of this kind: BTTH (26), KTDL (4))\n"
    )


def test_the_csv_lists_all_up_to_a_bound_and_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    findings = unknown_words(20)
    findings.add("S01", Where("gone.tif"))
    table = conform(build.checks_table(findings, None), "checks")
    assert len(table) == 21
    assert table["count"].eq(1).all()
    monkeypatch.setattr(build, "MOST_OF_A_KIND", 12)
    table = conform(build.checks_table(findings, None), "checks")
    assert len(table) == 14
    assert table["count"].sum() == len(findings)
    last = table.iloc[-1]
    assert (last["rule"], last["count"], pd.isna(last["row"])) == ("T04", 8, True)
    assert last["detail"] == "8 more of this kind are not listed: BTTH (7), KTDL (1)"
    assert (table["severity"].iloc[0], table["rule"].iloc[0]) == ("error", "S01")


def test_the_page_keeps_some_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    class Anywhere:
        def place(self, x: Any, y: Any) -> tuple[list[None], list[None]]:
            assert np.isnan(x).all()
            assert len(x) == len(y)
            return [None] * len(x), [None] * len(x)

    monkeypatch.setattr(remarks, "MOST_FINDINGS", 10)
    findings = unknown_words(100)
    findings.add(
        "B11", Where("villages.gpkg", row=4), "02", "{name} holds no village", name="Pả Vi"
    )
    section = remarks.finding_section(findings, Anywhere())  # type: ignore[arg-type]
    assert section["total"] == 101
    assert [(k["first"], k["count"]) for k in section["kinds"]] == [(0, 100), (5, 1)]
    assert section["rule"] == [*["T04"] * 5, "B11"]
    assert section["severity"][0] == str(Severity.WARNING)
    assert section["kinds"][0]["values"]["en"] == "BTTH (86), KTDL (14)"
