"""Every fault that is safe to mend: made, mended in copies, and not found again."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
import tomlkit
from shapely.geometry import Polygon

from helpers.cli import phusong, table
from helpers.province import (
    TOWER_HEADER,
    cables,
    communes,
    pops,
    towers,
    villages,
    write_csv,
)
from phusong.checks import Findings, rules
from phusong.i18n import catalogue
from phusong.mending.decisions import decisions
from phusong.mending.proposals import mended_rules
from phusong.pipeline.fix import MENDS, Fixed, fix_study
from phusong.sources import read_inputs
from phusong.study.file import read_study

Spec = dict[str, Any]
USUAL = {"B13", "D12", "P04", "S17", "T02"}
"""What is found in the province without a fault, where no error keeps it from being seen."""
Fault = Callable[[Path, Spec], None]
"""Puts one fault into the files of the province."""


def saved(folder: Path, spec: Spec) -> Path:
    (folder / "study.toml").write_text(tomlkit.dumps(spec), "utf-8")
    return folder


def sums(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and ".phusong" not in p.parts
    }


def numbers(findings: Findings) -> set[str]:
    return {f.rule.number for f in findings}


def in_pieces(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows as windows-1258 can write them: tone marks behind their letters."""
    return [[encodable(c) if isinstance(c, str) else c for c in row] for row in rows]


def encodable(text: str) -> str:
    return "".join(
        c if c.encode("cp1258", "ignore") else unicodedata.normalize("NFD", c) for c in text
    )


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def as_vector(frame: gpd.GeoDataFrame, ending: str) -> Fault:
    """Villages in another format, under the same columns."""

    def fault(folder: Path, spec: Spec) -> None:
        path = f"data/villages{ending}"
        frame.to_file(folder / path, engine="pyogrio")
        spec["boundaries"]["villages"][0] = {"path": path}

    return fault


def as_sheet(rows: list[list[Any]]) -> Fault:
    """The list of cells as a workbook with a sheet of notes before it and a title above it."""

    def fault(folder: Path, spec: Spec) -> None:
        book = openpyxl.Workbook()
        book.active.title = "Ghi chú"
        book.active.append(["Người lập", "Sở TT&TT"])
        sheet = book.create_sheet("Trạm")
        sheet.append(["DANH SÁCH TRẠM"])
        for row in [TOWER_HEADER, *rows]:
            sheet.append(row)
        book.save(folder / "data/cells.xlsx")
        spec["towers"] = [{"path": "data/cells.xlsx"}]

    return fault


def as_text(rows: list[list[Any]], **form: Any) -> Fault:
    def fault(folder: Path, spec: Spec) -> None:
        write_csv(folder / "data/cells.csv", TOWER_HEADER, rows, **form)

    return fault


def exchanged(*at: int) -> list[list[Any]]:
    rows = towers() * 1
    many = [[*row] for row in rows for _ in range(3)]
    for i, row in enumerate(many):
        row[0] = f"{row[0]}-{i}"
        if i in at or not at:
            row[5], row[6] = row[6], row[5]
    return many


def spiked() -> gpd.GeoDataFrame:
    """A village whose outline crosses itself in a loop of 50 m2 of its 625 ha."""
    frame = villages()
    x0, y0, x1, y1 = frame.geometry.iloc[5].bounds
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0 + 20), (x0 + 5, y0 + 40)]
    ring += [(x0 + 5, y0 + 20), (x0, y0 + 40)]
    frame.loc[5, "geometry"] = Polygon(ring)
    return frame


def pieces() -> gpd.GeoDataFrame:
    frame = villages()
    frame["ten_thon"] = [
        apart(f"  {text}") if i % 3 == 0 else text for i, text in enumerate(frame["ten_thon"])
    ]
    return frame


def bare() -> gpd.GeoDataFrame:
    frame = villages()
    frame["ma_xa"] = [code.lstrip("0") for code in frame["ma_xa"]]
    return frame


