"""The commands from end to end, on a province small enough to know the answers."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli import phusong, table
from phusong.cli import main

EXPECTED = {
    "villages.csv",
    "village_layers.csv",
    "communes.csv",
    "indicators.csv",
    "sensitivity.csv",
    "checks.csv",
    "near_misses.csv",
    "fibre_failures.csv",
    "results.gpkg",
    "results.kmz",
    "map.html",
    "run.json",
    "datapackage.json",
    "carriers",
}


@pytest.fixture
def study(tiny_study: Path, tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(tiny_study, tmp_path / "study", ignore=shutil.ignore_patterns(".phusong"))
    )


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "new",
        "check",
        "run",
        "coverage",
        "fiber",
        "map",
        "indicators",
        "report",
        "compare",
        "regroup",
        "publish",
        "models",
        "store",
    ],
)
def test_help_has_an_example(command: str) -> None:
    text = phusong(command, "--help").output
    assert "Example:" in text
    assert f"phusong {command}" in text


def test_run_answers_by_hand(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = phusong("run", study, "--out", out).output
    assert {p.name for p in out.iterdir()} >= EXPECTED
    villages = {row["code"]: row for row in table(out / "villages.csv")}
    # The mast stands between the villages of commune 01; a 600 m wall hides commune 02.
    assert {c: r["grade"] for c, r in villages.items()} == {
        "01a": "covered",
        "01b": "covered",
        "02a": "white",
        "02b": "white",
    }
    assert float(villages["02a"]["people_unserved"]) > 390
    assert villages["01b"]["name"] == "'=1+1"
    figures = {row["id"]: row for row in table(out / "indicators.csv")}
    assert float(figures["villages_covered"]["value"]) == 0.5
    assert float(figures["villages_covered"]["circles_value"]) == 0.5
    assert float(figures["people_covered"]["numerator"]) == pytest.approx(400, abs=2)
    assert float(figures["communes_fibre"]["value"]) == 0.5
    communes = {row["code"]: row for row in table(out / "communes.csv")}
    assert communes["01"]["fibre"] == "true"
    assert communes["01"]["single_route"] == "true"
    assert communes["02"]["fibre"] == "false"
    assert float(communes["01"]["route_km"]) == pytest.approx(1.9, abs=0.01)
    assert float(communes["02"]["nearest_connected_m"]) == pytest.approx(4000, abs=5)
    assert "50.0%" in printed
    assert "everything here is made up" in printed
    assert str(out / "checks.csv") in printed.replace("\n", "")


def test_carriers_get_their_files(tiny_run: Path) -> None:
    names = {p.name for p in (tiny_run / "carriers").iterdir()}
    assert names == {"Sóng_Xanh.csv", "Sóng_Xanh.xlsx", "=Đỏ_&_Co.csv", "=Đỏ_&_Co.xlsx"}
    rows = {r["code"]: r for r in table(tiny_run / "carriers" / "Sóng_Xanh.csv")}
    assert set(rows) == {"02a", "02b"}
    assert rows["02a"]["own_site_id"] == "A"
    assert float(rows["02a"]["own_site_km"]) == pytest.approx(4.61, abs=0.05)
    assert rows["02a"]["other_operator"] == "'=Đỏ & Co"


def test_vietnamese_from_end_to_end(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "kết quả"
    printed = phusong("run", study, "--out", out, "--lang", "vi").output
    assert "Thôn được phủ sóng di động" in printed
    assert table(out / "villages.csv")[2]["grade_label"] == "trắng sóng"
    assert "Xã có cáp quang đến trung tâm" in (out / "indicators.csv").read_text("utf-8-sig")


def test_excel_of_viet_nam(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    phusong("fiber", study, "--out", out, "--separator", ";", "--decimal", ",")
    head, first = (out / "communes.csv").read_text("utf-8-sig").splitlines()[:2]
    assert head.startswith("code;name;")
    assert ";1,9;" in first


def test_an_earlier_run_is_safe(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    phusong("fiber", study, "--out", out)
    before = (out / "run.json").read_bytes()
    assert "--overwrite" in phusong("fiber", study, "--out", out, code=1).output
    # A run that fails after it began leaves the earlier one whole.
    (study / "data/towers/cells.csv").write_text("cell_id,x,y\n", "utf-8")
    phusong("run", study, "--out", out, "--overwrite", code=1)
    assert (out / "run.json").read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if "partial" in p.name]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_says_one_sentence(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text("earlier")

    def stopped(_: object, partial: Path, **__: object) -> None:
        (partial / "half.csv").write_text("half")
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt as asked:  # a library that swallows it does not swallow the end
            raise RuntimeError("callback failed") from asked

    monkeypatch.setattr("phusong.pipeline.run.compute", stopped)
    said = phusong("run", study, "--out", out, "--overwrite", "-q", code=code).output
    assert said.strip() == "Stopped: earlier results are as they were, nothing of this run is kept."
    assert [p.name for p in out.iterdir()] == ["run.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "study"]


def test_a_stop_of_fetch_says_that_what_came_is_kept(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("phusong.fetch.round.fetch_round", stopped)
    said = phusong("fetch", study, "--only", "dem", "-q", code=130).output
    assert said.strip() == (
        "Stopped: what came is kept, and the same command goes on where this one stopped."
    )


@pytest.mark.parametrize("clock", ["abc", "-1", "100000000000000000000", "4354819200"])
def test_a_clock_that_libraries_stumble_over_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, clock: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", clock)
    phusong("models")
    assert "SOURCE_DATE_EPOCH" not in os.environ
    assert "SOURCE_DATE_EPOCH" in caplog.text
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1750000000")
    phusong("models")
    assert os.environ["SOURCE_DATE_EPOCH"] == "1750000000"


def test_a_disc_that_is_full_is_no_defect_of_ours(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    said = phusong("new", tmp_path / "province", code=1).output
    assert "the disc is full" in said
    assert "Internal error" not in said


def test_path_losses_are_used_again(study: Path, tmp_path: Path) -> None:
    phusong("coverage", study, "--out", tmp_path / "one")
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text + "\n[verdict]\nprobability = 0.9\n", "utf-8")
    phusong("coverage", study, "--out", tmp_path / "two")
    stats = [
        json.loads((tmp_path / n / "run.json").read_text("utf-8"))["signal"] for n in ("one", "two")
    ]
    assert stats[0]["computed"] == 1
    assert stats[1]["computed"] == 0
    assert stats[1]["from_store"] == 1


def test_same_study_same_figures(study: Path, tiny_run: Path, tmp_path: Path) -> None:
    phusong("run", study, "--out", tmp_path / "again")
    for name in ("villages.csv", "indicators.csv", "communes.csv", "sensitivity.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tiny_run / name).read_bytes()


def test_check_speaks_and_counts(study: Path) -> None:
    phusong("check", study)
    assert (study / "checks.csv").exists()
    (study / "data/terrain/dem.tif").unlink()
    output = phusong("check", study, code=1).output
    assert "S01" in output
    assert "dem.tif" in output
    assert table(study / "checks.csv")[0]["severity"] == "error"


def test_a_run_stops_before_any_work_on_errors(study: Path, tmp_path: Path) -> None:
    (study / "data/terrain/dem.tif").unlink()
    output = phusong("run", study, "--out", tmp_path / "out", code=1).output
    assert "dem.tif" in output
    assert not (tmp_path / "out").exists()


def test_rules_are_listed_in_both_languages() -> None:
    assert "S01" in phusong("check", "--rules").output
    assert "lỗi" in phusong("check", "--rules", "--lang", "vi").output


def test_indicators_print_definitions_and_write_nothing(study: Path) -> None:
    before = {p for p in study.rglob("*") if ".phusong" not in p.parts}
    output = phusong("indicators", study).output
    assert "P(level" in output
    assert "Threshold moved by" in output
    assert {p for p in study.rglob("*") if ".phusong" not in p.parts} == before


def test_definitions_of_others_side_by_side(study: Path, tmp_path: Path) -> None:
    output = phusong("indicators", study, "--presets").output
    assert "FCC BDC" in output
    assert "SDG 9.c.1" in output
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text + '[indicators]\npresets = ["circles"]\n', "utf-8")
    phusong("run", study, "--out", tmp_path / "out", "--lang", "vi")
    rows = table(tmp_path / "out/definitions.csv")
    assert [r["id"] for r in rows] == ["circles"]
    assert float(rows[0]["village_share"]) == 0.5


def test_simulated_figures_have_an_interval(tiny_run: Path) -> None:
    figures = {row["id"]: row for row in table(tiny_run / "indicators.csv")}
    drawn = figures["villages_covered_simulated"]
    assert float(drawn["low"]) <= float(drawn["value"]) <= float(drawn["high"])
    assert figures["villages_covered"]["low"] == ""
    villages = {row["code"]: row for row in table(tiny_run / "villages.csv")}
    assert float(villages["01a"]["p_covered"]) > 0.95
    assert float(villages["02a"]["p_covered"]) < 0.05


def test_map_alone(study: Path, tmp_path: Path) -> None:
    page = tmp_path / "bản đồ.html"
    phusong("map", study, "--out", page, "--lang", "vi")
    assert "Đồng Văn" in page.read_text("utf-8")
    phusong("map", study, "--out", page, code=1)
    phusong("map", study, "--out", page, "--overwrite")


def test_unknown_model_is_named_with_the_known(study: Path, tmp_path: Path) -> None:
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text.replace('"p526"', '"p5266"'), "utf-8")
    output = phusong("run", study, "--out", tmp_path / "out", code=1).output
    assert "p5266" in output
    assert "p526" in output


def test_wrong_usage_is_code_2(study: Path) -> None:
    for arguments in (
        ["runn"],
        ["run"],
        ["run", str(study), "--lang", "fr"],
        ["check"],
        ["run", str(study), "--separator", ",", "--decimal", ","],
    ):
        assert CliRunner().invoke(main, arguments).exit_code == 2


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--debug", "run", str(tmp_path)])
    assert result.exit_code == 1
    assert result.exception is not None
    assert not isinstance(result.exception, SystemExit)


def test_quiet_says_nothing(study: Path, tmp_path: Path) -> None:
    assert phusong("-q", "fiber", study, "--out", tmp_path / "out").output == ""


def test_report_in_either_language(tiny_run: Path, tmp_path: Path) -> None:
    phusong("report", tiny_run, "--out", tmp_path, "--lang", "vi")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Mèo Vạc" in page
    assert "Thôn được phủ sóng di động" in page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_report_of_no_run(tmp_path: Path) -> None:
    assert "run.json" in phusong("report", tmp_path, code=1).output


def test_compare_names_what_changed(study: Path, tiny_run: Path, tmp_path: Path) -> None:
    cells = study / "data/towers/cells.csv"
    rows = cells.read_text("utf-8-sig").replace("A1,A,", "B1,B,").splitlines()
    lon, lat = rows[1].split(",")[5:7]
    moved = rows[1].replace(lon, f"{float(lon) + 0.0435:.6f}").replace(lat, f"{float(lat):.5f}")
    cells.write_text("\n".join([*rows, moved.replace("B1,B,", "C1,C,")]), "utf-8")
    phusong("run", study, "--out", tmp_path / "plan")
    output = phusong("compare", tiny_run, tmp_path / "plan", "--out", tmp_path / "diff").output
    assert "2 gained, 0 lost" in output
    changes = {r["code"]: r["change"] for r in table(tmp_path / "diff/compare_villages.csv")}
    assert changes["02a"] == "gained"


def test_publish_keeps_back_what_the_study_withholds(tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    phusong("publish", tiny_run, "--out", out)
    assert {p.name for p in out.iterdir()} >= {"index.json", "collections.json", "villages.csv"}
    for path in out.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8-sig")
            assert "nearest_site_id" not in text, path
            assert "best_cell_id" not in text, path
    items = json.loads((out / "collections/villages/items.json").read_text("utf-8"))
    assert items["numberReturned"] == 4
    west, south = items["features"][0]["geometry"]["coordinates"][0][0][:2]
    assert 104 < west < 106
    assert 22 < south < 23


def test_store_shows_and_prunes(study: Path, tmp_path: Path) -> None:
    phusong("coverage", study, "--out", tmp_path / "out")
    assert "1 sites" in phusong("store", study).output
    assert "0 prepared rasters" in phusong("store", study, "--prune", "--older-than", "9").output
    assert list((study / ".phusong/prepared").glob("*.tif"))
    assert "0 entries" in phusong("store", study, "--prune").output
    assert not list((study / ".phusong/prepared").iterdir())
    phusong("store", study, "--older-than", "1", code=2)


def test_models_name_their_source() -> None:
    output = phusong("models").output
    assert "P.1812" in output
    assert "P.526" in output
