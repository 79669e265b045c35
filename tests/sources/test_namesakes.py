"""Villages known by name only: names taken apart, how alike they are, proposed, confirmed, run."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from helpers.province import CRS, X0, Y0, check, numbers_of, only, read, study
from phusong.checks import Findings
from phusong.errors import ChecksFailed, StudyError
from phusong.sources.namesakes.asked import match_villages
from phusong.sources.namesakes.likeness import likeness
from phusong.sources.namesakes.named_communes import NamedCommunes
from phusong.sources.namesakes.placenames import commune_name, village_name
from phusong.sources.tables.recognition import plain


def alike(one: str, other: str) -> float:
    return likeness(village_name(one), village_name(other))


@pytest.mark.parametrize(
    ("text", "kind", "words", "numbers"),
    [
        ("Thôn Nà Lại", "thôn", "na lai", ""),
        ("thon na lai", "thôn", "na lai", ""),
        ("T. Nà Lại", "thôn", "na lai", ""),
        ("T.Nà Lại", "thôn", "na lai", ""),
        ("X. Bó Củng", "xóm", "bo cung", ""),
        ("Nà Lại", "", "na lai", ""),
        ("Thôn 3", "thôn", "", "3"),
        ("Thôn số 03", "thôn", "", "3"),
        ("TDP 12", "tổ dân phố", "", "12"),
        ("TĐP số 5", "tổ dân phố", "", "5"),
        ("Tổ dân phố số 5", "tổ dân phố", "", "5"),
        ("Tổ 5", "tổ dân phố", "", "5"),
        ("Khu phố 2", "khu", "", "2"),
        ("KDC số 1", "khu", "", "1"),
        ("Thôn 3A", "thôn", "", "3a"),
        ("Thôn 3 A", "thôn", "", "3a"),
        ("Tổ 1-2", "tổ dân phố", "", "1 2"),
        ("Bản Pắc III", "bản", "pac", "3"),
        ("Bản Vi", "bản", "vi", ""),
        ("BẢN VI", "bản", "vi", ""),
        ("Thôn Pắc VI", "thôn", "pac", "6"),
        ("Tô Hiệu", "", "to hieu", ""),
        ("Buôn Ky", "buôn", "ky", ""),
        ("Làng Mới", "làng", "moi", ""),
        ("Bản", "", "ban", ""),
        ("Đội 4 Nông trường", "đội", "nong truong", "4"),
    ],
)
def test_names_are_taken_apart(text: str, kind: str, words: str, numbers: str) -> None:
    name = village_name(text)
    assert (name.kind, " ".join(name.words), " ".join(name.numbers)) == (kind, words, numbers)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Thôn Nà Lại", "Thôn Nà Lại", 100, 100),
        ("Thôn Nà Lại", "Nà Lại", 99, 99),
        ("Thôn Nà Lại", "Bản Nà Lại", 97, 97),
        ("Nà Lại", "Na Lai", 99, 99),
        ("Thôn Nà Chang", "Nachang", 95, 99),
        ("Thôn Bản Luốc", "Bản Luốc", 95, 99),
        ("Tô Hiệu", "To Hieu", 95, 99),
        ("Thôn Nà Lại", "Thôn Nà Lài", 85, 96.9),  # another tone may be another village
        ("Thôn 3", "Thôn 5", 0, 0),
        ("Nà Lại 1", "Nà Lại 2", 0, 0),
        ("Nà Lại 1", "Nà Lại", 0, 0),
        ("Thôn 3", "Tổ 3", 0, 0),
        ("Thôn 3", "3", 80, 80),
        ("Thôn 3", "Thôn Ba", 0, 0),  # a word is no number: left to a person
        ("Thôn A", "Thôn B", 0, 0),
        ("Thôn Nà Lại", "Thôn Khuổi Nà", 0, 74.9),
    ],
)
def test_how_alike(one: str, other: str, least: float, most: float) -> None:
    assert least <= alike(one, other) <= most
    assert alike(one, other) == alike(other, one)


_LETTERS = (
    "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
)
_WORD = st.text(st.sampled_from(_LETTERS), min_size=1, max_size=6)
_NAME = st.tuples(
    st.sampled_from(["", "Thôn ", "Bản ", "Xóm ", "TDP ", "Khu ", "Làng ", "Buôn "]),
    st.lists(_WORD, min_size=1, max_size=3),
    st.one_of(st.just(""), st.integers(1, 40).map(lambda n: f" {n}")),
).map(lambda parts: parts[0] + " ".join(w.capitalize() for w in parts[1]) + parts[2])


def unmarked(text: str) -> str:
    return plain(text).replace("_", " ").title()


@given(_NAME, _NAME)
def test_likeness_goes_both_ways_whatever_the_composition(one: str, other: str) -> None:
    score = alike(one, other)
    assert 0 <= score <= 100
    assert alike(other, one) == score
    apart = unicodedata.normalize("NFD", one)
    assert alike(apart, unicodedata.normalize("NFD", other)) == score


@given(_NAME)
def test_a_name_is_itself_with_or_without_marks(text: str) -> None:
    # Without its marks `Bản Ì` may be number one.
    assume(not any(set(word) <= set("ivx") for word in plain(text).split("_")))
    assert alike(text, text) == 100
    assert alike(text, unicodedata.normalize("NFD", text)) == 100
    assert alike(text, unmarked(text)) >= 95


@given(_NAME, st.integers(0, 60), st.integers(0, 60))
def test_other_numbers_are_never_alike(text: str, one: int, other: int) -> None:
    first, second = f"{text} {one}", f"{text} {other}"
    assert (alike(first, second) > 0) == (one == other)
    assert alike(f"{text} {one:03d}", first) == 100


# ------------------------------------------------------------------ communes


def communes_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"code": [f"{k:05d}" for k in range(len(names))], "name": names})


def changes_of(*rows: tuple[str | None, str | None, str | None, str | None]) -> pd.DataFrame:
    columns = ["old_code", "old_name", "new_code", "new_name"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def test_communes_by_code_name_and_former_name() -> None:
    communes = communes_of("Xã Minh Quang", "Phường Minh Xuân", "Xã Tân An", "Xã Tấn An")
    changes = changes_of(
        ("02300", "Xã Phúc Sơn", "00000", "Xã Minh Quang"),
        ("02301", "Xã Hồng Quang", None, "Minh Quang"),
        ("02302", "Xã Trung Hòa", "00001", None),
        ("02302", "Xã Trung Hòa", "00002", None),
        ("00001", "Thị trấn Vĩnh Lộc", "00000", None),
    )
    named = NamedCommunes(communes, changes)

    def meant(code: str | None = None, name: str | None = None, former: str | None = None) -> Any:
        return sorted(named.meant(code, name, former).codes)

    assert meant(name="minh quang") == ["00000"]
    assert meant(name="X. Minh Quang") == ["00000"]
    assert meant(name="P. Minh Xuân") == ["00001"]
    assert meant(name="Tân An") == ["00002"]
    assert meant(name="Tan An") == ["00002", "00003"]
    assert meant(code="1") == ["00000", "00001"]  # a code of both schemes may mean either
    assert meant(name="Xã Phúc Sơn (cũ)") == ["00000"]
    assert meant(former="Hồng Quang", name="Minh Quang") == ["00000"]
    assert meant(name="Trung Hòa") == ["00001", "00002"]
    assert meant(name="Vĩnh Lộc") == ["00000"]
    assert meant(name="Xã Khác") == []
    assert named.meant(None, "Xã Khác", None).said == "Xã Khác"
    assert commune_name("Thị trấn Na Hang cũ").words == ("na", "hang")


# ------------------------------------------------------------------ list, match, confirm, run

LIST = [
    # name, commune, people
    ("Thôn Nà Lại", "Xã Nậm Ban", "120"),
    ("Thon Bo Cung", "Nậm Ban", "80"),
    ("Thôn 1", "Lũng Cú", "200"),
    ("Thôn 2", "Lũng Cú", "210"),
    ("Khuổi Luông", "Đồng Văn", "60"),
    ("Nà Mèo", "Xã Không Có", "50"),
    ("Pắc Ngàm", "Mèo Vạc", "40"),
]
PLACES = [
    # name, kind, offset from the corner
    ("Nà Lại", "hamlet", (1200, 1300)),
    ("Bó Củng", "village", (3000, 3300)),
    ("Thôn 1", "village", (6200, 1300)),
    ("Thôn 1", "hamlet", (8200, 3300)),
    ("Thôn 3", "hamlet", (8300, 1300)),
    ("Khuổi Luông", "hamlet", (1200, 6300)),
    ("Nà Mèo", "hamlet", (8200, 8300)),
    ("Nà Lại", "hamlet", (7200, 8300)),
]


@pytest.fixture
def listed(tmp_path: Path, spec: dict[str, Any]) -> dict[str, Any]:
    rows = ["STT,Tên thôn,Tên xã,Số khẩu"]
    rows += [f"{k},{n},{c},{p}" for k, (n, c, p) in enumerate(LIST, start=1)]
    (tmp_path / "data/list.csv").write_text("\n".join(rows), encoding="utf-8")
    gpd.GeoDataFrame(
        {
            "osm_id": [str(k) for k in range(len(PLACES))],
            "name": [p[0] for p in PLACES],
            "place": [p[1] for p in PLACES],
        },
        geometry=[Point(X0 + x, Y0 + y) for _, _, (x, y) in PLACES],
        crs=CRS,
    ).to_crs(4326).to_file(tmp_path / "data/osm.gpkg", layer="places")
    boundaries = spec["boundaries"]
    boundaries["villages"] = [{"path": "data/list.csv", "matches": "data/matches.csv"}]
    boundaries["places"] = [{"path": "data/osm.gpkg", "layer": "places"}]
    spec["checks"] = {"left_out_max": 1.0}
    return spec


def matches_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "data/matches.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def confirm(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "data/matches.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def test_nothing_is_used_that_nobody_confirmed(tmp_path: Path, listed: dict[str, Any]) -> None:
    assert "does not exist" in only(check(tmp_path, listed), "B44").text()
    findings = Findings()
    matched = match_villages(study(tmp_path, listed), findings)[0]
    assert matched.states == {"clear": 4, "tie": 1, "weak": 0, "shared": 0, "none": 2}
    rows = matches_of(tmp_path)
    assert [r["confirmed"] for r in rows] == [""] * len(rows)
    assert "confirmed" in only(check(tmp_path, listed), "B44").text()


def test_list_match_confirm_run(tmp_path: Path, listed: dict[str, Any]) -> None:
    match_villages(study(tmp_path, listed), Findings())
    rows = matches_of(tmp_path)
    of = {name: [r for r in rows if r["village"] == name] for name, _, _ in LIST}
    # In its own commune only: Nà Lại stands in another, too.
    assert [(r["candidate"], r["proposal"]) for r in of["Thôn Nà Lại"]] == [("Nà Lại", "clear")]
    assert of["Thôn Nà Lại"][0]["candidate_commune"] == "Xã Nậm Ban"
    assert [(r["candidate"], r["score"]) for r in of["Thon Bo Cung"]] == [("Bó Củng", "98")]
    # Two places of one name: left open. Another number: never.
    assert [(r["candidate"], r["proposal"]) for r in of["Thôn 1"]] == [("Thôn 1", "")] * 2
    assert [r["candidate"] for r in of["Thôn 2"]] == [""]
    # A commune that is not the study's: looked for in all, and said.
    assert of["Nà Mèo"][0]["candidate"] == "Nà Mèo"
    assert "Xã Không Có" in of["Nà Mèo"][0]["reason"]
    for row in rows:
        if row["proposal"] == "clear":
            row["confirmed"] = "X"
    of["Thôn 1"][1]["confirmed"] = "có"
    of["Thôn 2"][0] |= {"confirmed": "x", "longitude": "105,06", "latitude": "22,80"}
    of["Pắc Ngàm"][0]["confirmed"] = "maybe"
    confirm(tmp_path, rows)
    inputs, findings = read(tmp_path, listed)
    assert inputs.villages["name"].tolist() == [
        *("Thôn Nà Lại", "Thon Bo Cung", "Thôn 1", "Thôn 2", "Khuổi Luông", "Nà Mèo")
    ]
    np.testing.assert_array_equal(inputs.villages["population"], [120, 80, 200, 210, 60, 50])
    at = inputs.villages[["centre_x_m", "centre_y_m"]].to_numpy() - (X0, Y0)
    np.testing.assert_allclose(at[[0, 2]], [(1200, 1300), (8200, 3300)], atol=0.2)
    codes = inputs.villages["commune_code"].tolist()
    assert codes[:3] == ["00691", "00691", "00694"]
    assert only(findings, "B41").where.row == 7
    assert only(findings, "B42").where.key == "confirmed"
    assert "data/matches.csv" in inputs.sources


def test_what_was_confirmed_stays_when_asked_again(tmp_path: Path, listed: dict[str, Any]) -> None:
    chosen = study(tmp_path, listed)
    match_villages(chosen, Findings())
    rows = matches_of(tmp_path)
    rows[0] |= {"confirmed": "x", "longitude": "105.012345"}
    confirm(tmp_path, rows)
    again = match_villages(chosen, Findings())[0]
    assert again.confirmed == 1
    kept = matches_of(tmp_path)
    assert [r["village"] for r in kept].count(rows[0]["village"]) == 1
    assert {k: v for k, v in kept[0].items() if v} == {k: v for k, v in rows[0].items() if v}


def test_areas_are_taken_as_shapes_and_two_marks_as_none(
    tmp_path: Path, listed: dict[str, Any]
) -> None:
    areas = [
        box(X0 + 1000, Y0 + 1000, X0 + 2000, Y0 + 2000),
        box(X0, Y0 + 3000, X0 + 900, Y0 + 4000),
    ]
    gpd.GeoDataFrame(
        {"ma": ["a", "b"], "ten": ["Nà Lại", "Nà Lại"]}, geometry=areas, crs=CRS
    ).to_file(tmp_path / "data/own.gpkg")
    listed["boundaries"]["places"] = [{"path": "data/own.gpkg"}]
    chosen = study(tmp_path, listed)
    match_villages(chosen, Findings())
    rows = matches_of(tmp_path)
    rows[0]["confirmed"] = "x"
    confirm(tmp_path, rows)
    inputs, _ = read(tmp_path, listed)
    assert inputs.villages["kind"].tolist() == ["polygon"]
    assert inputs.villages.geometry.iloc[0].area == pytest.approx(1e6)
    rows[1]["confirmed"] = "x"
    confirm(tmp_path, rows)
    findings = check(tmp_path, listed)
    assert only(findings, "B45").params["n"] == 2
    assert "B41" in numbers_of(findings)


def test_confirmed_rows_of_nothing(tmp_path: Path, listed: dict[str, Any]) -> None:
    match_villages(study(tmp_path, listed), Findings())
    rows = matches_of(tmp_path)
    rows[0] |= {"confirmed": "x", "village": "Thôn Khác"}
    rows[1] |= {"confirmed": "x", "longitude": ""}
    rows[2] |= {"confirmed": "x"}
    confirm(tmp_path, rows)
    findings = check(tmp_path, listed)
    assert only(findings, "B45").where.row == 1
    assert only(findings, "B43").where.row == 2
    assert len(findings.of("B41")) == len(LIST) - 1


def test_lists_with_most_unplaced_stop_the_run(tmp_path: Path, listed: dict[str, Any]) -> None:
    del listed["checks"]
    match_villages(study(tmp_path, listed), Findings())
    rows = matches_of(tmp_path)
    rows[0]["confirmed"] = "x"
    confirm(tmp_path, rows)
    assert only(check(tmp_path, listed), "S48").params["n"] == len(LIST) - 1


def test_old_communes_by_a_table_of_changes(tmp_path: Path, listed: dict[str, Any]) -> None:
    text = (tmp_path / "data/list.csv").read_text("utf-8").replace("Xã Nậm Ban", "Xã Phúc Sơn")
    (tmp_path / "data/list.csv").write_text(text, encoding="utf-8")
    (tmp_path / "data/changes.csv").write_text(
        "ten_xa_cu,ma_xa_moi,ten_xa_moi\nXã Phúc Sơn,00691,Xã Nậm Ban\n", encoding="utf-8"
    )
    listed["boundaries"]["commune_changes"] = {"path": "data/changes.csv"}
    match_villages(study(tmp_path, listed), Findings())
    first = matches_of(tmp_path)[0]
    assert (first["candidate_commune"], first["proposal"]) == ("Xã Nậm Ban", "clear")


def test_a_study_without_lists_or_places_says_so(tmp_path: Path, spec: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="no list of villages"):
        match_villages(study(tmp_path, spec), Findings())
    spec["boundaries"]["villages"][0]["matches"] = "m.csv"
    with pytest.raises(StudyError, match="no places"):
        match_villages(study(tmp_path, spec), Findings())


@pytest.mark.parametrize(
    "broken", [b"", b"\x00\xff\xfe", b"village,confirmed\n", "xã,thôn\nå".encode()]
)
def test_broken_files_of_matches_and_lists(
    tmp_path: Path, listed: dict[str, Any], broken: bytes
) -> None:
    for name in ("list.csv", "matches.csv"):
        whole = (tmp_path / "data" / name).read_bytes() if name == "list.csv" else None
        (tmp_path / "data" / name).write_bytes(broken)
        findings = check(tmp_path, listed)
        assert findings.items
        with pytest.raises(ChecksFailed):
            match_villages(study(tmp_path, listed), Findings())
        assert (tmp_path / "data" / name).read_bytes() == broken
        if whole is not None:
            (tmp_path / "data" / name).write_bytes(whole)
