"""A scenario carried out on the smallest province: what it builds, changes and switches off."""

from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer

from helpers.cli import phusong, table
from helpers.files import UTM
from helpers.tiny import make_tiny_study
from phusong.checks import Findings
from phusong.errors import StudyError
from phusong.sources import read_inputs
from phusong.sources.alterations.carried_out import with_scenario
from phusong.sources.inputs import Inputs
from phusong.study.file import read_study
from phusong.study.scenario import (
    Band,
    Cable,
    Change,
    Hang,
    Mast,
    Off,
    Scenario,
    scenario_text,
)

X0, Y0 = 500_000.0, 2_500_000.0
_DEGREES = Transformer.from_crs(UTM, 4326, always_xy=True)


def at(east_km: float, north_km: float) -> tuple[float, float]:
    return _DEGREES.transform(X0 + east_km * 1000, Y0 + north_km * 1000)


def mast(site_id: str, place: tuple[float, float] | None, **more: object) -> Mast:
    given = {"operator": "Sóng Xanh", "height_m": 40.0, "bands": [Band(freq_mhz=800.0)], **more}
    lon, lat = place or (None, None)
    return Mast(site_id=site_id, longitude=lon, latitude=lat, **given)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_study(tmp_path_factory.mktemp("altered"))


@pytest.fixture(scope="module")
def inputs(folder: Path) -> Inputs:
    return read_inputs(read_study(folder), Findings())


def test_nothing_altered_is_nothing_changed(inputs: Inputs) -> None:
    after = with_scenario(inputs, Scenario(name="none"))
    for name in ("cells", "sites", "cables", "pops", "backhaul"):
        before = getattr(inputs, name)
        assert getattr(after, name).astype(object).equals(before.astype(object)), name


def test_a_mast_has_its_sectors_and_bands(inputs: Inputs) -> None:
    built = mast("N", at(6, 2), azimuths_deg=[0, 90], bands=[Band(), Band(freq_mhz=1800.0)])
    after = with_scenario(inputs, Scenario(name="s", masts=[built]))
    new = after.cells[after.cells["site_id"] == "N"]
    assert new["cell_id"].tolist() == [f"N/new-{k}" for k in (1, 2, 3, 4)]
    assert new["azimuth_deg"].tolist() == [0, 90, 0, 90]
    assert new["freq_mhz"].tolist() == [900, 900, 1800, 1800]
    assert not new["height_assumed"].any()
    site = after.sites.set_index("site_id").loc["N"]
    assert (site["x_m"], site["y_m"]) == pytest.approx((X0 + 6000, Y0 + 2000), abs=0.01)
    assert site["in_area"]
    assert len(inputs.sites) == len(after.sites) - 1


def test_a_mast_without_sectors_radiates_all_round(inputs: Inputs) -> None:
    after = with_scenario(inputs, Scenario(name="s", masts=[mast("N", at(6, 2), azimuths_deg=[])]))
    assert np.isnan(after.cells.set_index("cell_id").loc["N/new-1", "azimuth_deg"])


def test_cells_on_a_mast_that_stands(inputs: Inputs) -> None:
    after = with_scenario(inputs, Scenario(name="s", masts=[mast("A", None), mast("A", at(2, 2))]))
    assert len(after.sites) == len(inputs.sites)
    assert {"A/new-1", "A/new-4"} <= set(after.cells["cell_id"])
    assert after.cells["cell_id"].is_unique


def test_what_is_switched_off(inputs: Inputs) -> None:
    after = with_scenario(inputs, Scenario(name="s", off=Off(cells=["A2"])))
    assert after.cells.set_index("cell_id")["in_service"].to_dict() == {"A1": True, "A2": False}
    off = Off(sites=["A"], cables=["T1"], pops=["P1"])
    after = with_scenario(inputs, Scenario(name="s", off=off))
    assert not after.cells["in_service"].any()
    assert not after.cables["in_service"].any()
    assert after.pops.empty