def bare_both() -> gpd.GeoDataFrame:
    """Villages whose own codes, which begin with their communes', are numbers as well."""
    frame = villages()
    frame["ma_thon"] = [int(code.replace("-", "00")) for code in frame["ma_thon"]]
    frame["ma_xa"] = [int(code) for code in frame["ma_xa"]]
    return frame


def as_grouped_list(folder: Path, spec: Spec) -> None:
    """Villages as points in a text, under rows of their communes."""
    frame = bare_both().set_geometry(villages().geometry.centroid).to_crs(4326)
    lines = ["Mã thôn,Tên thôn,Mã xã,Tọa độ"]
    for code, group in frame.groupby("ma_xa"):
        lines.append(f"I. Xã A{code},,,")
        lines += [
            f"{v.ma_thon},{v.ten_thon},{v.ma_xa},{v.geometry.y:.6f} {v.geometry.x:.6f}"
            for v in group.itertuples()
        ]
    (folder / "data/thôn.csv").write_text("\n".join(lines) + "\n", "utf-8")
    spec["boundaries"]["villages"][0] = {"path": "data/thôn.csv"}


def twice(frame: gpd.GeoDataFrame, *at: int) -> gpd.GeoDataFrame:
    return pd.concat([frame, frame.iloc[list(at)]], ignore_index=True)


def points() -> gpd.GeoDataFrame:
    frame = villages()
    return frame.set_geometry(frame.geometry.centroid)


def turned() -> gpd.GeoDataFrame:
    """Villages in degrees, of one the coordinates exchanged."""
    frame = villages().to_crs(4326)
    frame.loc[3, "geometry"] = shapely.transform(frame.geometry.iloc[3], lambda xy: xy[:, ::-1])
    return frame


def all_turned() -> gpd.GeoDataFrame:
    frame = villages().to_crs(4326)
    return frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]))


def unclosed(folder: Path, spec: Spec) -> None:
    frame = villages().to_crs(4326)
    tree = json.loads(frame.to_json(drop_id=True))
    tree["features"][2]["geometry"]["coordinates"][0].pop()
    tree["note"] = "kept"
    (folder / "data/villages.geojson").write_text(json.dumps(tree), "utf-8")
    spec["boundaries"]["villages"][0] = {"path": "data/villages.geojson"}


TCVN3 = {"Mạng A": "M¹ng A", "Mạng B": "M¹ng B"}


def in_font(rows: list[list[Any]]) -> list[list[Any]]:
    out = [[*row] for row in rows]
    for row in out:
        row[2] = TCVN3[row[2]]
    return out


def centres_twice(folder: Path, spec: Spec) -> None:
    frame = villages()[["ma_thon", "ten_thon", "geometry"]]
    frame = frame.set_geometry(frame.geometry.centroid)
    twice(frame, 4).to_file(folder / "data/centres.gpkg")
    spec["boundaries"]["village_centres"] = {"path": "data/centres.gpkg"}


def communes_twice(folder: Path, spec: Spec) -> None:
    twice(communes(), 1).to_file(folder / "data/communes.gpkg")


def cables_twice(folder: Path, spec: Spec) -> None:
    twice(cables(), 0).to_file(folder / "data/cables.gpkg")


def pops_twice(folder: Path, spec: Spec) -> None:
    twice(pops(), 0).to_file(folder / "data/pops.gpkg")


