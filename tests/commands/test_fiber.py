"""`phusong fiber` as a planner types it."""

from __future__ import annotations

import json
import shutil

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner

from phusong.cli import main
from phusong.pipeline.what_if import follow_loss
from phusong.study.file import read_study


@pytest.fixture(scope="module")
def sample(checkout, tmp_path_factory):
    """The embedded sample with a backhaul: fibre where a cable passes, else microwave."""
    folder = tmp_path_factory.mktemp("sample")
    for layer in (checkout / "data").iterdir():
        if layer.is_dir() and not layer.name.startswith("__"):
            shutil.copytree(layer, folder / "data" / layer.name)
    text = (checkout / "data" / "study.toml").read_text("utf-8")
    text = text.replace(
        "[[fiber.pops]]", '[[fiber.backhaul]]\npath = "backhaul.csv"\n\n[[fiber.pops]]'
    )
    (folder / "study.toml").write_text(text, "utf-8")
    cells = pd.read_csv(folder / "data/towers/cells.csv").drop_duplicates("ma_tram")
    sites = gpd.GeoDataFrame(
        cells[["ma_tram"]], geometry=gpd.points_from_xy(cells["kinh_do"], cells["vi_do"], crs=4326)
    ).to_crs(32648)
    cables = gpd.read_file(folder / "data/fiber/cables.gpkg").to_crs(32648)
    near = sites.distance(cables[cables["trang_thai"] == "dang_khai_thac"].union_all()) <= 450
    fibre = sites[near]
    lines = ["ma_tram,truyen_dan,tram_nguon", *(f"{s},cap quang," for s in fibre["ma_tram"])]
    for site, place in zip(sites[~near]["ma_tram"], sites[~near].geometry, strict=True):
        lines.append(f"{site},viba,{fibre['ma_tram'].loc[fibre.distance(place).idxmin()]}")
    (folder / "backhaul.csv").write_text("\n".join(lines), "utf-8")
    return folder


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_a_cut_names_communes_people_and_towers(sample):
    said = run("--lang", "en", "fiber", sample, "--cut", "C0055.1")
    assert said.exit_code == 0, said.output
    assert "commune centre(s) go dark" in said.output
    assert "Of 120 sites whose backhaul is known, " in said.output
    assert "SN007" in said.output


def test_a_cut_that_darkens_nothing_says_so(sample):
    # POP01 has fibre to other PoPs; the sample's towers hang on cable, not on PoPs by name.
    said = run("--lang", "en", "fiber", sample, "--cut", "C0014")  # the island's own cable
    assert said.exit_code == 0, said.output
    assert "Without C0014: no commune centre goes dark" in said.output


def test_an_unknown_name_offers_close_ones(sample):
    said = run("--lang", "en", "fiber", sample, "--cut", "C0055.7")
    assert said.exit_code == 1
    assert "nothing in the network is called C0055.7" in said.output
    assert "C0055.1" in said.output


@pytest.mark.parametrize("wrong", [("--villages",), ("--cut", "C1", "--places", "villages")])
def test_options_that_do_not_go_together(sample, wrong):
    assert run("fiber", sample, *wrong).exit_code == 2


def test_reach_of_schools_villages_and_towers(sample, tmp_path):
    (tmp_path / "schools.csv").write_text(
        "ma_truong,ten_truong,so_hoc_sinh,kinh_do,vi_do\n"
        "TH1,Tiểu học Một,120,105.1025,22.9566\nTH2,Tiểu học Hai,80,104.7,22.4\n",
        "utf-8",
    )
    out = tmp_path / "out"
    said = run(
        "--lang",
        "en",
        "fiber",
        sample,
        "--places",
        tmp_path / "schools.csv",
        "--places",
        "villages",
        "--places",
        "towers",
        "--out",
        out,
    )
    assert said.exit_code == 0, said.output
    table = pd.read_csv(out / "fibre_places.csv")
    assert table.groupby("layer").size().to_dict() == {
        "schools.csv": 2,
        "towers": 120,
        "villages": 700,
    }
    schools = table[table["layer"] == "schools.csv"].set_index("place_id")
    assert schools["reached"].to_dict() == {"TH1": True, "TH2": False}
    assert schools["people"].to_dict() == {"TH1": 120, "TH2": 80}
    assert "no cable in service" in schools.loc["TH2", "reason"]
    assert len(gpd.read_file(out / "fibre_places.gpkg")) == 822


def test_places_that_are_not_there_are_named(sample, tmp_path):
    said = run(
        "--lang",
        "en",
        "fiber",
        sample,
        "--places",
        tmp_path / "none.csv",
        "--out",
        tmp_path / "out",
    )
    assert said.exit_code == 1
    assert "none.csv does not exist" in " ".join(said.output.split())
    assert not (tmp_path / "out").exists()


def test_villages_lose_their_signal_with_the_towers(sample):
    text = (sample / "study.toml").read_text("utf-8")
    quick = text.replace('model = "p526"', 'model = "free_space"').replace(
        "radius_km = 12.0", "radius_km = 3.0\ncell_m = 500.0"
    )
    folder = sample.parent / "quick"
    shutil.copytree(sample, folder)
    (folder / "study.toml").write_text(quick, "utf-8")
    found = follow_loss(read_study(folder), ["C0055.1"], villages=True)
    assert len(found.sites) > 3
    assert len(found.villages) > 3
    assert (found.villages["people_lost"] >= 0).all()
    nothing = follow_loss(read_study(folder), ["C0014"], villages=True)
    assert nothing.sites == ()
    assert nothing.villages.empty


def test_extend_prints_the_figures_before_and_after(sample, tmp_path):
    folder, out = tmp_path / "by-road", tmp_path / "plan"
    shutil.copytree(sample, folder)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[extension]\noffroad_max_km = 0\n")
    said = run("--lang", "en", "extend", folder, "--rings", "--time-limit-s", 2, "--out", out)
    assert said.exit_code == 0, said.output
    plan = pd.read_csv(out / "extension_indicators.csv").set_index("indicator")
    rings = pd.read_csv(out / "ring_indicators.csv").set_index("indicator")
    assert plan.loc["communes_with_fibre"].tolist()[1:] == [54, 60]
    single = "communes_on_a_single_route"
    assert rings.loc[single, "before"] == plan.loc[single, "after"]
    assert rings.loc[single, "after"] < rings.loc[single, "before"]
    figures = [line.split() for line in said.output.splitlines() if line.startswith("Communes on")]
    assert [int(n) for n in figures[0][-3:]] == [
        int(plan.loc[single, "before"]),
        int(plan.loc[single, "after"]),
        int(rings.loc[single, "after"]),
    ]
    assert "R14" in said.output
    assert "offroad_max_km" in said.output


def test_a_budget_says_whom_it_reaches_and_how_many_at_most(sample, tmp_path):
    said = run(
        "--lang",
        "en",
        "extend",
        sample,
        "--budget-usd",
        500_000,
        "--time-limit-s",
        2,
        "--out",
        tmp_path / "plan",
    )
    assert said.exit_code == 0, said.output
    text = " ".join(said.output.split())
    assert "The budget reaches 17,204 people; no plan of these routes reaches more than" in text
    assert "3 commune(s) do not fit" in text
    stamp = json.loads((tmp_path / "plan" / "run.json").read_text("utf-8"))
    assert stamp["budget_usd"] == 500_000
    assert 17_204 <= stamp["people_bound"] <= 25_257