def test_cells_are_changed_and_sites_moved(inputs: Inputs) -> None:
    changes = [
        Change(site_id="A", height_m=50, turn_deg=300),
        Change(cell_id="A2", tilt_deg=4, eirp_dbm=55),
        Change(site_id="A", longitude=at(3, 1)[0], latitude=at(3, 1)[1]),
    ]
    after = with_scenario(inputs, Scenario(name="s", changes=changes))
    cells = after.cells.set_index("cell_id")
    assert cells["height_m"].tolist() == [50, 50]
    assert np.isnan(cells.loc["A1", "azimuth_deg"])
    assert cells.loc["A2", "azimuth_deg"] == 30
    assert cells["eirp_dbm"].to_dict() == {"A1": 60, "A2": 55}
    assert cells.loc["A2", "electrical_tilt_deg"] == 4
    assert after.sites["x_m"].iloc[0] == pytest.approx(X0 + 3000, abs=0.01)
    assert after.sites.geometry.iloc[0].x == after.sites["x_m"].iloc[0]
    assert inputs.cells["height_m"].tolist() == [30, 30]


def test_a_cable_is_laid_and_a_site_hung(inputs: Inputs) -> None:
    scenario = Scenario(
        name="s",
        masts=[mast("N", at(6, 2), bands=[])],
        cables=[Cable(cable_id="mới", owner="VNPT", points=[at(2, 2), at(6, 2)])],
        backhaul=[Hang(site_id="N", upstream="A")],
    )
    after = with_scenario(inputs, scenario)
    cable = after.cables.set_index("cable_id").loc["mới"]
    assert cable["in_service"]
    assert cable["owner"] == "VNPT"
    assert cable.geometry.length == pytest.approx(4000, abs=0.1)
    link = after.backhaul.iloc[-1]
    assert (link["site_id"], link["medium"], link["upstream"]) == ("N", "microwave", "A")
    assert "N" in set(after.sites["site_id"])
    assert "N" not in set(after.cells["site_id"])


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ({"off": Off(cells=["A3"])}, "off.cells: there is no A3; the nearest is A"),
        ({"off": Off(pops=["zzz"])}, "off.pops: there is no zzz"),
        ({"changes": [Change(site_id="Q", turn_deg=1)]}, "changes.0: there is no Q"),
        ({"masts": [mast("Q", None)]}, "masts.0: there is no Q"),
        ({"masts": [mast("A", at(6, 2))]}, "a mast called A stands 4.00 km from there"),
        ({"masts": [mast("N", (0.0, 0.0))]}, "N: this place is not on the study's terrain"),
        (
            {"masts": [mast("N", at(6, 2)), mast("N", at(6, 3))]},
            "masts.1: N is built at two places",
        ),
        (
            {"cables": [Cable(cable_id="T1", points=[at(2, 2), at(6, 2)])]},
            "cables.0: there is a cable T1 already",
        ),
        ({"backhaul": [Hang(site_id="N")]}, "backhaul.0: there is no N"),
    ],
)
def test_what_cannot_be_done_is_said(inputs: Inputs, scenario: dict, said: str) -> None:
    with pytest.raises(StudyError) as caught:
        with_scenario(inputs, Scenario(name="kịch bản", **scenario))
    assert said in str(caught.value)


def test_a_run_with_a_scenario_beside_one_without(folder: Path) -> None:
    scenario = Scenario(
        name="Trạm Pả Vi",
        description="Một trạm sau núi",
        masts=[mast("N", at(6, 2), azimuths_deg=[])],
        cables=[Cable(cable_id="mới", points=[at(2, 2), at(6, 2)])],
    )
    (folder / "scenarios").mkdir()
    (folder / "scenarios/pa-vi.toml").write_text(scenario_text(scenario), "utf-8")
    phusong("run", folder, "--out", folder / "now")
    said = phusong("run", folder, "--scenario", "pa-vi", "--out", folder / "then").output
    assert "Tỉnh thử · Trạm Pả Vi" in said
    villages = {row["code"]: row["grade"] for row in table(folder / "then/villages.csv")}
    assert set(villages.values()) == {"covered"}
    said = phusong("compare", folder / "now", folder / "then", "--out", folder / "both").output
    assert "Tỉnh thử · Trạm Pả Vi" in said
    assert "2 gained" in said
    assert "not made to the same definitions" not in said
    communes = {row["code"]: row["change"] for row in table(folder / "both/compare_communes.csv")}
    assert communes == {"01": "same", "02": "gained"}
    said = phusong("run", folder, "--scenario", "pa-va", "--out", folder / "no", code=1).output
    assert "pa-vi" in said
    said = phusong(
        "run", folder, "--scenario", "pa-va", "--out", folder / "no", "--lang", "vi", code=1
    )
    assert "kịch bản" in said.output