CASES: list[tuple[str, str, Fault]] = [
    ("S09", "csv", as_text(exchanged())),
    ("S09", "gpkg", as_vector(all_turned(), ".gpkg")),
    ("S10", "csv", as_text(exchanged(4), separator=";")),
    ("S10", "xlsx", as_sheet(exchanged(4))),
    ("S10", "gpkg", as_vector(turned(), ".gpkg")),
    ("S10", "shp", as_vector(turned(), ".shp")),
    ("S15", "csv", as_text(in_pieces(towers()), encoding="cp1258")),
    ("S16", "csv", as_text(in_font(towers()), encoding="latin-1")),
    ("S16", "xlsx", as_sheet(in_font(towers()))),
    ("S22", "geojson", unclosed),
    ("S60", "gpkg", as_vector(pieces(), ".gpkg")),
    ("S60", "shp", as_vector(pieces(), ".shp")),
    ("S60", "geojson", as_vector(pieces().to_crs(4326), ".geojson")),
    ("S60", "csv", as_text([[*r[:2], apart(r[2]), *r[3:]] for r in towers()])),
    ("S60", "xlsx", as_sheet([[*r[:2], apart(r[2]), *r[3:]] for r in towers()])),
    ("B01", "gpkg", as_vector(spiked(), ".gpkg")),
    ("B01", "shp", as_vector(spiked(), ".shp")),
    ("B01", "geojson", as_vector(spiked().to_crs(4326), ".geojson")),
    ("B03", "gpkg", as_vector(twice(villages(), 5), ".gpkg")),
    ("B03", "shp", as_vector(twice(villages(), 5), ".shp")),
    ("B03", "geojson", as_vector(twice(villages().to_crs(4326), 5), ".geojson")),
    ("B12", "gpkg", as_vector(twice(points(), 5), ".gpkg")),
    ("B16", "gpkg", centres_twice),
    ("B18", "gpkg", as_vector(bare(), ".gpkg")),
    ("B18", "shp", as_vector(bare(), ".shp")),
    ("B18", "csv", as_grouped_list),
    ("B18", "geojson", as_vector(bare().to_crs(4326), ".geojson")),
    ("B19", "gpkg", communes_twice),
    ("B33", "gpkg", as_vector(twice(villages(), 5, 5), ".gpkg")),
    ("T09", "csv", as_text([*towers(), towers()[1]])),
    ("T09", "xlsx", as_sheet([*towers(), towers()[1]])),
    ("F03", "gpkg", cables_twice),
    ("F21", "gpkg", pops_twice),
]


@pytest.mark.parametrize(("rule", "form", "fault"), CASES, ids=[f"{r}-{f}" for r, f, _ in CASES])
def test_a_fault_is_mended_and_not_found_again(
    tmp_path: Path, spec: Spec, rule: str, form: str, fault: Fault
) -> None:
    if not rule.startswith("F"):
        del spec["fiber"]  # a check without it is quicker
    fault(tmp_path, spec)
    before = sums(saved(tmp_path, spec))
    fixed = fix_study(tmp_path, "fixed")
    assert rule in numbers(fixed.before.findings)
    assert not fixed.left
    found, left = numbers(fixed.before.findings), numbers(fixed.after.findings)
    assert rule not in left
    assert left <= found | USUAL, [str(f) for f in fixed.after.findings]
    assert {mend.rule for mend in fixed.mends} <= mended_rules()
    # The originals are as they were, and nothing but the copies and their study came.
    after = sums(tmp_path)
    assert {name: after[name] for name in before} == before
    assert all(
        name == "fixed.toml" or name.startswith("fixed/") for name in set(after) - set(before)
    )
    copies = list((tmp_path / "fixed/data").rglob(f"*.{form}"))
    assert len(copies) == 1
    assert [row["rule"] for row in table(tmp_path / "fixed" / MENDS)] == [
        m.rule for m in fixed.mends
    ]
    # A second time nothing is left to mend.
    again = fix_study(tmp_path / "fixed.toml", "again")
    assert again.study_file is None
    assert not again.mends
    assert not (tmp_path / "again").exists()


def test_every_rule_is_decided_once_and_safe_means_mended() -> None:
    assert set(decisions()) == set(rules())
    assert {rule for rule, decision in decisions().items() if decision.safe} == mended_rules()
    assert {rule for rule, _, _ in CASES} == mended_rules()
    assert all(decision.why in catalogue() for decision in decisions().values())


def mended(folder: Path, spec: Spec, *, fibre: bool = False) -> Fixed:
    if not fibre:
        del spec["fiber"]
    return fix_study(saved(folder, spec), "fixed")


