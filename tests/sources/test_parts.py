"""The small parts of reading: text, numbers, headers, bands, tables, service areas, statuses."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from phusong.checks import Findings
from phusong.errors import Where
from phusong.i18n import catalogue, set_language
from phusong.sources.boundaries.codes import disambiguate, match_codes, with_commune_zeros
from phusong.sources.boundaries.service_areas import service_areas, spread_equal
from phusong.sources.boundaries.shapes import (
    REASONS,
    Words,
    _flaw,
    overlaps,
    repair,
    report_overlaps,
)
from phusong.sources.tables.columns import map_columns, nearest, plain, tags, take
from phusong.sources.tables.coordinates.degrees import degrees
from phusong.sources.tables.delimited import read_table
from phusong.sources.tables.headers import TOWERS, VILLAGES
from phusong.sources.tables.layers import Records
from phusong.sources.tables.numerals import decimal_of, number
from phusong.sources.tables.raw.filters import filtered
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import (
    as_code,
    clean,
    from_tcvn3,
    from_vni,
    ranges,
    suspected_font_encoding,
)
from phusong.sources.towers.bands import BANDS_MHZ, Frequency, frequency_of, several, technology_of
from phusong.sources.towers.operators import shown
from phusong.study import Layer

# ------------------------------------------------------------------ text

PANGRAM = (
    "Đồng Văn, Mèo Vạc, Quản Bạ, Yên Minh, Xín Mần, Hoàng Su Phì, Bắc Mê, Vị Xuyên, Thượng Sơn"
)


def test_clean_and_codes() -> None:
    assert clean("  Ha\u0300 \u00a0") == "Hà"
    assert clean("   ") is clean(None) is clean(float("nan")) is clean(pd.NA) is None
    assert as_code(692.0) == as_code("692.0") == as_code(692) == as_code("692") == "692"
    assert as_code("00692") == "00692"
    assert as_code("1.2.3") == "1.2.3"


@pytest.mark.parametrize("text", ["NULL", "null", "NaN", "nan", " - ", "–", "#N/A", "\\N", "\x00"])
def test_words_for_nothing(text: str) -> None:
    assert clean(text) is None
    assert math.isnan(number(text) or 0)
    assert math.isnan(degrees(text) or 0)


def test_names_that_look_like_nothing() -> None:
    assert [clean(v) for v in ("Nan", "Na", "0", "None", "A-B")] == [
        "Nan",
        "Na",
        "0",
        "None",
        "A-B",
    ]


def test_control_characters_are_blanks() -> None:
    assert clean("Mạng\r\n\tA\x07") == "Mạng A"
    assert clean("\ufeffVi\u200bettel\u202e") == "Viettel"
    assert clean("\u2028") is clean("\u200b") is None
    assert clean("hai  dấu cách") == "hai  dấu cách"


def test_operators_as_shown() -> None:
    assert shown("*") == "(*)"
    assert shown("**") == "**"
    assert shown("x" * 60) == "x" * 60
    assert shown("x" * 300) == "x" * 59 + "…"


def test_tcvn3_published_letters() -> None:
    # TCVN 5712:1993, VN3: B8 á, B5 à, B6 ả, B7 ã, B9 ạ, D5 ế, AE đ, F8 ứ, A7 Đ.
    assert from_tcvn3(bytes.fromhex("B8B5B6B7B9D5AEF8A7").decode("latin-1")) == "áàảãạếđứĐ"
    assert from_tcvn3("Hµ Giang") == "Hà Giang"
    assert from_tcvn3("§ång V¨n") == "Đồng Văn"


def test_tcvn3_agrees_with_iconv_table() -> None:
    lower = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵĂÂÊÔƠƯĐ"
    from phusong.sources.tables.text import _TCVN3

    assert sorted(_TCVN3.values()) == sorted(c for c in lower if not c.isascii())
    assert len(_TCVN3) == 74


def test_vni_published_pairs() -> None:
    assert from_vni("Haø Giang") == "Hà Giang"
    assert from_vni("Ñoàng Vaên") == "Đồng Văn"
    assert from_vni("Thöôïng Sôn") == "Thượng Sơn"
    assert from_vni("Quaûn Baï") == "Quản Bạ"
    assert from_vni("Vò Xuyeân, Xín Maàn") == "Vị Xuyên, Xín Mần"
    assert from_vni("HOAØNG SU PHÌ") == "HOÀNG SU PHÌ"


def test_old_encodings_are_suspected_and_sound_text_is_not() -> None:
    assert suspected_font_encoding(["Hµ Giang", "B¾c Mª"]) == ("tcvn3", "Hµ Giang")
    assert suspected_font_encoding(["Haø Giang", "Ñoàng Vaên", "Baéc Meâ"])[0] == "vni"  # type: ignore[index]
    for sound in (
        PANGRAM.split(", "),
        ["Sant Julià de Lòria", "Aixàs", "Sornás", "l’Aldosa"],
        ["Çanakkale", "Muş", "Üsküdar"],
        ["Malmö", "Åre", "Gävle", "Ystad", "Älmhult"],
        ["plain ascii"],
        ["5 m² / 20 °C"],
        [],
    ):
        assert suspected_font_encoding(sound) is None, sound


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("22.5", ".", 22.5),
        ("22,5", ",", 22.5),
        ("1 234,5", ",", 1234.5),
        ("1.234.567", ",", 1234567),
        ("1,234.5", ".", 1234.5),
        (" -3e2 ", ".", -300),
        ("105\u00a0", ".", 105),
        (7, ",", 7),
        ("22.5", ",", 22.5),
    ],
)
def test_number(text: object, decimal: str, expected: float) -> None:
    assert number(text, decimal) == expected  # type: ignore[arg-type]


def test_no_number() -> None:
    assert number("cao") is None
    assert number("12 m") is None
    assert math.isnan(number("") or 0)
    assert math.isnan(number(None) or 0)


def test_decimal_sign_is_found() -> None:
    assert decimal_of(["105,123", "22,8", None]) == ","
    assert decimal_of(["105.123", "22.8"]) == "."
    assert decimal_of(["105", "22"]) is None
    assert decimal_of(["1,234", "5.5", "6.5"]) == "."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22°48'30\"N", 22 + 48 / 60 + 30 / 3600),
        ("105° 12′ 36,6″ E", 105.2101666),
        ("22 48 30", 22.8083333),
        ("12°30'S", -12.5),
        ("12°30'W", -12.5),
        ("22.48.30", 22.8083333),
        ("N22.48.30", 22.8083333),
        ("105.01.45,5 E", 105.0293055),
        ("22/48/30", 22.8083333),
        ("22*48'30\"", 22.8083333),
        ("104.9", 104.9),
    ],
)
def test_degrees(text: str, expected: float) -> None:
    assert degrees(text) == pytest.approx(expected)


def test_no_degrees() -> None:
    assert degrees("22°75'10\"") is None
    assert degrees("bắc") is None
    assert degrees("22.75.10") is None
    assert degrees("1.2.3.4") is None


# ------------------------------------------------------------------ columns


def test_plain_headers() -> None:
    assert plain("Mã xã") == "ma_xa"
    assert plain(" Độ cao anten (m) ") == "do_cao_anten_m"
    assert plain("LON") == "lon"


def test_nearest() -> None:
    assert nearest("ma_thonn", ["ten", "ma_thon", "x"]) == "ma_thon"
    assert nearest("zzz", ["abc"]) == ""
    assert nearest("a", []) == ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["KINH_DO", "VI_DO", "Mã trạm"], {"lon": "KINH_DO", "lat": "VI_DO", "site_id": "Mã trạm"}),
        (
            ["Longitude", "Latitude", "Site ID"],
            {"lon": "Longitude", "lat": "Latitude", "site_id": "Site ID"},
        ),
        (["X", "Y", "id"], {"x": "X", "y": "Y", "site_id": "id"}),
    ],
)
def test_recognised(headers: list[str], expected: dict[str, str]) -> None:
    found = map_columns(headers, TOWERS, {}, Findings(), Where(), coordinates=True)
    assert found == expected


def test_study_has_the_last_word() -> None:
    headers = ["ma_thon", "ghi_chu", "osm_id", "osm_way_id"]
    found = map_columns(
        headers, VILLAGES, {"code": "OSM_ID|osm_way_id"}, Findings(), Where(), coordinates=False
    )
    assert found == {"code": "osm_id|osm_way_id"}
    frame = pd.DataFrame({"osm_id": ["1", None], "osm_way_id": [None, "2"]})
    assert take(frame, "osm_id|osm_way_id").tolist() == ["1", "2"]


def test_tags() -> None:
    assert tags('"a"=>"b","name:vi"=>"Hà Giang"') == {"a": "b", "name:vi": "Hà Giang"}
    assert tags(None) == {}


# ------------------------------------------------------------------ codes


def test_disambiguate() -> None:
    codes, changed = disambiguate(["a", "b", "a", "a-2", "a"])
    assert codes == ["a", "b", "a-3", "a-2", "a-4"]
    assert changed.tolist() == [False, False, True, False, True]


@given(st.lists(st.sampled_from(["a", "b", "a-2", "a-3", "b-2"]), max_size=30))
def test_disambiguated_codes_are_unique_and_sound_ones_stay(codes: list[str]) -> None:
    unique, changed = disambiguate(codes)
    assert len(set(unique)) == len(codes)
    for given_code, code, differs in zip(codes, unique, changed, strict=True):
        assert (given_code != code) == differs


def test_leading_zeros() -> None:
    matched, forgiven = match_codes(
        ["691", "00694", "7", None, "x"], ["00691", "00694", "07", "7a", "007"]
    )
    assert matched == ["00691", "00694", None, None, None]
    assert forgiven == [True, False, False, False, False]


# ------------------------------------------------------------------ bands


@pytest.mark.parametrize(
    ("text", "mhz", "unit"),
    [
        ("1800", 1800, "MHz"),
        ("1800.0", 1800, "MHz"),
        ("1800 MHz", 1800, "MHz"),
        ("LTE1800", 1800, "MHz"),
        ("L900", 900, "MHz"),
        ("U2100", 2100, "MHz"),
        ("G900", 900, "MHz"),
        ("B3", 1842.5, "band"),
        ("Band 28", 780.5, "band"),
        ("băng tần 8", 942.5, "band"),
        ("n78", 3550, "band"),
        ("3", 1842.5, "band"),
        ("0.9", 900, "GHz"),
        ("1,8", 1800, "GHz"),
        ("2.1 GHz", 2100, "MHz"),
        ("1842500000", 1842.5, "Hz"),
        ("1842500", 1842.5, "kHz"),
        ("900000 kHz", 900, "MHz"),
        ("26000", 26000, "MHz"),
    ],
)
def test_frequency(text: str, mhz: float, unit: str) -> None:
    found = frequency_of(text)
    assert found is not None
    assert found.freq_mhz == pytest.approx(mhz)
    assert found.unit == unit


@pytest.mark.parametrize("text", ["", "abc", "B999", "-900", "1.2.3", "12", "2000000 MHz"])
def test_no_frequency(text: str) -> None:
    found = frequency_of(text)
    assert found is None or found == Frequency(BANDS_MHZ[12], "band")


@pytest.mark.parametrize(
    ("text", "technology"),
    [
        ("4G", "LTE"),
        ("lte", "LTE"),
        ("LTE-A", "LTE"),
        ("LTE1800", "LTE"),
        ("3G", "UMTS"),
        ("WCDMA 2100", "UMTS"),
        ("2G", "GSM"),
        ("GSM900", "GSM"),
        ("5G NR", "NR"),
        ("NR", "NR"),
        ("CDMA", None),
        ("wifi", None),
    ],
)
def test_technology(text: str, technology: str | None) -> None:
    assert technology_of(text) == technology


def test_several() -> None:
    assert several("2G/3G, 4G") == ["2G", "3G", "4G"]
    assert several("") == []


def test_ranges_of_rows() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert ranges(list(range(1, 60, 2)), most=2) == "1, 3, …"


# ------------------------------------------------------------------ tables


def table(tmp_path: Path, data: bytes, **layer: str) -> tuple[pd.DataFrame | None, Findings]:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    findings = Findings()
    return read_table(path, Layer(path=path, **layer), findings, Where(file="t.csv")), findings  # type: ignore[arg-type]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(tmp_path: Path, separator: str) -> None:
    text = "\n".join(
        separator.join(row) for row in (["ma", "ten", "so"], ["1", "Hà", "5"], ["2", "", "6"])
    )
    frame, _ = table(tmp_path, text.encode())
    assert frame is not None
    assert frame.columns.tolist() == ["ma", "ten", "so"]
    assert frame["ten"].tolist() == ["Hà", None]
    assert frame.index.tolist() == [1, 2]


def test_rows_keep_their_numbers(tmp_path: Path) -> None:
    frame, findings = table(tmp_path, b'a,b\r\n1,2\r\n,\r\n3,4,5\r\n6,7,,\r\n8\r\n"9\r\nx",10\r\n')
    assert frame is not None
    assert frame.index.tolist() == [1, 4, 6]
    assert frame["a"].tolist() == ["1", "6", "9\r\nx"]
    assert [f.where.row for f in findings.of("S14")] == [3, 5]


def test_utf16_and_names_of_columns(tmp_path: Path) -> None:
    frame, _ = table(tmp_path, "mã,mã,,row\n1,2,3,4\n".encode("utf-16"))
    assert frame is not None
    assert frame.columns.tolist() == ["mã", "mã_2", "column_3", "row_2"]


def test_empty_table(tmp_path: Path) -> None:
    frame, findings = table(tmp_path, b"")
    assert frame is not None
    assert frame.empty
    assert len(findings) == 0


def test_condition_on_a_table(tmp_path: Path) -> None:
    data = 'ma,loai,so "x"\n00691,xã,5\n00694,phường,12\n00700,xã,\n'.encode()
    whole, findings = table(tmp_path, data)
    assert whole is not None
    frame = filtered(whole, "loai = 'xã' AND ma > 691", findings, Where())
    assert frame is not None
    assert frame.index.tolist() == [3]
    assert frame["ma"].tolist() == ["00700"]
    frame = filtered(whole, "ma = '00691'", findings, Where())
    assert frame is not None
    assert frame["ma"].tolist() == ["00691"]
    assert filtered(whole, "khong_co = 1; DROP TABLE records", findings, Where()) is None
    assert len(findings.of("S04")) == 1


def test_vni_table(tmp_path: Path) -> None:
    frame, _ = table(tmp_path, "ten\nÑoàng Vaên\n".encode("cp1252"), encoding="vni")
    assert frame is not None
    assert frame["ten"].tolist() == ["Đồng Văn"]


# ------------------------------------------------------------------ statuses


def test_in_service() -> None:
    findings = Findings()
    values = ["Đang hoạt động", "Quy hoạch", None, "PLANNED", "on air"]
    assert in_service(values, [], "T14", findings, Where()).tolist() == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert findings.of("T14")[0].params["rests"] == "Quy hoạch (1), PLANNED (1)"
    named = in_service(values, ["ON AIR"], "T14", findings, Where())
    assert named.tolist() == [False, False, True, False, True]


# ------------------------------------------------------------------ service areas, overlaps

ISLANDS = shapely.union_all([box(0, 0, 1000, 600), box(1500, 0, 1800, 300)])
places = st.tuples(st.integers(0, 1800), st.integers(0, 600)).map(
    lambda p: (float(p[0]), float(p[1]))
)


@given(st.lists(places, min_size=1, max_size=25))
def test_service_areas_share_out_the_ground(points: list[tuple[float, float]]) -> None:
    xy, _ = spread_equal(np.array(points))
    assert len({tuple(p) for p in xy}) == len(points)
    areas = service_areas(xy, ISLANDS)
    assert shapely.area(areas).sum() == pytest.approx(ISLANDS.area, rel=1e-6)
    assert shapely.area(shapely.union_all(areas)) == pytest.approx(ISLANDS.area, rel=1e-6)
    inside = np.array([[250.5, 250.5], [1600.25, 33.3], [999.0, 599.0]])
    for probe in inside:
        nearest_point = np.argmin(np.hypot(*(xy - probe).T))
        assert shapely.distance(areas[nearest_point], shapely.Point(probe)) < 1e-6


def test_service_area_of_points_in_a_row() -> None:
    areas = service_areas(np.array([[100.0, 50], [500, 50], [900, 50]]), box(0, 0, 1000, 100))
    assert shapely.area(areas).tolist() == pytest.approx([30_000, 40_000, 30_000])


def test_overlaps_by_hand() -> None:
    shapes = np.array(
        [
            box(0, 0, 1000, 1000),
            box(900, 0, 2000, 1000),
            box(2000, 0, 3000, 1000),
            box(200, 200, 300, 300),
            box(2999.99, 0, 4000, 1000),
        ],
        dtype=object,
    )
    found = overlaps(shapes)
    assert [(i, j, round(a)) for i, j, a, *_ in found] == [(0, 1, 100_000), (0, 3, 10_000)]
    assert all(box(900, 0, 1000, 1000).contains(shapely.Point(x, y)) for i, j, _, x, y in found[:1])


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(5, 30)),
        min_size=2,
        max_size=7,
    )
)
def test_overlaps_agree_with_trying_every_pair(squares: list[tuple[int, int, int]]) -> None:
    shapes = np.array(
        [box(x * 100, y * 100, (x + s) * 100, (y + s) * 100) for x, y, s in squares], dtype=object
    )
    expected = set()
    for i in range(len(shapes)):
        for j in range(i + 1, len(shapes)):
            area = shapes[i].intersection(shapes[j]).area
            if area > max(1000, 0.001 * min(shapes[i].area, shapes[j].area)):
                expected.add((i, j))
    assert {(i, j) for i, j, *_ in overlaps(shapes)} == expected


def copies(count: int, jitter_m: float) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(3)
    shapes = [box(dx, dy, dx + 900, dy + 900) for dx, dy in rng.normal(0, jitter_m, (count, 2))]
    names = [str(i) for i in range(count)]
    return gpd.GeoDataFrame({"code": names, "name": names}, geometry=shapes)


def test_polygons_of_one_outline_are_one_finding() -> None:
    findings = Findings()
    frame = pd.concat([copies(700, 0.0), copies(1, 0.0).translate(800, 0).to_frame("geometry")])
    frame = gpd.GeoDataFrame(frame.fillna("x")).reset_index(drop=True)
    report_overlaps(frame, findings, [("v.gpkg", i + 1) for i in range(len(frame))])
    assert [f.rule.number for f in findings] == ["B33", "B02"]
    assert findings.of("B33")[0].params["n"] == 700


def test_overlaps_without_end_are_cut_short() -> None:
    findings = Findings()
    frame = copies(700, 5.0)
    report_overlaps(frame, findings, [("v.gpkg", i + 1) for i in range(len(frame))])
    listed = len(findings.of("B02"))
    assert 10_000 <= listed < 60_000
    assert findings.of("B32")[0].params["n"] == listed


def records(*shapes: shapely.Geometry) -> Records:
    frame = gpd.GeoDataFrame(
        {"row": range(1, len(shapes) + 1), "file": "v.gpkg"}, geometry=list(shapes)
    )
    return Records(frame, Where(file="v.gpkg"), ".", {})


def test_an_outline_that_is_none_is_refused_and_others_are_repaired() -> None:
    rng = np.random.default_rng(5)
    tangle = Polygon(rng.uniform(0, 9000, (20_000, 2)))
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    findings = Findings()
    left, repaired = repair(records(bow, tangle, box(0, 0, 9, 9)), findings)
    assert left.frame["row"].tolist() == [1, 3]
    assert repaired.tolist() == [True, False]
    assert [(f.rule.number, f.where.row) for f in findings] == [("B31", 2), ("B01", 1)]


def test_a_long_outline_with_one_flaw_is_repaired() -> None:
    turn = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 5000
    ring[[100, 101]] = ring[[101, 100]]
    left, repaired = repair(records(Polygon(ring)), Findings())
    assert repaired.tolist() == [True]
    assert left.frame.area.iloc[0] == pytest.approx(np.pi * 25e6, rel=1e-3)


def test_star_is_repaired_by_union() -> None:
    star = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert shapely.make_valid(star, method="structure", keep_collapsed=False).area == 50


@pytest.mark.parametrize(
    ("text", "said", "said_vi"),
    [
        ("POLYGON((0 0,1 1,1 0,0 1,0 0))", "the outline crosses itself", "đường ranh tự cắt"),
        ("POLYGON((0 0,4 0,4 4,2 2,0 4,2 2,0 0))", "a ring touches itself", "đường bao tự chạm"),
        (
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(5 5,6 5,6 6,5 6,5 5))",
            "a hole lies outside the outline",
            "lỗ khuyết nằm ngoài đường ranh",
        ),
        (
            "POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1),(2 2,3 2,3 3,2 3,2 2))",
            "a hole lies in a hole",
            "lỗ khuyết nằm trong lỗ khuyết",
        ),
        (
            "MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((2 2,3 2,3 3,2 3,2 2)))",
            "a part lies in another part",
            "một phần nằm trong phần khác",
        ),
        (
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(0 2,2 0,4 2,2 4,0 2))",
            "the holes cut the inside apart",
            "các lỗ khuyết cắt rời phần bên trong",
        ),
        ("POLYGON((0 0,1 1,0 0,0 0))", "a ring has too few points", "đường bao có quá ít điểm"),
    ],
)
def test_flaws_of_polygons_in_both_languages(text: str, said: str, said_vi: str) -> None:
    words, at = _flaw(shapely.from_wkt(text))
    assert at is not None
    assert f"{words}" == said
    set_language("vi")
    assert f"{words}" == said_vi


def test_flaw_without_a_place() -> None:
    broken = shapely.polygons([(0, 0), (1, 1), (1, math.nan), (0, 0)])
    assert _flaw(broken) == (Words("a coordinate is no number"), None)


def test_every_flaw_is_translated() -> None:
    assert set(REASONS.values()) <= set(catalogue())


def test_villages_whose_codes_lost_their_communes_zeros() -> None:
    codes = ["697001", "697002", "1006701"]
    assert with_commune_zeros(codes, ["00697", "00697", "10067"]) == {}  # 3 figures and 2
    assert with_commune_zeros(["697001", "10067002"], ["00697", "10067"]) == {0: "00697001"}
    assert with_commune_zeros(["697001", "00697001"], ["00697", "00697"]) == {}  # it is there
    assert with_commune_zeros(["12", "13"], ["00697", "00697"]) == {}
    numbered = [str(k) for k in range(1, 46)]  # 40 to 45 begin with 4 by chance
    assert with_commune_zeros(numbered, ["00004"] * 45) == {}
    assert with_commune_zeros(["691", "6911", "2"], ["00691"] * 3) == {}
    assert with_commune_zeros(["6911", "6912"], ["00691"] * 2) == {}  # one figure of their own
    assert with_commune_zeros(["697001", "A7"], ["00697", None]) == {0: "00697001"}
