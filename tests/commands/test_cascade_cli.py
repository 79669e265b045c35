"""`phusong cascade` on the smallest province: one mast on one cable, a hazard, a feeder."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

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
