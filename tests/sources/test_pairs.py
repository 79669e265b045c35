"""Both coordinates in one cell, and degrees that may be minutes: read where it is certain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from helpers.province import X0, Y0, check, only, write_csv
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.coordinates.ddmmss import unfolded
from phusong.sources.tables.coordinates.degrees import degrees
from phusong.sources.tables.coordinates.pairs import pair_in
from phusong.sources.tables.coordinates.points import points_of
from phusong.sources.tables.numerals import numbers

LAT, LON = 22 + 49 / 60 + 24 / 3600, 104 + 59 / 60 + 1 / 3600


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("22.823333, 104.983611", None),
        ("22,823333; 104,983611", None),
        ("22,823333, 104,983611", None),
        ("(22.823333 104.983611)", None),
        ("22.823333/104.983611", None),
        ("22 49 24 104 59 01", None),
        ("22°49'24\"N 104°59'1\"E", ("north", "east")),
        ("22°49'24\"N104°59'1\"E", ("north", "east")),
        ("N22.823333 E104.983611", ("north", "east")),
        ("N22.823333E104.983611", ("north", "east")),
        ("22°49'24''B - 104°59'1''Đ", ("north", "east")),
        ("22g49p24 B; 104g59p01 Đ", ("north", "east")),
        ("Vĩ độ: 22,823333; Kinh độ: 104,983611", ("north", "east")),
        ("224924N 1045901E", ("north", "east")),
        ("https://www.google.com/maps/@22.823333,104.983611,15z", ("north", "east")),
    ],
)
def test_two_coordinates_in_a_cell(text: str, axes: tuple[str, str] | None) -> None:
    pair = pair_in(text)
    assert pair is not None
    assert pair.axes == axes
    assert pair.sizes == pytest.approx((LAT, LON), abs=1e-6)


PLACE = "https://www.google.com/maps/place/X/@21.0,105.8,17z/data=!4m6!3m5!8m2"


def test_a_link_names_its_place_before_the_middle_of_the_map() -> None:
    place, view = pair_in(f"{PLACE}!3d21.5!4d105.9"), pair_in(PLACE)
    assert place is not None
    assert view is not None
    assert (place.sizes, place.view) == ((21.5, 105.9), False)
    assert (view.sizes, view.view) == ((21.0, 105.8), True)


def test_the_middle_of_the_map_is_told(tmp_path: Path, spec: dict[str, Any]) -> None:
    link = "https://www.google.com/maps/@{:.6f},{:.6f},17z"
    layer = villages(tmp_path, "Tọa độ", lambda e, n: link.format(n, e))
    spec["boundaries"]["villages"] = [layer]
    told = [f.text() for f in check(tmp_path, spec).of("S17")]
    assert any("16 links such as" in text for text in told)


@pytest.mark.parametrize("text", ["N 2525000 E 435000", "2525000N 435000E", "N2525000; E435000"])
def test_metres_with_sides_are_not_unpacked(text: str) -> None:
    pair = pair_in(text)
    assert pair is not None
    assert pair.sizes == (2_525_000, 435_000)
    assert pair.texts == ("2525000", "435000")
    assert pair.axes == ("north", "east")


def test_metres_that_pass_for_packed_degrees_by_the_stated_crs() -> None:
    text = "N 224924 E 435000"
    assert pair_in(text) != pair_in(text, projected=True)
    pair = pair_in(text, projected=True)
    assert pair is not None
    assert pair.sizes == (224_924, 435_000)


@pytest.mark.parametrize("one_cell", [True, False])
def test_vn2000_with_sides(tmp_path: Path, spec: dict[str, Any], one_cell: bool) -> None:
    layer = villages(tmp_path, "Tọa độ", lambda e, n: f"N {n:.0f} E {e:.0f}", 9209)
    if not one_cell:
        file = tmp_path / "data/thon.csv"
        text = file.read_text("utf-8-sig").replace(" E ", '","E ').replace("Tọa độ", 'Y","X')
        file.write_text(text, "utf-8")
        layer["columns"] = {"x": "X", "y": "Y"}
    spec["boundaries"]["villages"] = [{**layer, "crs": "EPSG:9209"}]
    assert not {"S05", "S09", "S11", "S13", "S55", "S57", "B07"} & numbers_of(check(tmp_path, spec))


@pytest.mark.parametrize(
    "text", ["", "22.8233", "22,8233", "Thôn Nà Lò, xã Yên Minh", "12 30 45 20", "1,2,3"]
)
def test_what_holds_no_two_or_parts_in_several_ways(text: str) -> None:
    assert pair_in(text) is None


FORMS = [
    "{lat:.5f}, {lon:.5f}",
    "{lat:.5f};{lon:.5f}",
    "{lat:.5f} {lon:.5f}",
    "N{lat:.5f} E{lon:.5f}",
    "{lat:.5f}°B, {lon:.5f}°Đ",
    "lat: {lat:.5f} lon: {lon:.5f}",
]


@given(st.sampled_from(FORMS), st.floats(8, 24), st.floats(102, 110), st.booleans())
def test_what_is_written_is_read(form: str, lat: float, lon: float, comma: bool) -> None:
    text = form.format(lat=lat, lon=lon)
    if comma:
        text = text.replace(", ", "; ").replace(".", ",")
    pair = pair_in(text)
    assert pair is not None
    assert pair.sizes == pytest.approx((lat, lon), abs=1e-5)


@given(st.text(alphabet="0123456789.,;'\"°oOdDgpmsNEBĐXYlaton -+:/^", max_size=24))
def test_anything_else_is_a_pair_or_none(text: str) -> None:
    pair = pair_in(text)
    assert pair is None or len(pair.texts) == 2


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59))
def test_degrees_minutes_seconds_behind_a_point(d: int, m: int, s: int) -> None:
    packed = float(f"{d}.{m:02d}{s:02d}")
    assert unfolded(np.array([packed]))[0] == pytest.approx(d + m / 60 + s / 3600, abs=1e-9)


def villages(
    folder: Path, header: str, write: Callable[[float, float], str], crs: int = 4326
) -> dict[str, Any]:
    """Write sixteen villages with their coordinates in one cell; return their layer."""
    way = Transformer.from_crs(32648, crs, always_xy=True)
    rows = []
    for k in range(16):
        east, north = way.transform(X0 + 1250 + 2500 * (k % 4), Y0 + 1250 + 2500 * (k // 4))
        rows.append([f"V{k}", f"Thôn {k}", f'"{write(east, north)}"'])
    write_csv(folder / "data/thon.csv", ["ma_thon", "ten_thon", f'"{header}"'], rows)
    return {"path": "data/thon.csv"}


def numbers_of(found: Any) -> set[str]:
    return {f.rule.number for f in found}


@pytest.mark.parametrize(
    ("header", "write", "said"),
    [
        ("Tọa độ", lambda e, n: f"{n:.6f}, {e:.6f}", "latitude first"),
        ("Toạ độ GPS", lambda e, n: f"{e:.6f}; {n:.6f}".replace(".", ","), "longitude first"),
        ("Vị trí", lambda e, n: f"N{n:.6f} E{e:.6f}", "by what the cell says"),
        ("Lat,Lon", lambda e, n: f"{n:.6f} {e:.6f}", "latitude first"),
        ("Kinh độ - Vĩ độ", lambda e, n: f"{e:.6f}/{n:.6f}", "longitude first"),
    ],
)
def test_villages_with_both_in_a_cell(
    tmp_path: Path,
    spec: dict[str, Any],
    header: str,
    write: Callable[[float, float], str],
    said: str,
) -> None:
    spec["boundaries"]["villages"] = [villages(tmp_path, header, write)]
    found = check(tmp_path, spec)
    assert not {"S05", "S07", "S09", "S13", "S55", "S57", "B07"} & numbers_of(found)
    assert any(said in f.text() for f in found.of("S17"))


def test_vn2000_in_a_cell_by_where_it_lies(tmp_path: Path, spec: dict[str, Any]) -> None:
    """X is the northing here: the zone is asked for, then the order is seen from the place."""
    layer = villages(tmp_path, "Tọa độ VN-2000", lambda e, n: f"X: {n:.1f} Y: {e:.1f}", 9209)
    spec["boundaries"]["villages"] = [layer]
    assert 'crs = "EPSG:9209"' in only(check(tmp_path, spec), "S05").text()
    layer["crs"] = "EPSG:9209"
    found = check(tmp_path, spec)
    assert not {"S05", "S09", "S55", "S57", "B07"} & numbers_of(found)
    assert any("northing first" in f.text() for f in found.of("S17"))


def test_degrees_that_nothing_orders_stop_until_the_study_says(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    layer = villages(tmp_path, "Tọa độ", lambda e, n: f"{n:.6f} {e - 90:.6f}")
    spec["boundaries"]["villages"] = [layer]
    told = only(check(tmp_path, spec), "S55")
    assert told.where.key == "Tọa độ"
    assert "nothing says which is which" in told.text()
    layer["columns"] = {"lat_lon": "Tọa độ"}
    assert "S55" not in numbers_of(check(tmp_path, spec))


def test_a_cell_that_does_not_part_is_named_with_its_row(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    cells = iter(range(16))
    spec["boundaries"]["villages"] = [
        villages(
            tmp_path, "Tọa độ", lambda e, n: f"{n:.6f}" if next(cells) == 4 else f"{n:.6f} {e:.6f}"
        )
    ]
    told = only(check(tmp_path, spec), "S57")
    assert (told.where.row, told.where.key) == (5, "Tọa độ")


def test_figures_that_may_be_minutes_are_asked_about(tmp_path: Path, spec: dict[str, Any]) -> None:
    def folded(size: float) -> str:
        total = round(size * 3600)
        return f"{total // 3600}.{total // 60 % 60:02d}{total % 60:02d}"

    way = Transformer.from_crs(32648, 4326, always_xy=True)
    rows = []
    for k in range(16):
        east, north = way.transform(X0 + 1250 + 2500 * (k % 4), Y0 + 1250 + 2500 * (k // 4))
        # The made-up province is small: far ones make the list as wide as a real one.
        shift = 0.0 if k < 4 else 0.031 * k
        rows.append([f"V{k}", f"Thôn {k}", folded(north + shift), folded(east + shift)])
    write_csv(tmp_path / "data/thon.csv", ["ma_thon", "ten_thon", "lat", "lon"], rows)
    layer: dict[str, Any] = {"path": "data/thon.csv"}
    spec["boundaries"]["villages"] = [layer]
    assert "in none of 16 places" in only(check(tmp_path, spec), "S56").text()
    layer["degrees"] = "ddmmss"
    found = check(tmp_path, spec)
    assert "S56" not in numbers_of(found)
    away = {f.subject for f in (*found.of("B07"), *found.of("B10"))}
    assert away == {f"V{k}" for k in range(4, 16)}  # in place but for those put far away
    layer["degrees"] = "decimal"
    assert "S56" not in numbers_of(check(tmp_path, spec))


def test_cells_with_signs_are_not_unfolded() -> None:
    """Stated as ``ddmmss``: signs say what they are, and what cannot be minutes is named."""
    found = Findings()
    frame = pd.DataFrame(
        {"lon": ["105.3000", "105°30'", "105.30"], "lat": ["22.1500 N", "22°15'00\"", "22.7500"]}
    ).assign(row=[1, 2, 3])
    names = {"lon": "lon", "lat": "lat"}
    where = Where(file="a.csv")
    points = points_of(frame, names, [*names], [], None, ".", found, where, None, "ddmmss")
    assert points is not None
    assert [(p.x, p.y) for p in points[0][:2]] == [(105.5, 22.25)] * 2
    assert points[0][2] is None
    assert [f.where.row for f in found.of("S13")] == [3]
    assert "22.75" in found.of("S13")[0].text()


def test_sided_figures_that_are_no_degrees_are_named() -> None:
    found = Findings()
    cells = pd.Series(["N 2525000", "22.5 N", None, " "], dtype=object)
    rows = np.arange(1, 5)
    out = numbers(cells, rows, ".", found, Where(file="a.csv", key="lat"), read=degrees)
    assert np.isfinite(out).tolist() == [False, True, False, False]
    assert [f.where.row for f in found.of("S13")] == [1]
