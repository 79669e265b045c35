"""Whatever fails beside the figures leaves the figures: one injected failure at each writer."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from click.testing import CliRunner
from shapely.errors import GEOSException

from helpers.cli import phusong, table
from phusong.cli import main
from phusong.errors import OutputError, Where
from phusong.exports.formats import geopackage
from phusong.pipeline.run import run_study
from phusong.results.missing import Attempts
from phusong.study.file import read_study


@pytest.fixture(scope="module")
def study(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(tiny_study, tmp_path_factory.mktemp("missing") / "study"))


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception], None]:
    """Give a function that makes the function at a place fail from now on."""

    def fail(place: str, error: Exception) -> None:
        def raises(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(place, raises)

    return fail


def missing_of(folder: Path) -> dict[str, str]:
    """Return the reason of each file that run.json calls missing."""
    stamp = json.loads((folder / "run.json").read_text("utf-8"))
    return {one["file"]: one["reason"] for one in stamp["missing"]}


def tables_of(folder: Path) -> dict[str, bytes]:
    """Return the tables of a folder but the one that describes the others."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")]
    return {name: (folder / name).read_bytes() for name in names if name != "columns.csv"}


def test_a_run_keeps_its_figures_whatever_fails_beside_them(
    study: Path, tiny_run: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.pipeline.run.build_map", GEOSException("TopologyException: side location"))
    fail("phusong.exports.run.write_workbook", MemoryError())
    fail("phusong.exports.run.write_kmz", RecursionError("maximum recursion depth exceeded"))
    fail("phusong.exports.formats.geopackage.style_of", KeyError("no such style"))
    out = tmp_path / "out"
    printed = phusong("run", study, "--out", out, code=1).output
    missing = missing_of(out)
    layers = {str(row[0]) for row in pyogrio.list_layers(out / "results.gpkg")}
    assert {name.partition("/")[0] for name in missing} == {
        "carriers",
        "map.html",
        "results.gpkg",
        "results.kmz",
    }
    assert missing["map.html"].startswith("internal error (GEOSException: TopologyException")
    assert "MemoryError" in missing["carriers/Sóng_Xanh.xlsx"]
    assert "results.gpkg/layer_styles/villages" in missing
    assert {"villages", "communes", "cells", "fibre"} <= layers
    for name, reason in missing.items():
        assert f"{name} is missing: {reason}" in printed
    assert "50.0%" in printed
    assert "Map:" not in printed
    assert tables_of(out) == tables_of(tiny_run)
    assert len(list(out.glob("coverage_*.tif"))) == len(list(tiny_run.glob("coverage_*.tif")))
    assert not list(out.rglob("*.xlsx"))
    assert not (out / "results.kmz").exists()
    assert json.loads((tiny_run / "run.json").read_text("utf-8"))["missing"] == []


def test_a_layer_that_fails_costs_no_other_layer(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = geopackage._to_file

    def picky(layer: geopackage.Layer, path: Path) -> None:
        plain(layer, path)  # half of it is there when it fails
        if layer.name == "communes":
            raise RuntimeError("no more")

    monkeypatch.setattr(geopackage, "_to_file", picky)
    out = tmp_path / "out"
    phusong("fiber", study, "--out", out, code=1)
    assert list(missing_of(out)) == ["results.gpkg/communes"]
    layers = {str(row[0]) for row in pyogrio.list_layers(out / "results.gpkg")}
    assert {"fibre", "cells", "sites", "layer_styles"} <= layers
    assert "communes" not in layers
    described = {row["file"] for row in table(out / "columns.csv")}
    assert "results.gpkg/fibre" in described
    assert "results.gpkg/communes" not in described
    # A report of it says what it lacks, and is not written without saying so.
    assert "this run has no layer communes" in phusong("report", out, code=1).output


def test_layers_that_cannot_be_made_are_missing_in_every_file_of_layers(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.exports.run._layers", ValueError("of two lengths"))
    out = tmp_path / "out"
    phusong("fiber", study, "--out", out, code=1)
    assert list(missing_of(out)) == ["results.gpkg", "results.kmz"]
    assert not (out / "results.gpkg").exists()
    assert (out / "map.html").is_file()
    assert len(table(out / "communes.csv")) == 2


def test_debug_shows_the_traceback(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.pipeline.run.build_map", RuntimeError("the reason"))
    words = ("fiber", study, "--out", tmp_path / "out", "--debug")
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.output
    assert (tmp_path / "out" / "communes.csv").is_file()


def test_in_vietnamese(study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]) -> None:
    fail("phusong.pipeline.run.build_map", RuntimeError("lý do"))
    out = tmp_path / "out"
    printed = phusong("fiber", study, "--out", out, "--lang", "vi", code=1).output
    assert "thiếu map.html: lỗi nội bộ (RuntimeError: lý do)" in printed


def test_a_reason_names_files_from_the_folder_on(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any, path: Path, *__: Any, **___: Any) -> None:
        raise OutputError(
            "the map cannot be written: {reason}", Where(str(path)), "", {"reason": "x"}
        )

    monkeypatch.setattr("phusong.pipeline.run.build_map", full)
    phusong("fiber", study, "--out", tmp_path / "out", code=1)
    assert missing_of(tmp_path / "out") == {"map.html": "map.html: the map cannot be written: x"}


def test_from_python_the_results_come_back(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.pipeline.run.build_map", RuntimeError("the reason"))
    results = run_study(read_study(study), tmp_path / "out", radio=False)
    assert [one.file for one in results.missing] == ["map.html"]
    assert results.fiber is not None


def test_an_earlier_run_is_replaced_only_by_a_whole_one(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    out = tmp_path / "out"
    phusong("fiber", study, "--out", out)
    before = tables_of(out)
    fail("phusong.exports.run.write_csv", OSError("no space left"))
    phusong("fiber", study, "--out", out, "--overwrite", code=1)
    assert tables_of(out) == before
    assert (out / "map.html").is_file()


def test_a_plan_keeps_its_figures(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.maps.build_map", RecursionError())
    fail("phusong.exports.extension.documented", KeyError("length_m"))
    out = tmp_path / "plan"
    printed = phusong("extend", study, "--out", out, code=1).output
    assert list(missing_of(out)) == ["extension.gpkg", "extension.html"]
    assert len(table(out / "extension_stages.csv")) == 1
    assert "Extension:" in printed


def test_a_comparison_keeps_its_figures(
    tiny_run: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.maps.build_swipe_map", MemoryError())
    out = tmp_path / "compared"
    printed = phusong("compare", tiny_run, tiny_run, "--out", out, code=1).output
    assert list(missing_of(out)) == ["compare.html"]
    assert len(table(out / "compare_villages.csv")) == 4
    assert "compare.html is missing" in printed


def test_places_keep_their_figures(
    study: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.exports.formats.geopackage.to_qml", RuntimeError("no style"))
    out = tmp_path / "places"
    phusong("fiber", study, "--places", "villages", "--out", out, code=1)
    assert list(missing_of(out)) == ["fibre_places.gpkg/layer_styles/fibre_places"]
    assert len(table(out / "fibre_places.csv")) == 4


def test_an_audit_keeps_its_figures(
    study: Path, tiny_run: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    rows = "".join(f"{105.01 + i / 2000:.4f},22.61,-70,Sóng Xanh,LTE\n" for i in range(20))
    log = tmp_path / "drive.csv"
    log.write_text("lon,lat,rsrp,operator,technology\n" + rows, "utf-8")
    fail("phusong.exports.audit.documented", RuntimeError("no layer"))
    out = tmp_path / "audit"
    phusong("audit", study, log, "--run", tiny_run, "--out", out, code=1)
    assert list(missing_of(out)) == ["audit.gpkg"]
    assert len(table(out / "audit_tests.csv")) > 0


def test_a_report_says_which_picture_it_lacks(
    tiny_run: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    fail("phusong.report.content.fibre_map", ValueError("no axes"))
    printed = phusong("report", tiny_run, "--out", tmp_path, code=1).output
    assert "report/fibre_map is missing" in printed
    assert "A picture is missing here" in (tmp_path / "report.html").read_text("utf-8")
    assert (tmp_path / "report.pdf").is_file()


def test_a_form_of_the_report_that_fails_costs_not_the_other(
    tiny_run: Path, tmp_path: Path, fail: Callable[[str, Exception], None]
) -> None:
    (tmp_path / "report.pdf").write_text("earlier")
    fail("phusong.report.write.render_pdf", OSError("no font"))
    printed = phusong("report", tiny_run, "--out", tmp_path, code=1).output
    assert "report.pdf is missing" in printed
    assert (tmp_path / "report.pdf").read_text() == "earlier"
    assert (tmp_path / "report.html").is_file()


def test_a_full_disc_is_no_defect_of_ours() -> None:
    attempt = Attempts()
    with attempt("carriers/A.xlsx"):
        raise OSError(errno.ENOSPC, "No space left on device")
    (one,) = attempt.missing
    assert "A.xlsx cannot be written: the disc is full" in one.reason
    assert "defect" not in one.reason