def test_figures_are_those_of_the_lenient_run(tmp_path: Path, spec: Spec) -> None:
    """What the reader mends in memory and what stands in the copies is the same data."""
    frame = spiked()
    frame["ten_thon"] = pieces()["ten_thon"]
    frame["ma_xa"] = bare()["ma_xa"]
    as_vector(frame, ".gpkg")(tmp_path, spec)
    twice(cables(), 0).to_file(tmp_path / "data/cables.gpkg")
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, in_pieces(towers()), encoding="cp1258")
    fixed = mended(tmp_path, spec, fibre=True)
    assert {"B01", "B18", "S60", "S15", "F03"} <= {m.rule for m in fixed.mends}
    lenient = read_inputs(read_study(tmp_path), Findings())
    strict = read_inputs(read_study(tmp_path / "fixed.toml"), Findings())
    columns = ["code", "name", "commune_code", "population"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(strict.villages[columns]), pd.DataFrame(lenient.villages[columns])
    )
    apart_m2 = shapely.area(
        shapely.symmetric_difference(
            strict.villages.geometry.to_numpy(), lenient.villages.geometry.to_numpy()
        )
    )
    assert apart_m2.max() < 1e-3
    assert set(strict.villages["flags"]) == {""}
    cells = ["cell_id", "site_id", "operator", "height_m", "freq_mhz", "azimuth_deg"]
    pd.testing.assert_frame_equal(strict.cells[cells], lenient.cells[cells])
    assert strict.cables.geometry.geom_equals(lenient.cables.geometry).all()


def test_villages_codes_and_communes_get_their_zeros(tmp_path: Path, spec: Spec) -> None:
    as_grouped_list(tmp_path, spec)
    mended(tmp_path, spec)
    strict = read_inputs(read_study(tmp_path / "fixed.toml"), Findings())
    expected = [code.replace("-", "00") for code in villages()["ma_thon"]]
    assert sorted(strict.villages["code"]) == sorted(expected)


def test_an_outline_whose_area_would_change_stays(tmp_path: Path, spec: Spec) -> None:
    frame = villages()
    x0, y0, x1, y1 = frame.geometry.iloc[5].bounds
    frame.loc[5, "geometry"] = Polygon([(x0, y0), (x1, y1), (x1, y0), (x0, y1 - 500)])
    as_vector(frame, ".gpkg")(tmp_path, spec)
    fixed = mended(tmp_path, spec)
    assert "B01" in numbers(fixed.before.findings)
    assert not fixed.mends
    assert not (tmp_path / "fixed").exists()


@pytest.mark.parametrize(
    "body",
    [
        "DELETE FROM cables WHERE ma_tuyen <> OLD.ma_tuyen",
        "INSERT INTO gpkg_extensions SELECT * FROM gpkg_extensions",
        "SELECT randomblob(2000000000)",
        "SELECT (WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT 1 FROM r) SELECT sum(i) FROM r)",
    ],
)
def test_triggers_that_a_file_brings_are_not_run(tmp_path: Path, spec: Spec, body: str) -> None:
    cables_twice(tmp_path, spec)
    path = tmp_path / "data/cables.gpkg"
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"CREATE TRIGGER own AFTER DELETE ON cables BEGIN {body}; END")
        base.commit()
    before = sums(tmp_path)
    (tmp_path / "study.toml").write_text(tomlkit.dumps(spec), "utf-8")
    fixed = fix_study(tmp_path, "fixed")
    assert not fixed.mends
    assert "triggers" in str(fixed.left)
    assert {k: v for k, v in sums(tmp_path).items() if k != "study.toml"} == before


def test_records_alike_in_name_only_stay(tmp_path: Path, spec: Spec) -> None:
    rows = [*towers(), [*towers()[1]]]
    rows[-1][7] = 43
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    fixed = mended(tmp_path, spec)
    assert "T09" in numbers(fixed.before.findings)
    assert not fixed.mends


