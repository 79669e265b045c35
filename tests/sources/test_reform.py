"""The lists of communes before and since 1 July 2025, and what a file's codes say of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.boundaries.communes import read_communes
from phusong.sources.boundaries.lists import in_list_of
from phusong.sources.boundaries.reform.became import reform_2025
from phusong.sources.boundaries.reform.whichlist import (
    bare,
    judge,
    restored,
    scheme_of_codes,
    translated,
)
from phusong.sources.tables.layers import Records


def test_the_table_holds_the_whole_country() -> None:
    reform = reform_2025()
    assert (len(reform.old), len(reform.new)) == (10_035, 3_321)
    assert (len(reform.old_provinces), len(reform.new_provinces)) == (63, 34)
    assert len(reform.districts) == 696
    assert set(reform.parts) == set(reform.old)
    # Islands whose districts had no communes are made of none: Bạch Long Vĩ, Cồn Cỏ and others.
    assert sum(not of for of in reform.made_of.values()) == 5
    assert sum(len(parts) > 1 for parts in reform.parts.values()) == 440
    assert all(reform.people_go_to(code) for code in reform.old)


def test_communes_as_the_resolution_on_tuyen_quang_has_them() -> None:
    """Resolution 1684/NQ-UBTVQH15: Bình Thuận of Đội Cấn and Thái Long; Quang Trung was parted."""
    reform = reform_2025()
    binh_thuan = next(
        u for u in reform.new.values() if u.name == "Phường Bình Thuận" and u.within == "08"
    )
    assert sorted(reform.old[c].name for c in reform.made_of[binh_thuan.code]) == [
        "Phường Đội Cấn",
        "Xã Thái Long",
    ]
    quang_trung = next(
        c
        for c, u in reform.old.items()
        if u.name == "Phường Quang Trung" and reform.districts[u.within].within == "02"
    )
    assert sorted(reform.new[c].name for c in reform.people_go_to(quang_trung)) == [
        "Phường Hà Giang 1",
        "Phường Hà Giang 2",
    ]
    assert translated(quang_trung, "new") is None


def of_province(code: str, scheme: str) -> tuple[list[str], list[str]]:
    reform = reform_2025()
    units = (
        [u for u in reform.new.values() if u.within == code]
        if scheme == "new"
        else [u for u in reform.old.values() if reform.districts[u.within].within == code]
    )
    return [u.code for u in units], [u.name for u in units]


@pytest.mark.parametrize("scheme", ["old", "new"])
def test_every_province_is_known_by_its_codes(scheme: str) -> None:
    reform = reform_2025()
    for code in reform.old_provinces if scheme == "old" else reform.new_provinces:
        codes, names = of_province(code, scheme)
        judged = judge(codes, [bare(name) for name in names])
        assert judged.scheme == scheme
        assert not judged.against
        assert scheme_of_codes(codes) == scheme


def test_codes_of_another_country_are_of_neither_list() -> None:
    codes = [f"{n:05d}" for n in range(1, 60, 3)]
    assert judge(codes, [f"Parish {n}" for n in range(len(codes))]).scheme is None
    assert scheme_of_codes(["AD-02", "AD-03", None]) is None
    assert judge([], []).scheme is None


def test_zeros_come_back_only_with_the_name() -> None:
    codes, names = ["691", "2212", "694", "11"], ["Phường Hà Giang 2", "NÔNG TIẾN", "Sai tên", "X"]
    assert restored(codes, names) == {0: "00691", 1: "02212"}
    assert restored(["691", "00691"], ["Hà Giang 2", "Hà Giang 2"]) == {}  # which one is meant?


def records(codes: list[str], names: list[str]) -> Records:
    boxes = [shapely.box(i, 0, i + 1, 1) for i in range(len(codes))]
    frame = gpd.GeoDataFrame(
        {"code": codes, "name": names, "row": range(1, len(codes) + 1)},
        geometry=boxes,
        crs=32648,
    )
    return Records(frame, Where(file="xa.xlsx"), ".", {"code": "Mã xã", "name": "Tên xã"})


def test_a_file_of_communes_says_its_list_and_mends_zeros() -> None:
    codes, names = of_province("08", "new")
    findings = Findings()
    read = read_communes(records([c.lstrip("0") for c in codes], names), findings)
    assert read is not None
    assert read["code"].tolist() == codes
    (zeros,) = findings.of("B18")
    assert f"{len(codes)} communes" in zeros.text()
    (told,) = findings.of("B23")
    assert f"{len(codes)} of {len(codes)}" in told.text()
    assert "since 1 July 2025" in told.text()


def test_a_mixed_file_is_named_row_by_row() -> None:
    codes, names = of_province("08", "new")
    reform = reform_2025()
    # 00694 was Phường Trần Phú's and is Phường Hà Giang 1's.
    strays = [c for c in codes if bare(reform.old[c].name) != bare(reform.new[c].name)][:2]
    mixed = [reform.old[c].name if c in strays else n for c, n in zip(codes, names, strict=True)]
    findings = Findings()
    read_communes(records(codes, mixed), findings)
    told = findings.of("B24")
    assert [f.subject for f in told] == strays
    assert reform.new[strays[0]].name in told[0].text()


def test_villages_with_codes_of_the_other_list_are_brought_over() -> None:
    reform = reform_2025()
    codes, names = of_province("08", "new")
    old = [*of_province("08", "old")[0], *of_province("02", "old")[0]]
    asked = [*old, None]
    found = in_list_of([c and c.lstrip("0") for c in asked], codes, names)
    assert found is not None
    assert found.codes[-1] is None
    for code, became in zip(old, found.codes, strict=False):
        go = reform.people_go_to(code)
        assert became == (go[0] if len(go) == 1 else None)
    assert found.undecided == sum(len(reform.people_go_to(c)) > 1 for c in old) > 0
    assert found.meant != found.otherwise
    assert in_list_of(codes, codes, names) is None
    # New codes over old communes: only what was one whole commune is told.
    back = in_list_of(codes, old, [reform.old[c].name for c in old])
    assert back is not None
    assert Counter(c is None for c in back.codes)[True] > 100


def test_the_real_file_speaks_the_new_list(shared: Path) -> None:
    path = shared / "realdata/tuyen_quang/communes.gpkg"
    if not path.is_file():
        pytest.skip("the communes of Tuyên Quang are not in the shared folder")
    frame = gpd.read_file(path)
    judged = judge(frame["ma_xa"].tolist(), frame["ten_xa"].tolist())
    assert judged.scheme == "new"
    assert judged.counted == len(frame) == 124
