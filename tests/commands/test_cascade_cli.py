"""`phusong cascade` on the smallest province: one mast on one cable, a hazard, a feeder."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import LineString, box

from helpers.cli import phusong, table
from helpers.files import UTM
from helpers.tiny import make_tiny_study
from phusong.pipeline.what_if import follow_loss
from phusong.study.file import read_study

MORE = """
[[fiber.backhaul]]
path = "data/fiber/backhaul.csv"

[planning]
hazards = [{ path = "data/hazards.gpkg" }]
feeders = [{ path = "data/feeders.csv" }]

[checks]
left_out_max = 1.0
"""


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_tiny_study(tmp_path_factory.mktemp("tiny"))
    data, toml = folder / "data", folder / "study.toml"
    (data / "fiber/backhaul.csv").write_text("site_id,medium\nA,fibre\n", "utf-8")
    (data / "feeders.csv").write_text(
        "site_id,feeder,battery_h\nA,471,8\nB,471,4\nA,471,1\n", "utf-8"
    )
    x, y = 500_500.0, 2_501_900.0
    slides = gpd.GeoDataFrame(
        {"code": ["H1", "H2"], "name": ["Sạt lở", "Lũ"]},
        geometry=[box(x, y, x + 200, y + 200), box(x, y - 900, x + 200, y - 700)],
        crs=UTM,
    )
    slides.to_file(data / "hazards.gpkg")
    toml.write_text(toml.read_text("utf-8") + MORE, "utf-8")
    said = phusong("cascade", folder, "--out", folder / "cascade", "--top", "3").output
    assert "F28" in said
    # The page on which every loss shows what goes dark lies beside the tables, and is said.
    assert (folder / "cascade/cascade.html").is_file()
    assert "cascade.html" in said
    return folder


def test_what_each_event_darkens(province: Path) -> None:
    events = table(province / "cascade/cascade_events.csv")
    of = {(e["element"], e["id"], e["hours"]): e for e in events}
    # The mast goes with its cable, its PoP, the slide over the cable, and its feeder from 8 h on.
    elements = {e["element"] for e in events}
    assert {"edge", "pop", "site", "hazard", "feeder"} <= elements
    assert {e["id"] for e in events if e["element"] == "hazard"} == {"H1"}
    feeders = sorted(float(e["hours"]) for e in events if e["element"] == "feeder")
    assert feeders == [8.0, 24.0]
    # The commune's drop leaves the cable a hair behind the mast's: what lies between is its own.
    masts = [e for e in events if e["id"] not in {"T1.2", "N1"}]
    assert len(masts) == len(events) - 2
    assert {(e["sites_dark"], e["people_without_signal"]) for e in masts} == {("1", "400")}
    site = next(e for key, e in of.items() if key[0] == "site")
    assert site["communes_dark"] == "0"
    hazard = next(e for key, e in of.items() if key[0] == "hazard")
    assert (hazard["communes_dark"], hazard["people_without_fibre"]) == ("1", "400")
    assert hazard["name"] == "Sạt lở"


def test_villages_are_those_of_one_cut_followed(province: Path) -> None:
    villages = table(province / "cascade/cascade_villages.csv")
    events = table(province / "cascade/cascade_events.csv")
    for event in events:
        if event["element"] not in {"edge", "pop", "site"}:
            continue
        found = follow_loss(read_study(province), [event["id"]], villages=True)
        assert found.villages is not None
        ours = [v for v in villages if v["outage"] == event["outage"]]
        assert [(v["code"], v["before"], v["after"]) for v in ours] == list(
            found.villages[["code", "before", "after"]].itertuples(index=False, name=None)
        )
        lost = [float(v["people_lost"]) for v in ours]
        assert lost == pytest.approx(found.villages["people_lost"].tolist(), abs=0.06)
        assert int(event["communes_dark"]) == len(found.communes)
        assert int(event["sites_dark"]) == len(found.sites)


def test_it_speaks_vietnamese_and_gives_the_same_order(province: Path) -> None:
    said = phusong("cascade", province, "--out", province / "vi", "--lang", "vi").output
    assert "vùng thiên tai" in said
    name = "cascade_events.csv"
    assert (province / "vi" / name).read_bytes() == (province / "cascade" / name).read_bytes()


def test_without_fibre_it_says_so(tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path)
    text = (folder / "study.toml").read_text("utf-8")
    start, end = text.index("[fiber]"), text.index("[radio]")
    (folder / "study.toml").write_text(text[:start] + text[end:], "utf-8")
    said = phusong("cascade", folder, "--out", folder / "x", code=1).output
    assert "[fiber]" in said
    assert not (folder / "x").exists()


def test_two_masts_that_stand_in_for_each_other_are_a_pair(tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path)
    cells = folder / "data/towers/cells.csv"
    lines = cells.read_text("utf-8-sig").splitlines()
    twins = [line.replace("A1,A", "B1,B").replace("A2,A", "B2,B") for line in lines[1:]]
    lon = lines[1].split(",")[5]
    twins = [line.replace(lon, f"{float(lon) + 0.0003:.6f}") for line in twins]
    cells.write_text("\n".join([*lines, *twins]) + "\n", "utf-8-sig")
    (folder / "data/fiber/backhaul.csv").write_text("site_id,medium\nA,fibre\n", "utf-8")
    toml = folder / "study.toml"
    more = '\n[[fiber.backhaul]]\npath = "data/fiber/backhaul.csv"\n'
    toml.write_text(toml.read_text("utf-8") + more, "utf-8")
    phusong("cascade", folder, "--out", folder / "cascade")
    events = table(folder / "cascade/cascade_events.csv")
    sites = {e["id"]: e for e in events if e["element"] == "site"}
    assert {e["people_without_signal"] for e in sites.values()} == {"0"}
    assert {e["villages_lower"] for e in sites.values()} == {"0"}
    pairs = table(folder / "cascade/cascade_pairs.csv")
    # The cable is the first of what silences A: one event stands for each set of sites.
    (pair,) = pairs
    assert (pair["id_a"], pair["id_b"]) == ("T1.1", "B")
    assert (pair["sites_dark"], pair["sites_more"]) == ("2", "0")
    assert (pair["people_without_signal"], pair["people_more"]) == ("400", "400")
    both = follow_loss(read_study(folder), ["T1.1", "B"], villages=True)
    assert both.villages is not None
    assert pair["villages_more"] == str(len(both.villages)) == pair["villages_lower"]


def test_two_cuts_of_a_ring_and_what_mends_them(tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path)
    x0, y0 = 500_000.0, 2_500_000.0
    ring = [
        LineString([(x0 + 100, y0 + 2000), (x0 + 2000, y0 + 2000)]),
        LineString([(x0 + 100, y0 + 2000), (x0 + 100, y0 + 900), (x0 + 2000, y0 + 900)]),
        LineString([(x0 + 2000, y0 + 900), (x0 + 2000, y0 + 2000)]),
    ]
    cables = gpd.GeoDataFrame({"ma_tuyen": ["T1", "T2", "T3"]}, geometry=ring, crs=UTM)
    cables.to_file(folder / "data/fiber/cables.gpkg")
    (folder / "data/fiber/backhaul.csv").write_text("site_id,medium\nA,fibre\n", "utf-8")
    (folder / "data/feeders.csv").write_text("site_id,feeder,battery_h\nA,471,6\n", "utf-8")
    toml = folder / "study.toml"
    more = (
        '\n[[fiber.backhaul]]\npath = "data/fiber/backhaul.csv"\n'
        '[planning]\nfeeders = [{ path = "data/feeders.csv" }]\n'
    )
    toml.write_text(toml.read_text("utf-8") + more, "utf-8")
    said = phusong("cascade", folder, "--out", folder / "cascade", "--budget", "3000").output
    assert "harmless each by itself" in said
    (cut,) = table(folder / "cascade/cascade_cuts.csv")
    assert (cut["sites"], cut["people_without_signal"], cut["communes"]) == ("A", "400", "01")
    study = read_study(folder)
    both = follow_loss(study, [cut["section_a"], cut["section_b"]], villages=True)
    assert both.sites == ("A",)
    assert both.villages is not None
    assert cut["villages_lower"] == str((both.villages["before"] != both.villages["after"]).sum())
    for name in ("section_a", "section_b"):
        assert not follow_loss(study, [cut[name]]).sites
    # 6 h of battery go dark at 8 and at 24 h: 8 h a year of each, 400 people.
    battery = next(
        row
        for row in table(folder / "cascade/cascade_remedies.csv")
        if float(row["quantity"]) == 3.0
    )
    assert (battery["kind"], battery["where"], battery["step"]) == ("battery", "A", "1")
    assert float(battery["person_hours_signal"]) == 3200.0
    layers = gpd.list_layers(folder / "cascade/cascade.gpkg")["name"].tolist()
    assert {"cascade_events", "cascade_cuts", "cascade_batteries"} <= set(layers)


def test_with_next_to_no_hollow_share_it_grades_as_a_cut_followed(tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path)
    (folder / "data/fiber/backhaul.csv").write_text("site_id,medium\nA,fibre\n", "utf-8")
    toml = folder / "study.toml"
    more = (
        '\n[[fiber.backhaul]]\npath = "data/fiber/backhaul.csv"\n[verdict]\nhollow_share = 1e-9\n'
    )
    toml.write_text(toml.read_text("utf-8") + more, "utf-8")
    phusong("cascade", folder, "--out", folder / "cascade", "--remedies", "0")
    villages = table(folder / "cascade/cascade_villages.csv")
    found = follow_loss(read_study(folder), ["A"], villages=True).villages
    assert found is not None
    assert {v["after"] for v in villages} == {"hollow"} == set(found["after"])
