"""The page of measured against predicted: both languages, both forms, hostile names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import rasterio
from click.testing import CliRunner
from pyproj import Transformer
from rasterio.transform import from_bounds

from helpers.measured import make_residuals, write_measured
from phusong.cli import main
from phusong.i18n import set_language
from phusong.report.blocks import Block, Grid, Heading, Paragraph, Picture
from phusong.report.reliability import measured_blocks
from phusong.report.webpage import render_page
from phusong.results.finished import FinishedRun, open_run
from phusong.results.measured import MeasuredLevels, open_measured, spread_left

PLACES = np.array([[105.0, 22.5], [105.01, 22.51]])
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run(tiny_run: Path) -> FinishedRun:
    return open_run(tiny_run)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_residuals(200, PLACES)
    return write_measured(made, tmp_path_factory.mktemp("measured") / "hiệu chỉnh")


@pytest.fixture(scope="module")
def measured(folder: Path) -> MeasuredLevels:
    return open_measured(folder)


def grids(blocks: Sequence[Block]) -> list[Grid]:
    return [block for block in blocks if isinstance(block, Grid)]


def words(blocks: Sequence[Block]) -> str:
    return "\n".join(b.text for b in blocks if isinstance(b, Heading | Paragraph))


def test_figures_in_words_and_by_class(run: FinishedRun, measured: MeasuredLevels) -> None:
    blocks = list(measured_blocks(run, measured))
    residual = measured.rows["residual_db"]
    said = words(blocks)
    assert f"are {-residual.mean():.1f} dB weaker than predicted" in said
    assert f"spread by {residual.std():.1f} dB" in said
    assert "200 places and carriers (500 rows) of 2 sites" in said
    assert "đo & <thử>.csv (SHA-256 abababababababab) · calibrated 2026-11-20" in said
    by_class, claims = grids(blocks)
    assert [row[:2] for row in by_class.rows] == [
        ("GSM", "line of sight"),
        ("GSM", "obstructed"),
        ("LTE", "line of sight"),
        ("LTE", "obstructed"),
        ("all rows", ""),
    ]
    # Each technology is held to its own threshold.
    assert [row[2] for row in by_class.rows] == ["−95", "−95", "−110", "−110", ""]
    assert by_class.rows[-1][5] == f"−{-residual.mean():.1f}"
    assert sum(int(row[3]) for row in by_class.rows[:-1]) == 200
    assert sum(int(row[1]) for row in claims.rows) == 200
    (picture,) = (block for block in blocks if isinstance(block, Picture))
    assert picture.png.startswith(b"\x89PNG")


def test_no_bias_has_no_sign(run: FinishedRun, tmp_path: Path) -> None:
    rows = make_residuals(40, PLACES, technology="LTE", predicted_dbm=-90.0)
    rows["level_dbm"] = -90.01 + np.where(np.arange(40) % 2 == 0, 3.0, -3.0)
    rows["residual_db"] = rows["level_dbm"] - rows["predicted_dbm"]
    blocks = list(measured_blocks(run, open_measured(write_measured(rows, tmp_path / "c"))))
    assert "On average they are as strong as predicted" in words(blocks)
    assert grids(blocks)[0].rows[-1][5] == "0.0"


def test_vietnamese_writes_figures_as_vietnamese_does(
    run: FinishedRun, measured: MeasuredLevels
) -> None:
    set_language("vi")
    blocks = list(measured_blocks(run, measured))
    said = words(blocks)
    assert "Đo được so với dự báo" in said
    assert "hiệu chỉnh ngày 20/11/2026" in said
    assert "yếu hơn dự báo" in said
    cells = "\n".join(cell for grid in grids(blocks) for row in grid.rows for cell in row)
    assert not re.search(r"\d\.\d", said + cells)
    assert "nhìn thẳng" in cells


def test_many_rows_hostile_names_and_another_study(run: FinishedRun, tmp_path: Path) -> None:
    about = {"name": HOSTILE, "date": HOSTILE, "measurements": [{"file": HOSTILE}, "x"]}
    many = make_residuals(4000, PLACES, site_id=HOSTILE, technology=HOSTILE, sight=HOSTILE)
    read = open_measured(write_measured(many, tmp_path / "c", about=about))
    blocks = list(measured_blocks(run, read))
    assert "held against another study" in words(blocks)
    assert len(grids(blocks)) == 1, "no claim is made of a technology that the study has not"
    render_page(blocks, tmp_path / "r.html", HOSTILE)
    assert "<img src=x" not in (tmp_path / "r.html").read_text("utf-8")


def test_nothing_to_compare_is_said(run: FinishedRun, tmp_path: Path) -> None:
    empty = write_measured(make_residuals(3, PLACES).head(0), tmp_path / "c", about={})
    blocks = list(measured_blocks(run, open_measured(empty)))
    assert "None of them could be held against a prediction." in words(blocks)
    assert "the file of the measurements is not known" in words(blocks)
    assert len(blocks) == 3


def test_predictions_from_before_the_calibration_are_said(run: FinishedRun, tmp_path: Path) -> None:
    about = {"name": run.study.study.name}
    rows = make_residuals(30, PLACES)
    before = open_measured(write_measured(rows, tmp_path / "a", about=about))
    after = open_measured(
        write_measured(rows.assign(calibrated_db=-3.0), tmp_path / "b", about=about)
    )
    radio = run.study.radio.model_copy(update={"offsets_db": {"LTE": -3.0}})
    applied = replace(run, study=run.study.model_copy(update={"radio": radio}))
    for of, levels, said in (
        (run, before, ""),
        (applied, before, "from before the calibration that this run holds"),
        (run, after, "a calibration that this run has not"),
        (applied, after, ""),
    ):
        text = words(list(measured_blocks(of, levels)))
        assert ("calibrate again" in text) == bool(said)
        assert said in text


def test_claims_near_measured_roads_are_those_of_the_rasters(
    run: FinishedRun, tmp_path: Path
) -> None:
    """Half of the spread is left at the western place, all of it at the eastern one."""
    x, y = Transformer.from_crs(4326, run.stamp["crs"], always_xy=True).transform(*PLACES.T)
    with rasterio.open(
        tmp_path / "coverage_Viettel_LTE_spread.tif",
        "w",
        driver="GTiff",
        width=2,
        height=1,
        count=1,
        dtype="uint8",
        crs=run.stamp["crs"],
        transform=from_bounds(x[0] - 10, y[0] - 2000, x[1] + 10, y[1] + 2000, 2, 1),
    ) as file:
        file.write(np.array([[[100, 200]]], np.uint8))
    source = {"measurements": [{"file": "a.csv", "sha256": "ab" * 32}]}
    sensitivity = pd.DataFrame({"operator": ["*", "Viettel"]})
    near = replace(
        run,
        folder=tmp_path,
        stamp={**run.stamp, "calibrated_from": source},
        tables={**run.tables, "sensitivity": sensitivity},
    )
    rows = make_residuals(40, PLACES, operator="Viettel", technology="LTE", calibrated_db=-3.0)
    assert spread_left(rows, near) == pytest.approx(np.tile([0.5, 1.0], 20))
    assert spread_left(rows.assign(operator="VNPT"), near) == pytest.approx(np.ones(40))
    assert spread_left(rows, run) is None

    def page(columns: dict[str, float], sha: str) -> tuple[str, str]:
        about = {"name": run.study.study.name, "measurements": [{"file": "a", "sha256": sha}]}
        folder = tmp_path / f"{sha[:2]}{len(columns)}"
        levels = open_measured(write_measured(rows.assign(**columns), folder, about=about))
        with_cells = SimpleNamespace(**vars(near), layer=run.layer)
        blocks = list(measured_blocks(with_cells, levels))
        return words(blocks), grids(blocks)[0].rows[-1][-1]

    said, inside = page({}, "ab" * 32)
    assert "tighter ones of the rasters" in said
    assert "these very measurements" in said
    other, _ = page({}, "cd" * 32)
    assert "tighter ones of the rasters" in other
    assert "these very measurements" not in other
    before, wide = page({"calibrated_db": 0.0}, "ab" * 32)
    assert "away from measured roads" in before
    assert float(inside.rstrip("%")) < float(wide.rstrip("%"))


def test_one_row_has_no_spread(run: FinishedRun, tmp_path: Path) -> None:
    one = open_measured(write_measured(make_residuals(1, PLACES), tmp_path / "c"))
    assert grids(list(measured_blocks(run, one)))[0].rows[0][6] == "–"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_command(language: str, tiny_run: Path, folder: Path, tmp_path: Path) -> None:
    arguments = ["report", str(tiny_run), "--out", str(tmp_path), "--measurements", str(folder)]
    told = CliRunner().invoke(main, [*arguments, "--lang", language])
    assert told.exit_code == 0, told.output
    page = (tmp_path / "report.html").read_text("utf-8")
    title = {"vi": "Đo được so với dự báo", "en": "Measured against predicted"}[language]
    assert title in page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    refused = CliRunner().invoke(main, [*arguments[:-1], str(tmp_path), "--lang", "en"])
    assert refused.exit_code != 0
    assert "not the folder of a calibration" in refused.output
