"""Sites and PoPs that hang on the network: what a cut darkens beyond communes."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from helpers.fiber import UTM, cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.errors import InputError
from phusong.fiber.assess import assess_fiber
from phusong.sources.cables.backhaul import read_backhaul
from phusong.sources.cables.linklists import read_hanging
from phusong.study import Layer, Study

# P0 ──C0── joint ──C1── P1            S1: fibre at C1; S2: microwave from S1
#             │                        S3: microwave from S2 and fibre at C2
#             C2 ── commune b          S4: leased fibre from P1; S5: in no record
CABLES = (
    line((0, 0), (4000, 0)),
    line((4000, 0), (9000, 0)),
    line((4000, 0), (4000, 5000)),
)
SITES = {
    "S1": point(6000, 100),
    "S2": point(9000, 9000),
    "S3": point(4100, 3000),
    "S4": point(20_000, 20_000),
    "S5": point(100, 100),
}
LINKS = [
    ("S1", "fibre", None),
    ("S2", "microwave", "S1"),
    ("S3", "microwave", "S2"),
    ("S3", "fibre", None),
    ("S4", "fibre", "P1"),
]


def world(folder, links=LINKS):
    read = inputs(
        folder,
        cables(*CABLES),
        pops(point(0, 30), point(9000, 30)),
        {"a": point(1000, 100), "b": point(4000, 4900)},
    )
    table = pd.DataFrame(links, columns=["site_id", "medium", "upstream"]).astype(object)
    table = table.where(table.notna(), None).assign(
        file="backhaul.csv", row=range(1, len(links) + 1)
    )
    sites = gpd.GeoDataFrame({"site_id": list(SITES)}, geometry=list(SITES.values()), crs=UTM)
    return replace(read, sites=sites, backhaul=table)


def assess(read, findings=None):
    people = pd.Series({"a": 100.0, "b": 50.0})
    told = Findings() if findings is None else findings
    return assess_fiber(read, study(), told, people)


def piece_at(result, cable, x_m):
    """The edge of a cable over a place along it."""
    edges = result.edges[result.edges["cable_id"] == cable]
    spot = point(x_m, 0) if cable != "C2" else point(4000, x_m)
    return edges.iloc[int(np.argmin(edges.distance(spot)))]["edge_id"]


def test_a_cut_is_followed_over_fibre_and_microwave(tmp_path):
    result = assess(world(tmp_path))
    west, east = piece_at(result, "C1", 5000), piece_at(result, "C1", 8000)
    assert west != east  # the drop of S1 parts the cable
    assert result.dark_sites([west]) == []  # each half still has a PoP
    assert result.dark_sites([west, east]) == ["S1", "S2"]
    assert result.what_if([west, east]).empty
    assert result.dark_sites([west, east, piece_at(result, "C2", 1000)]) == ["S1", "S2", "S3"]
    assert result.dark_sites(["P1"]) == ["S4"]
    assert result.dark_sites(["P0", "P1"]) == ["S1", "S2", "S3", "S4"]


def test_a_site_itself_may_be_lost(tmp_path):
    result = assess(world(tmp_path))
    assert result.dark_sites(["S1"]) == ["S1", "S2"]
    assert result.dark_sites(["S1", "C2"]) == ["S1", "S2", "S3"]
    with pytest.raises(InputError, match="S9"):
        result.dark_sites(["S9"])


def test_every_ranked_loss_names_the_sites_that_following_it_names(tmp_path):
    links = [
        ("S1", "fibre", None),
        ("S2", "microwave", "S1"),
        ("S3", "fibre", None),
        ("S5", "microwave", "P1"),
        ("S4", "fibre", "P1"),
    ]
    result = assess(world(tmp_path, links))
    ranked = result.failures
    assert len(ranked) >= 4
    for row in ranked.to_dict("records"):
        assert list(row["sites"]) == result.dark_sites([row["id"]])
        assert sorted(row["communes"]) == sorted(result.what_if([row["id"]])["commune_code"])
        assert row["site_count"] == len(row["sites"])
    by_id = ranked.set_index("id")["sites"]
    assert by_id["P1"] == ("S4", "S5")
    assert any(sites == ("S3",) for sites in by_id)


def test_a_pop_that_hangs_on_the_network_is_no_source_of_light(tmp_path):
    read = world(tmp_path, [*LINKS, ("P1", "fibre", "P0")])
    result = assess(read)
    west, trunk = piece_at(result, "C1", 5000), piece_at(result, "C0", 2000)
    assert result.dark_sites([west]) == ["S1", "S2", "S4"]
    # S3 has its own fibre, and all of it hangs on the one trunk from P0.
    assert result.dark_sites([trunk]) == ["S1", "S2", "S3", "S4"]
    assert result.what_if([trunk])["commune_code"].tolist() == ["b"]
    assert result.reach["single_route"].all()
    fed = assess(world(tmp_path))
    assert fed.what_if([piece_at(fed, "C0", 2000)]).empty


def test_a_pop_fed_by_microwave_goes_dark_with_the_far_end(tmp_path):
    read = world(
        tmp_path, [("P1", "microwave", "S1"), ("S1", "fibre", "P0"), ("S4", "fibre", "P1")]
    )
    result = assess(read)
    assert result.dark_sites(["P0"]) == ["S1", "S4"]
    assert result.dark_sites(["S1"]) == ["S1", "S4"]
    assert result.what_if(["P0"])["commune_code"].tolist() == ["a", "b"]


def test_two_ends_of_a_hop_do_not_light_each_other(tmp_path):
    links = [("S1", "fibre", None), ("S1", "microwave", "S2"), ("S2", "microwave", "S1")]
    result = assess(world(tmp_path, links))
    ranked = result.failures.set_index("id")
    both = [piece_at(result, "C1", x) for x in (5000, 8000)]
    assert result.dark_sites(both) == ["S1", "S2"]
    assert ("S1", "S2") in ranked["sites"].tolist()  # where the fibre of S1 leaves


def test_a_hop_that_nothing_feeds_is_named_and_not_lost_again(tmp_path):
    findings = Findings()
    links = [
        ("S2", "microwave", "S5"),
        ("S5", "microwave", "S2"),
        ("S1", "microwave", "S5"),
        ("S3", "fibre", None),
    ]
    result = assess(world(tmp_path, links), findings)
    assert [f.subject for f in findings.of("F25")] == ["S1", "S2", "S5"]
    assert {s for sites in result.failures["sites"] for s in sites} == {"S3"}
    assert result.dark_sites(["P0", "P1"]) == ["S3"]


def agree(result):
    """Every loss that --cut could name is in the ranking with what it darkens, or harmless."""
    by_id = {row["id"]: row for row in result.failures.to_dict("records")}
    site = result.redundancy.site & (result.network.pop < 0)
    edges = result.edges.loc[result.network.line >= 0, "edge_id"].tolist()
    nodes = [f"N{v}" for v in np.flatnonzero((result.network.pop < 0) & ~site)]
    for name in [*edges, *nodes, *result.pop_ids, *result.groups]:
        row = by_id.get(name, {"communes": (), "sites": ()})
        assert sorted(row["communes"]) == sorted(set(result.what_if([name])["commune_code"])), name
        assert list(row["sites"]) == result.dark_sites([name]), name


def test_the_ranking_follows_a_pop_that_is_fed_by_microwave(tmp_path):
    # P1 hangs on S1, whose fibre leaves C0: a cut of C0 takes P1's light, and with it all.
    read = world(tmp_path, [("P1", "microwave", "S1"), ("S1", "fibre", None)])
    sites = read.sites.set_geometry([point(2000, 100), *read.sites.geometry.iloc[1:]])
    result = assess(replace(read, sites=sites))
    agree(result)
    first = piece_at(result, "C0", 1500)
    row = result.failures.set_index("id").loc[first]
    assert (row["communes"], row["sites"]) == (("b",), ("S1",))
    reach = result.reach.set_index("commune_code")
    assert reach["single_route"].tolist() == [True, True]
    assert reach["bridges_on_route"].min() >= 1
    edges = result.edges.set_index("edge_id")
    assert edges.loc[first, "bridge"]
    assert edges.loc[first, ["communes_behind", "people_behind"]].tolist() == [1, 50.0]
    fed = assess(replace(read, sites=sites, backhaul=read.backhaul.iloc[1:]))
    assert not fed.edges.set_index("edge_id").loc[first, "bridge"]  # P1 with light of its own


@pytest.mark.parametrize("seed", range(12))
def test_ranking_and_cut_agree_on_random_backhauls(tmp_path, seed):
    rng = np.random.default_rng(seed)
    names = ["S1", "S2", "S3", "S4", "S5", "P0", "P1"]
    links = []
    for _ in range(int(rng.integers(3, 10))):
        name, up = rng.choice(names, 2, replace=False)
        medium = str(rng.choice(["fibre", "microwave"]))
        named = medium == "microwave" or rng.random() < 0.3
        links.append((str(name), medium, str(up) if named else None))
    agree(assess(world(tmp_path, links)))


def test_records_that_lead_nowhere_are_named(tmp_path):
    findings = Findings()
    links = [
        ("S1x", "fibre", None),
        ("S1", "microwave", "S99"),
        ("S2", "fibre", None),
        ("P0", "fibre", None),
        ("P1", "fibre", None),
    ]
    result = assess(world(tmp_path, links), findings)
    named = {(f.rule.number, f.subject) for f in findings}
    assert {("F17", "S1x"), ("F17", "S99"), ("F18", "S2"), ("F18", "P0"), ("F18", "P1")} <= named
    assert "S1" in next(f for f in findings.of("F17") if f.subject == "S1x").text()
    assert result.dark_sites(["P0", "P1"]) == []  # nothing usable is left to follow


def test_without_a_backhaul_nothing_is_said_of_sites(tmp_path):
    result = assess(replace(world(tmp_path), backhaul=world(tmp_path).backhaul.iloc[:0]))
    assert result.backhaul is None
    assert result.dark_sites(["C0"]) == []
    assert (result.failures["site_count"] == 0).all()


def read(folder, text):
    (folder / "b.csv").write_text(text, "utf-8")
    settings: Study = study(backhaul=[{"path": "b.csv"}]).model_copy(update={"folder": folder})
    findings = Findings()
    assert settings.fiber is not None
    return read_backhaul(settings, settings.fiber.backhaul[0], findings), findings


def test_the_table_is_read_in_either_language(tmp_path):
    text = "Mã trạm;Truyền dẫn;Trạm nguồn\n1A;Viba;2B\n2B;Cáp quang;\n3C;;POP1\n"
    table, findings = read(tmp_path, text)
    assert table[["site_id", "medium", "upstream"]].to_numpy().tolist() == [
        ["1A", "microwave", "2B"],
        ["2B", "fibre", None],
        ["3C", "fibre", "POP1"],
    ]
    assert table["row"].tolist() == [1, 2, 3]
    assert {f.rule.number for f in findings} == {"S17"}


def test_records_that_cannot_be_used_are_refused_one_by_one(tmp_path):
    text = "site_id,medium,upstream\n,fibre,\nA,pigeon,B\nB,microwave,\nC,fibre,\n"
    table, findings = read(tmp_path, text)
    assert table["site_id"].tolist() == ["C"]
    assert [(f.rule.number, f.where.row) for f in findings.of("F16")] == [
        ("F16", 1),
        ("F16", 2),
        ("F16", 3),
    ]
    assert "pigeon" in findings.of("F16")[1].text()


@pytest.mark.parametrize(
    ("text", "rule"), [("medium\nfibre\n", "S07"), ("site_id,medium\n", "S06")]
)
def test_a_table_without_sites_is_named(tmp_path, text, rule):
    table, findings = read(tmp_path, text)
    assert table.empty
    assert [f.rule.number for f in findings] == [rule]


def test_a_table_that_is_not_there_is_named(tmp_path):
    settings = study().model_copy(update={"folder": tmp_path})
    findings = Findings()
    assert read_backhaul(settings, Layer(path="none.csv"), findings).empty
    assert [f.rule.number for f in findings] == ["S01"]


LISTED = """Microwave links 2026,,,,
Site name S1,Site name S2,TR Frequency (MHz),Antenna diameter S1 (m),Status
1A,2B,7500,1.2,in service
2B,3C,7500,0.6,in service
3C,4D,15000,0.6,planned
8X,9Y,15000,0.6,in service
,9Y,15000,0.6,in service
"""


def test_a_list_of_links_is_backhaul_either_way(tmp_path):
    (tmp_path / "b.csv").write_text(LISTED, "utf-8")
    (tmp_path / "fibre.csv").write_text("site_id,medium\n1A,fibre\n", "utf-8")
    settings = study(backhaul=[{"path": "b.csv"}, {"path": "fibre.csv"}])
    settings = settings.model_copy(update={"folder": tmp_path})
    findings = Findings()
    table = read_hanging(settings, settings.fiber.backhaul, [], findings)
    assert table[["site_id", "medium", "upstream"]].to_numpy().tolist() == [
        ["1A", "fibre", None],
        ["1A", "microwave", "2B"],
        ["2B", "microwave", "3C"],
        ["2B", "microwave", "1A"],
        ["3C", "microwave", "2B"],
    ]
    told = findings.of("F37")
    assert [f.text() for f in told] == ["2 sites in 1 groups, such as 8X, 9Y"]
    assert [f.where.row for f in findings.of("F16")] == [5]
    assert len(findings.of("F23")) == 1
    # A point of presence feeds them as well, and without either nothing does.
    fed = read_hanging(settings, settings.fiber.backhaul[:1], ["8X"], Findings())
    assert fed["site_id"].tolist() == ["9Y"]
    assert read_hanging(settings, settings.fiber.backhaul[:1], [], Findings()).empty


def test_the_study_names_the_ends_of_links(tmp_path):
    (tmp_path / "b.csv").write_text("Đầu này,Đầu kia\n1A,P\n", "utf-8")
    columns = {"site_a": "Đầu này", "site_b": "Đầu kia"}
    settings = study(backhaul=[{"path": "b.csv", "columns": columns}])
    settings = settings.model_copy(update={"folder": tmp_path})
    table = read_hanging(settings, settings.fiber.backhaul, ["P"], Findings())
    assert table["site_id"].tolist() == ["1A"]


def hanging(folder, pops, *layers):
    settings = study(backhaul=list(layers)).model_copy(update={"folder": folder})
    findings = Findings()
    return read_hanging(settings, settings.fiber.backhaul, pops, findings), findings


def test_lists_of_links_feed_each_other(tmp_path):
    (tmp_path / "one.csv").write_text("Site A,Site B\nA,B\nX,Y\n", "utf-8")
    (tmp_path / "two.csv").write_text("Site A,Site B\nP,A\nY,Z\n", "utf-8")
    table, findings = hanging(tmp_path, ["P"], {"path": "one.csv"}, {"path": "two.csv"})
    assert set(zip(table["site_id"], table["upstream"], strict=True)) == {
        ("A", "B"),
        ("B", "A"),
        ("A", "P"),
    }
    told = {f.where.file: f.text() for f in findings.of("F37")}
    assert {file: text.split("as ")[1] for file, text in told.items()} == {
        "one.csv": "X, Y",
        "two.csv": "Y, Z",
    }


def test_a_study_that_maps_ends_as_backhaul_has_its_word(tmp_path):
    (tmp_path / "b.csv").write_text("Site A,Site B,Medium\n1A,P,viba\n", "utf-8")
    columns = {"site_id": "Site A", "upstream": "Site B"}
    table, findings = hanging(tmp_path, ["P"], {"path": "b.csv", "columns": columns})
    assert table[["site_id", "upstream"]].to_numpy().tolist() == [["1A", "P"]]
    assert not [f for f in findings if f.rule.number == "S08"]


def test_links_say_their_medium(tmp_path):
    text = "Trạm A;Trạm B;Loại truyền dẫn\n1A;P;Cáp quang\n2B;1A;Viba\n3C;1A;\n4D;1A;bồ câu\n"
    (tmp_path / "b.csv").write_text(text, "utf-8")
    table, findings = hanging(tmp_path, ["P"], {"path": "b.csv"})
    up = table[table["upstream"].isin(["P", "1A"])]
    assert up[["site_id", "medium"]].to_numpy().tolist() == [
        ["1A", "fibre"],
        ["2B", "microwave"],
        ["3C", "microwave"],
    ]
    assert [(f.where.row, f.subject) for f in findings.of("F16")] == [(4, "4D")]
    assert "bồ câu" in findings.of("F16")[0].text()
    # The study may name the column, of a list whose ends the headers tell.
    (tmp_path / "c.csv").write_text("Site A,Site B,Đường\n1A,P,quang\n", "utf-8")
    named, _ = hanging(tmp_path, ["P"], {"path": "c.csv", "columns": {"medium": "Đường"}})
    assert named["medium"].tolist() == ["fibre"]


def test_a_listed_link_to_a_pop_is_lost_with_it(tmp_path):
    (tmp_path / "b.csv").write_text("Site A,Site B\nP0,S1\nS1,S2\n", "utf-8")
    table, _ = hanging(tmp_path, ["P0", "P1"], {"path": "b.csv"})
    result = assess(replace(world(tmp_path), backhaul=table))
    assert result.dark_sites(["P0"]) == ["S1", "S2"]