def test_text_keeps_its_form(tmp_path: Path, spec: Spec) -> None:
    """Title, comments, separator, quotes, line ends and untouched records stay to the byte."""
    rows = exchanged(4)
    head = "# xuất từ hệ thống\r\n"
    body = [";".join(TOWER_HEADER), *(";".join(map(str, row)) for row in rows)]
    body[2] = body[2].replace(";Mạng A;", ';"Mạng ""A""; B";')
    path = tmp_path / "data/cells.csv"
    path.write_bytes((head + "\r\n".join(body) + "\r\n").encode("utf-8-sig"))
    fixed = mended(tmp_path, spec)
    assert {m.row for m in fixed.mends} == {5}
    old, new = path.read_bytes(), (tmp_path / "fixed/data/cells.csv").read_bytes()
    changed = [
        i
        for i, pair in enumerate(zip(old.split(b"\r\n"), new.split(b"\r\n"), strict=True))
        if pair[0] != pair[1]
    ]
    assert changed == [6]  # comment, header, four records before it
    assert new.startswith(b"\xef\xbb\xbf#")
    [one, two] = fixed.mends
    assert (one.column, two.column) == ("kinh_do", "vi_do")
    assert (one.before, one.after) == (two.after, two.before)


def test_text_of_another_encoding_becomes_utf8_with_a_mark(tmp_path: Path, spec: Spec) -> None:
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, in_pieces(towers()), encoding="cp1258")
    mended(tmp_path, spec)
    data = (tmp_path / "fixed/data/cells.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert [row[2] for row in rows[1:]] == [row[2] for row in towers()]


def test_an_encoding_that_the_study_names_is_told_anew(tmp_path: Path, spec: Spec) -> None:
    rows = in_font(towers())
    rows[3][5], rows[3][6] = rows[3][6], rows[3][5]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows, encoding="latin-1")
    spec["towers"][0]["encoding"] = "tcvn3"
    spec["checks"] = {"left_out_max": 0.5}
    fixed = mended(tmp_path, spec)
    assert {m.rule for m in fixed.mends} == {"S10"}
    assert read_study(tmp_path / "fixed.toml").towers[0].encoding == "utf-8"
    read = read_inputs(read_study(tmp_path / "fixed.toml"), Findings())
    assert set(read.cells["operator"]) == {"Mạng A", "Mạng B"}
    assert len(read.cells) == len(rows)


def test_a_geopackage_keeps_everything_else(tmp_path: Path, spec: Spec) -> None:
    path = tmp_path / "data/all.gpkg"
    frame = twice(pieces(), 5)
    frame["ngay"] = pd.Timestamp("2026-05-12")
    frame["so"] = pd.array([1, None] * 8 + [1], dtype="Int32")
    frame.loc[16, ["so", "ten_thon"]] = frame.loc[5, ["so", "ten_thon"]]
    frame.to_file(path, layer="thôn")
    communes().to_file(path, layer="xã")
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE own (note TEXT)")
        database.execute("INSERT INTO own VALUES ('mine')")
    spec["boundaries"]["communes"] = {"path": "data/all.gpkg", "layer": "xã"}
    spec["boundaries"]["villages"] = [{"path": "data/all.gpkg", "layer": "thôn"}]
    fixed = mended(tmp_path, spec)
    assert {m.rule for m in fixed.mends} == {"S60", "B03"}
    copy = tmp_path / "fixed/data/all.gpkg"
    old, new = (pyogrio.read_dataframe(p, layer="thôn", fid_as_index=True) for p in (path, copy))
    assert list(new.columns) == list(old.columns)
    assert (new.dtypes == old.dtypes).all()
    assert list(new.index) == list(old.index)[:-1]
    pd.testing.assert_frame_equal(
        pd.DataFrame(new.drop(columns=["ten_thon"])),
        pd.DataFrame(old.drop(columns=["ten_thon"]))[:-1],
    )
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT note FROM own").fetchall() == [("mine",)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        count = database.execute(
            "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'thôn'"
        )
        assert count.fetchone() == (16,)
    # The spatial index knows what is there now.
    box = tuple(old.geometry.iloc[16].centroid.buffer(10).bounds)
    assert len(pyogrio.read_dataframe(copy, layer="thôn", bbox=box)) == 1
    texts = read_study(tmp_path / "fixed.toml").boundaries
    assert texts.communes.path == texts.villages[0].path == Path("fixed/data/all.gpkg")


