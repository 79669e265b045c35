"""A small coastal country in the same kind of files as Andorra's: OpenStreetMap and SRTM tiles.

Two parishes reach far into the sea, one of them with an island; a third is missing. Places lie in
and outside parishes, one without a name; towers are points and outlines. The sea is a void in one
tile and the other tile over it does not exist.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from helpers.province import numbers_of, only
from phusong.checks import Findings
from phusong.sources import check_inputs, read_inputs
from phusong.study.file import read_study

LON, LAT = 20.5, 10.5
"""South-west corner of the land: west of 20.6 is hilly, east of it lies the sea."""


class Osm:
    """Writes OpenStreetMap XML."""

    def __init__(self) -> None:
        self.ids = count(1)
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []

    @staticmethod
    def tags(tags: dict[str, str]) -> str:
        return "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())

    def node(self, lon: float, lat: float, **tags: str) -> int:
        number = next(self.ids)
        self.nodes.append(
            f'<node id="{number}" lon="{lon}" lat="{lat}" version="1">{self.tags(tags)}</node>'
        )
        return number

    def way(self, corners: list[tuple[float, float]], *, closed: bool = False, **tags: str) -> int:
        refs = [self.node(*corner) for corner in corners]
        if closed:
            refs.append(refs[0])
        number = next(self.ids)
        inner = "".join(f'<nd ref="{r}"/>' for r in refs)
        self.ways.append(f'<way id="{number}" version="1">{inner}{self.tags(tags)}</way>')
        return number

    def relation(self, ways: list[int], **tags: str) -> int:
        number = next(self.ids)
        inner = "".join(f'<member type="way" ref="{w}" role="outer"/>' for w in ways)
        self.relations.append(
            f'<relation id="{number}" version="1">{inner}{self.tags({"type": "boundary", **tags})}</relation>'
        )
        return number

    def write(self, path: Path) -> None:
        body = "".join(self.nodes + self.ways + self.relations)
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{body}</osm>', "utf-8"
        )


def ring(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return [(west, south), (east, south), (east, north), (west, north)]


def country(path: Path) -> None:
    osm = Osm()
    parish = {"boundary": "administrative", "admin_level": "6"}
    north = osm.way(ring(LON, LAT + 0.1, LON + 0.55, LAT + 0.2), closed=True)
    south = osm.way(ring(LON, LAT, LON + 0.3, LAT + 0.1), closed=True)
    island = osm.way(ring(LON + 0.32, LAT + 0.02, LON + 0.34, LAT + 0.04), closed=True)
    osm.relation([north], name="Norte", **parish)
    osm.relation([south, island], name="Sur", **parish)
    osm.node(LON + 0.05, LAT + 0.15, place="town", name="Puerto")
    osm.node(LON + 0.05, LAT + 0.05, place="town", name="San Juan")
    osm.node(LON + 0.02, LAT + 0.12, place="village")
    osm.node(LON + 0.33, LAT + 0.03, place="hamlet", name="La Isla")
    osm.node(LON + 0.03, LAT - 0.02, place="village", name="Sin parroquia")
    osm.node(LON + 0.06, LAT + 0.16, man_made="tower")
    osm.way(
        ring(LON + 0.04, LAT + 0.06, LON + 0.0401, LAT + 0.0601),
        closed=True,
        man_made="tower",
        building="yes",
    )
    osm.way(
        [(LON + 0.05, LAT + 0.15), (LON + 0.05, LAT + 0.1), (LON + 0.05, LAT + 0.05)],
        highway="primary",
    )
    osm.write(path)


def tile(path: Path) -> None:
    """N10E020: hills in the west, lowland towards the sea, void beyond the coast but an island."""
    n = 1201
    lon = 20 + np.arange(n) / (n - 1)
    inland = np.clip((LON + 0.1 - lon) * 9000, 0, None)
    heights = np.broadcast_to(inland, (n, n)).astype(">i2").copy()
    lat = 11 - np.arange(n) / (n - 1)
    sea = np.broadcast_to(lon > LON + 0.12, (n, n)).copy()
    on = (np.abs(lon - (LON + 0.33)) < 0.01)[None, :] & (np.abs(lat - (LAT + 0.03)) < 0.01)[:, None]
    sea &= ~on
    heights[on] = 30
    heights[sea] = -32768
    # A void among the hills is none of the sea's.
    heights[300:303, 500:503] = -32768
    path.write_bytes(heights.tobytes())


@pytest.fixture
def folder(tmp_path: Path, checkout: Path) -> Path:
    country(tmp_path / "country.osm")
    tile(tmp_path / "N10E020.hgt")
    text = (checkout / "tests/realdata/andorra/study.toml").read_text("utf-8")
    for old, new in (
        ("../../../../shared/realdata/andorra/andorra.osm.pbf", "country.osm"),
        ("../../../../shared/realdata/andorra/N42E001.hgt.zip", "N10E020.hgt"),
        ("admin_level = '7'", "admin_level = '6'"),
        ("Andorra la Vella", "Puerto"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "study.toml").write_text(text, "utf-8")
    return tmp_path


def test_coastal_country(folder: Path) -> None:
    study = read_study(folder)
    findings = Findings(study.checks.severity)
    inputs = read_inputs(study, findings)
    assert inputs.communes["name"].tolist() == ["Norte", "Sur"]
    assert inputs.communes.geometry.count_geometries().tolist() == [1, 2]
    found = dict(zip(inputs.villages["name"], inputs.villages["commune_code"], strict=True))
    norte, sur = inputs.communes["code"]
    assert found["Puerto"] == norte
    assert found["San Juan"] == found["La Isla"] == sur
    assert found["Sin parroquia"] is None
    assert only(findings, "B06").params["n"] == 1
    assert only(findings, "B07").subject
    assert len(inputs.sites) == 2
    assert len(inputs.cells) == 4
    heights = inputs.terrain.read(inputs.grid.window)
    assert not np.isnan(heights).any()
    row, col = inputs.grid.cell_of(
        *(
            np.array([v])
            for v in (
                inputs.villages.set_index("name").loc["La Isla", "centre_x_m"],
                inputs.villages.set_index("name").loc["La Isla", "centre_y_m"],
            )
        )
    )
    assert heights[row[0], col[0]] == pytest.approx(30, abs=1)
    assert (heights[:, -1] == 0).all()
    # Norte reaches 0.05° beyond the only tile; the DEM ends in the sea there.
    assert only(findings, "D11").subject == "Norte"
    assert {"D08", "T12"} <= numbers_of(findings)


def test_sea_that_is_not_said_to_be_one(folder: Path) -> None:
    path = folder / "study.toml"
    path.write_text(
        path.read_text("utf-8").replace("sea_level_voids = true", "sea_level_voids = false"),
        "utf-8",
    )
    findings = check_inputs(read_study(folder))
    assert "sea_level_voids" in only(findings, "D03").rule.mend
    assert "sea_level_voids" in only(findings, "D04").rule.mend


def test_land_that_the_tile_cuts_off_is_no_sea(folder: Path) -> None:
    n = 1201
    heights = np.full((n, n), 640, dtype=">i2")
    (folder / "N10E020.hgt").write_bytes(heights.tobytes())
    findings = check_inputs(read_study(folder))
    assert only(findings, "D03").params["names"] == "Norte"
    assert not findings.of("D11")


def test_missing_parishes_file_layer_is_told(folder: Path) -> None:
    path = folder / "study.toml"
    path.write_text(
        path.read_text("utf-8").replace("admin_level = '6'", "admin_level = '9'"), "utf-8"
    )
    assert only(check_inputs(read_study(folder)), "S06").where.layer == "multipolygons"
