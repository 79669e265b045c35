"""The report: figures as the language writes them, tables side by side, about six pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.platypus import Table

from phusong.i18n import set_language
from phusong.report.abreast import Abreast
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph
from phusong.report.content import report_blocks
from phusong.report.pdf import render_pdf
from phusong.report.typography import set_figures
from phusong.report.webpage import render_page
from phusong.results.finished import FinishedRun, open_run


def pages(path: Path) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", path.read_bytes()))


def abreast(count: int, columns: int = 2) -> tuple[Abreast, list[list[str]]]:
    rows = [[str(n), "x"] for n in range(count)]

    def build(chosen: Sequence[list[str]]) -> Table:
        return Table([["head", ""], *chosen], rowHeights=10, colWidths=[40, 40])

    return Abreast(build, rows, columns, 100), rows


def test_columns_are_even_and_in_order() -> None:
    table, rows = abreast(7)
    assert table.wrap(200, 500) == (200, 50)
    assert [part._cellvalues[1:] for part, _ in table._placed] == [rows[:4], rows[4:]]


@given(st.integers(0, 120), st.integers(1, 4), st.integers(0, 400))
def test_split_loses_no_row_and_fits(count: int, columns: int, height: int) -> None:
    table, rows = abreast(count, columns)
    parts = table.split(300, height)
    if not parts:
        assert height < 50
        return
    assert [row for part in parts for row in part._rows] == rows
    assert parts[0].wrap(300, height)[1] <= max(height, 10)


def test_figures_stay_with_their_unit_under_a_true_minus() -> None:
    assert set_figures("GSM -95 dBm, cách 0,5 km quanh trạm") == (
        "GSM −95\xa0dBm, cách 0,5\xa0km quanh trạm"
    )
    assert set_figures("-3.5 dB") == "−3.5\xa0dB"
    assert set_figures("P.526-15, C0055-1, 2026-11-25, 5 kmol, -7 tuyến") == (
        "P.526-15, C0055-1, 2026-11-25, 5 kmol, -7 tuyến"
    )


def words(blocks: Sequence[Block]) -> str:
    out: list[str] = []
    for block in blocks:
        if isinstance(block, Heading | Paragraph):
            out.append(block.text)
        elif isinstance(block, Bullets):
            out += block.items
        elif isinstance(block, Grid):
            out += [*block.header, *(cell for row in block.rows for cell in row)]
    return "\n".join(out)


@pytest.fixture(scope="module")
def run(tiny_run: Path) -> FinishedRun:
    return open_run(tiny_run)


def test_vietnamese_report_writes_figures_as_vietnamese_does(run: FinishedRun) -> None:
    set_language("vi")
    stamp = {**run.stamp, "created": "2026-11-05T01:02:03+00:00"}
    text = words(report_blocks(replace(run, stamp=stamp)))
    assert "tính ngày 05/11/2026" in text
    assert "Máy thu cao 1,5 m" in text
    assert not re.search(r"\d\.\d+\s?(%|km|dB|m)\b", text), text
    assert "Đoạn cáp" in text


def test_every_page_is_filled_in_either_language(run: FinishedRun, tmp_path: Path) -> None:
    for language in ("vi", "en"):
        set_language(language)
        render_pdf(report_blocks(run), tmp_path / "r.pdf", "r")
        assert pages(tmp_path / "r.pdf") <= 6
    render_page(report_blocks(run), tmp_path / "r.html", "r")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "−115\xa0dBm" in page or re.search(r"−\d+\xa0dBm", page)


def test_many_communes_say_where_the_rest_is(run: FinishedRun, tmp_path: Path) -> None:
    communes = pd.concat([run.tables["communes"]] * 200, ignore_index=True)
    communes["code"] = communes.index.astype("string")
    communes["people_unserved"] = communes.index.to_numpy(float)
    many = replace(run, tables={**run.tables, "communes": communes})
    blocks = report_blocks(many)
    assert f"{len(communes) - 240} more in communes.csv." in words(blocks)
    table = next(b for b in blocks if isinstance(b, Grid) and b.abreast == 2 and len(b.rows) > 100)
    assert len(table.rows) == 240
    assert table.rows[0][5] == str(len(communes) - 1)
    render_pdf(blocks, tmp_path / "r.pdf", "r")
    assert 6 < pages(tmp_path / "r.pdf") <= 8


def test_paper_is_a4(run: FinishedRun, tmp_path: Path) -> None:
    render_pdf([Heading("Đường"), Paragraph("<script>")], tmp_path / "r.pdf", "r")
    width, height = (f"{side:.4f}".rstrip("0") for side in A4)
    assert f"{width} {height}".encode() in (tmp_path / "r.pdf").read_bytes()
