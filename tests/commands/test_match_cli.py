"""`phusong match` from a list of names to a finished run, as a planner does it."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from helpers.cli import phusong, table
from helpers.tiny import make_tiny_study


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """The tiny study, whose villages are a spreadsheet of names; their places are points apart."""
    folder = tmp_path / "study"
    make_tiny_study(folder)
    path = folder / "data/boundaries/villages.gpkg"
    villages = gpd.read_file(path)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["DANH SÁCH THÔN"])
    sheet.append(["STT", "Tên thôn", "Xã", "Dân số"])
    communes = gpd.read_file(folder / "data/boundaries/communes.gpkg")
    names = dict(zip(communes["ma_xa"], communes["ten_xa"], strict=True))
    for k, row in enumerate(villages.itertuples(), start=1):
        name = unicodedata.normalize("NFD", str(row.ten_thon)).upper()
        sheet.append([k, name, names[row.ma_xa], 100 + k])
        sheet.cell(k + 2, 2).data_type = "s"  # one is called `=1+1`, and is no formula
    book.save(folder / "data/list.xlsx")
    points = villages[["ten_thon"]].set_geometry(villages.representative_point())
    points.rename(columns={"ten_thon": "name"}).to_file(folder / "data/points.gpkg")
    text = (folder / "study.toml").read_text("utf-8")
    text = text.replace(
        'path = "data/boundaries/villages.gpkg"\ncolumns = { code = "ma_thon", name = "ten_thon", '
        'commune_code = "ma_xa", population = "dan_so" }',
        'path = "data/list.xlsx"\nmatches = "data/matches.csv"',
    )
    text += '\n[[boundaries.places]]\npath = "data/points.gpkg"\n'
    (folder / "study.toml").write_text(text, "utf-8")
    return folder


def test_from_a_list_of_names_to_a_run(listed: Path, tmp_path: Path) -> None:
    assert "phusong match" in phusong("check", listed, code=1).output
    said = phusong("match", listed).output
    assert "confirmed" in said
    rows = table(listed / "data/matches.csv")
    assert all(row["confirmed"] == "" for row in rows)
    assert phusong("check", listed, code=1)
    for row in rows:
        row["confirmed"] = "x" if row["rank"] == "1" else ""
    with (listed / "data/matches.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    phusong("run", listed, "--out", tmp_path / "out")
    villages = table(tmp_path / "out/villages.csv")
    assert sorted(v["people"] for v in villages) == sorted(
        str(100 + k) for k in range(1, len(villages) + 1)
    )
    assert "đã xác nhận" in phusong("match", listed, "--lang", "vi").output


def test_match_without_a_list_says_what_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    make_tiny_study(folder)
    assert "matches" in phusong("match", folder, code=1).output