def test_a_shapefile_keeps_columns_and_numbers(tmp_path: Path, spec: Spec) -> None:
    frame = pieces()
    frame["so"] = pd.array([7, None] * 8, dtype="Int32")
    frame["le"] = 0.1 + 0.2
    frame.to_file(tmp_path / "data/v.shp", encoding="UTF-8")
    spec["boundaries"]["villages"] = [{"path": "data/v.shp"}]
    mended(tmp_path, spec)
    old = pyogrio.read_dataframe(tmp_path / "data/v.shp")
    new = pyogrio.read_dataframe(tmp_path / "fixed/data/v.shp")
    assert list(new.columns) == list(old.columns)
    rest = ["ma_thon", "ma_xa", "dan_so", "so", "le"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(new[rest]), pd.DataFrame(old[rest]), check_dtype=False
    )
    assert new.crs == old.crs
    assert shapely.equals(new.geometry.to_numpy(), old.geometry.to_numpy()).all()
    assert (tmp_path / "fixed/data/v.cpg").read_text() == "UTF-8"


def test_a_workbook_keeps_its_other_sheets_and_formulas_are_not_lost(
    tmp_path: Path, spec: Spec
) -> None:
    as_sheet(exchanged(4))(tmp_path, spec)
    mended(tmp_path, spec)
    book = openpyxl.load_workbook(tmp_path / "fixed/data/cells.xlsx")
    assert book.sheetnames == ["Ghi chú", "Trạm"]
    assert book["Ghi chú"]["B1"].value == "Sở TT&TT"
    assert isinstance(book["Trạm"].cell(7, 6).value, float)
    original = openpyxl.load_workbook(tmp_path / "data/cells.xlsx")
    original["Ghi chú"]["C1"] = "=1+1"
    original.save(tmp_path / "data/cells.xlsx")
    fixed = fix_study(tmp_path, "fixed", overwrite=True)
    assert [(x.rule, x.file) for x in fixed.left] == [("S10", "data/cells.xlsx")]
    assert "formulas" in fixed.left[0].why
    assert fixed.study_file is None


def test_geojson_keeps_its_own_members(tmp_path: Path, spec: Spec) -> None:
    unclosed(tmp_path, spec)
    mended(tmp_path, spec)
    old = json.loads((tmp_path / "data/villages.geojson").read_text("utf-8"))
    new = json.loads((tmp_path / "fixed/data/villages.geojson").read_text("utf-8"))
    assert new["note"] == "kept"
    ring = new["features"][2]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    old["features"].pop(2)
    new["features"].pop(2)
    assert old == new


def test_records_are_counted_as_in_the_original_after_some_are_left_out(
    tmp_path: Path, spec: Spec
) -> None:
    frame = twice(villages(), 2, 7)
    frame = frame.iloc[[0, 1, 2, 16, *range(3, 16), 17]].reset_index(drop=True)
    as_vector(frame, ".gpkg")(tmp_path, spec)
    fixed = mended(tmp_path, spec)
    assert [(m.row, m.after) for m in fixed.mends] == [
        (4, "left out: it repeats record 3"),
        (18, "left out: it repeats record 9"),
    ]


