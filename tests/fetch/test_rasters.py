"""Rasters come as windows of tiles; what a person has is left alone; the study then runs on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from helpers.cli import phusong
from helpers.sourcehost import (
    Host,
    always,
    cut,
    dem_tile,
    geotiff,
    page,
    read_tiff,
    source_host,
    status,
)
from phusong.fetch.catalogue import names, source

TILES = ((22, 104), (22, 105), (21, 104))
BOX = (104.91, 21.95, 105.06, 22.2)
STUDY = """
[study]
name = "thử"
[boundaries.communes]
path = "data/boundaries/communes.gpkg"
[[boundaries.villages]]
path = "data/boundaries/villages.gpkg"
[[towers]]
path = "data/towers/cells.csv"
[terrain]
dem = ["data/terrain/copernicus_glo30.tif"]
landcover = "data/terrain/worldcover.tif"
[fetch]
bbox = [{box}]
margin_km = 0
"""


def dem_path(lat: int, lon: int) -> str:
    tile = f"Copernicus_DSM_COG_10_N{lat:02d}_00_E{lon:03d}_00_DEM"
    return f"/{tile}/{tile}.tif"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with source_host() as one:
        for name in names():
            monkeypatch.setenv(f"PHUSONG_FETCH_{name.upper()}", one.base)
        listed = [dem_path(*tile).split("/")[1] for tile in TILES]
        one.files["/tileList.txt"] = "\n".join(listed).encode()
        for tile in TILES:
            one.files[dem_path(*tile)] = dem_tile(*tile)
        one.files["/v200/2021/esa_worldcover_2021_grid.geojson"] = (
            b'{"features":[{"properties":{"ll_tile":"N21E102"}},{"properties":{"ll_tile":"N21E105"}}]}'
        )
        for lon, kind in ((102, 10), (105, 50)):
            name = f"/v200/2021/map/ESA_WorldCover_10m_2021_v200_N21E{lon}_Map.tif"
            one.files[name] = geotiff(np.full((900, 900), kind, np.uint8), lon, 24, 3 / 900, 0)
        people = np.random.default_rng(1).random((600, 600), np.float32)
        one.files[
            "/GIS/Population/Global_2015_2030/R2025A/2025/VNM/v1/100m/constrained/"
            "vnm_pop_2025_CN_100m_R2025A_v1.tif"
        ] = geotiff(people, 104.5, 22.5, 1 / 600, -99999.0, tiled=False)
        yield one


@pytest.fixture
def study(tmp_path: Path) -> Path:
    text = STUDY.format(box=", ".join(map(str, BOX)))
    (tmp_path / "study.toml").write_text(text, "utf-8")
    return tmp_path


def fetch(study: Path, *more: str, code: int = 0) -> str:
    return phusong(
        "fetch", study, "--only", "dem", "--only", "landcover", "--only", "people", *more, code=code
    ).output


def test_a_window_of_four_tiles_of_which_one_is_sea(host: Host, study: Path) -> None:
    said = fetch(study)
    with rasterio.open(study / "data/terrain/copernicus_glo30.tif") as dem:
        values, box = dem.read(1), dem.bounds
    assert box.left == pytest.approx(BOX[0], abs=1 / 400)
    assert box.left <= BOX[0] < BOX[2] <= box.right
    assert box.bottom <= BOX[1] < BOX[3] <= box.top
    rows, cols = values.shape
    y = box.top - (np.arange(rows) + 0.5) / 400
    x = box.left + (np.arange(cols) + 0.5) / 400
    wanted = 100 * y[:, None] + x[None, :]
    sea = (y[:, None] < 22) & (x[None, :] > 105)
    assert sea.sum() > 100
    np.testing.assert_array_equal(values[sea], 0)
    np.testing.assert_allclose(values[~sea], wanted[~sea], atol=0.02)
    cover, _ = read_tiff(study / "data/terrain/worldcover.tif")
    assert set(np.unique(cover)) == {10, 50}
    people, _ = read_tiff(study / "data/people/worldpop.tif")
    assert 150 <= people.shape[0] <= 152
    assert 90 <= people.shape[1] <= 92
    records = tomllib.loads((study / "data/SOURCES.toml").read_text("utf-8"))["files"]
    assert [r["source"] for r in records] == ["people", "dem", "landcover"]
    dem_record = records[1]
    assert "no tile Copernicus_DSM_COG_10_N21_00_E105_00_DEM: 0.0 there" in dem_record["note"]
    assert dem_record["bytes"] == (study / dem_record["file"]).stat().st_size
    assert "put into study.toml" in said  # people: the study does not read them
    assert '[people] raster = "data/people/worldpop.tif"' in said


def test_only_what_lies_under_the_window_comes(host: Host, study: Path) -> None:
    phusong("fetch", study, "--only", "people")
    big = geotiff(np.random.default_rng(1).random((3000, 3000), np.float32), 104.5, 22.5, 1 / 600)
    path = next(p for p in host.files if "vnm_pop" in p)
    host.files[path] = big
    host.sent = 0
    phusong("fetch", study, "--only", "people", "--renew")
    assert 0 < host.sent < len(big) / 8


def test_a_second_fetch_brings_nothing_and_a_changed_area_all(host: Host, study: Path) -> None:
    fetch(study)
    before = {p: p.read_bytes() for p in (study / "data").rglob("*.tif")}
    host.asked.clear()
    assert fetch(study).count("is here already") == 3
    assert host.asked == []
    text = (study / "study.toml").read_text("utf-8").replace("21.95", "21.96")
    (study / "study.toml").write_text(text, "utf-8")
    assert fetch(study).count("Fetched ") == 3
    assert all(p.read_bytes() != body for p, body in before.items())


def test_what_a_person_put_there_is_left_alone(host: Host, study: Path) -> None:
    mine = study / "data/terrain/copernicus_glo30.tif"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    assert "is your own: left alone" in fetch(study, "--renew")
    assert mine.read_bytes() == b"mine"
    cover = study / "data/terrain/worldcover.tif"
    cover.write_bytes(cover.read_bytes() + b"edited")
    assert fetch(study, "--renew").count("is your own: left alone") == 2
    assert cover.read_bytes().endswith(b"edited")


def test_one_source_that_fails_keeps_no_other_from_coming(host: Host, study: Path) -> None:
    host.faults[dem_path(21, 104)] = [always(status(404))]
    said = fetch(study, code=1)
    assert "copernicus_glo30.tif could not be fetched" in said
    assert "1 of 3 files could not be fetched" in said
    assert not (study / "data/terrain/copernicus_glo30.tif").exists()
    assert (study / "data/terrain/worldcover.tif").exists()
    del host.faults[dem_path(21, 104)]
    assert fetch(study).count("is here already") == 2
    assert (study / "data/terrain/copernicus_glo30.tif").exists()
    assert list((study / ".phusong/fetch").iterdir()) == []


def test_cuts_in_the_middle_of_windows(host: Host, study: Path) -> None:
    for tile in TILES:
        host.faults[dem_path(*tile)] = [cut(16), cut(1000), cut(5000)]
    fetch(study)
    values, _ = read_tiff(study / "data/terrain/copernicus_glo30.tif")
    assert values.max() > 2200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"II*\0\xff\xff\xff\x7f" + b"\0" * 64, "directories lead nowhere"),
        (b"II*\0\x08\0\0\0\xff\xff" + b"\1" * 64, "directories lead nowhere"),
        (b"GIF89a" + b"\0" * 64, "is no tiff"),
        (dem_tile(22, 104)[:9000], "lead nowhere|cannot be read"),
    ],
)
def test_rasters_that_are_none(host: Host, study: Path, body: bytes, words: str) -> None:
    import re

    host.files[dem_path(22, 104)] = body
    said = " ".join(fetch(study, code=1).split())
    assert re.search(words, said), said
    assert not (study / "data/terrain/copernicus_glo30.tif").exists()


def test_tiles_of_other_cells_do_not_join(host: Host, study: Path) -> None:
    host.files[dem_path(22, 105)] = dem_tile(22, 105, cells=300)
    assert "cells of different sizes" in " ".join(fetch(study, code=1).split())


def test_a_portal_in_between(host: Host, study: Path) -> None:
    host.faults["/tileList.txt"] = [always(page)]
    assert "Log in to the hotel" in " ".join(fetch(study, code=1).split())


def test_much_is_asked_about(host: Host, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phusong.commands import fetch as module

    monkeypatch.setattr(module, "ASK_FROM_MIB", 0)
    said = " ".join(fetch(study, code=1).split())
    assert "nobody is here to be asked" in said
    assert "add --yes" in said
    assert not (study / "data/terrain").exists()
    fetch(study, "--yes")


def test_without_an_area_or_network_it_says_so(
    host: Host, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names():
        monkeypatch.setenv(f"PHUSONG_FETCH_{name.upper()}", "http://nowhere.invalid")
    monkeypatch.setattr("phusong.fetch.web.PAUSE_S", 0.0)
    said = " ".join(fetch(study, code=1).split())
    assert "no network here" in said
    assert "HTTPS_PROXY" in said
    text = (study / "study.toml").read_text("utf-8").partition("[fetch]")[0]
    (study / "study.toml").write_text(text, "utf-8")
    assert "[fetch] bbox" in " ".join(fetch(study, code=1).split())


def test_mirrors_of_the_study_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from phusong.errors import StudyError

    assert source("dem").base == "https://copernicus-dem-30m.s3.amazonaws.com"
    study = {"dem": "https://mirror.example/dem/"}
    assert source("dem", study).url(tile="T") == "https://mirror.example/dem/T/T.tif"
    monkeypatch.setenv("PHUSONG_FETCH_DEM", "http://127.0.0.1:8")
    assert source("dem", study).base == "http://127.0.0.1:8"
    for wrong in ("file:///srv", "mirror.example", "https://me:word@mirror.example"):
        monkeypatch.setenv("PHUSONG_FETCH_DEM", wrong)
        with pytest.raises(StudyError):
            source("dem")


def test_every_row_of_the_table_names_where_it_was_read(host: Any) -> None:
    import re
    from importlib.resources import files

    text = (files("phusong.fetch") / "sources.toml").read_text("utf-8")
    for name, row in tomllib.loads(text).items():
        assert re.search(r"https://\S+.*\(\w+ 20\d\d\)$", row["layout_from"]), name
        assert row["base"].startswith("https://"), name
        assert row["attribution"], name