def test_the_study_text_keeps_its_comments(tmp_path: Path, spec: Spec) -> None:
    as_vector(pieces(), ".gpkg")(tmp_path, spec)
    text = tomlkit.dumps(spec).replace("[people]", "# dân số năm 2025\n[people]  # WorldPop")
    (tmp_path / "study.toml").write_text(text, "utf-8")
    fix_study(tmp_path, "fixed")
    new = (tmp_path / "fixed.toml").read_text("utf-8").splitlines()
    assert [line for line in new[1:] if "fixed/" not in line] == [
        line for line in text.splitlines() if "data/villages" not in line
    ]


def test_nothing_of_the_planner_is_replaced(tmp_path: Path, spec: Spec) -> None:
    as_vector(pieces(), ".gpkg")(tmp_path, spec)
    saved(tmp_path, spec)
    (tmp_path / "fixed.toml").write_text("# my own\n", "utf-8")
    assert "already" in phusong("fix", tmp_path, "--overwrite", code=1).output
    assert (tmp_path / "fixed.toml").read_text("utf-8") == "# my own\n"
    (tmp_path / "fixed.toml").unlink()
    phusong("fix", tmp_path)
    assert "earlier" in phusong("fix", tmp_path, code=1).output
    first = sums(tmp_path / "fixed")
    phusong("fix", tmp_path, "--overwrite")
    second = sums(tmp_path / "fixed")
    assert {k: v for k, v in first.items() if k != "run.json"} == {
        k: v for k, v in second.items() if k != "run.json"
    }
    # The fixed study is mended further only under another name: its files are originals by now.
    frame = gpd.read_file(tmp_path / "fixed/data/villages.gpkg")
    frame["ten_thon"] = pieces()["ten_thon"]
    frame.to_file(tmp_path / "fixed/data/villages.gpkg")
    assert "never replaced" in phusong("fix", tmp_path / "fixed.toml", "--overwrite", code=1).output
    phusong("fix", tmp_path / "fixed.toml", "--name", "twice")
    assert (tmp_path / "twice/fixed/data/villages.gpkg").is_file()


def test_the_pages_say_what_was_mended(tmp_path: Path, spec: Spec) -> None:
    as_vector(twice(pieces(), 5), ".gpkg")(tmp_path, spec)
    saved(tmp_path, spec)
    result = phusong("fix", tmp_path, "--pages", tmp_path / "pages", "--lang", "vi")
    assert "Số phát hiện: trước" in result.output
    page = (tmp_path / "pages/Ranh_giới_và_thôn_bản.html").read_text("utf-8")
    assert "lặp lại bản ghi 6" in page
    assert "6 chỗ sửa" in page
    assert "hết nhờ các chỗ sửa khác" in page  # the overlap of a village with itself
    book = openpyxl.load_workbook(tmp_path / "pages/Ranh_giới_và_thôn_bản.xlsx")
    said = [row[-2] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert any("lặp lại bản ghi 6" in str(text) for text in said)


def test_formats_that_are_not_rewritten_are_named(tmp_path: Path, spec: Spec) -> None:
    pieces().to_file(tmp_path / "data/villages.fgb", driver="FlatGeobuf")
    spec["boundaries"]["villages"] = [{"path": "data/villages.fgb"}]
    saved(tmp_path, spec)
    said = phusong("fix", tmp_path).output
    assert "S60 data/villages.fgb: not mended: files of this format are not rewritten" in said
    assert "Nothing is left that is safe to mend." in said


def test_rules_are_listed_in_both_languages() -> None:
    for language, word in (("en", "what is right stands"), ("vi", "đơn vị có dữ liệu")):
        said = " ".join(phusong("fix", "--rules", "--lang", language).output.split())
        assert word.split()[0] in said
        assert "S60" in said


def test_places_outside_degrees_are_not_exchanged_by_guess(tmp_path: Path, spec: Spec) -> None:
    """Some of many records exchanged under S09: it is not said which, and nothing is mended."""
    rows = exchanged()
    rows[0][5], rows[0][6] = rows[0][6], rows[0][5]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    fixed = mended(tmp_path, spec)
    assert "S09" in numbers(fixed.before.findings)
    assert "S09" not in {m.rule for m in fixed.mends}
