"""The network handed out in the Open Fibre Data Standard, checked by the standard's own checker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers.fiber import cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.errors import Where
from phusong.exports import CsvForm
from phusong.exports.formats.open_fibre import network_of, write_network
from phusong.exports.publish import publish_run
from phusong.fiber.assess import assess_fiber
from phusong.pipeline.run import run_study
from phusong.results.finished import open_run
from phusong.sources.tables.headers import CABLES, POPS
from phusong.sources.tables.ofds.ofds import read_ofds
from phusong.study import Layer
from phusong.study.file import read_study


def complaints(package: dict[str, Any]) -> list[str]:
    """What libcoveofds says of a package under the schema of 0.3."""
    pytest.importorskip(
        "libcoveofds", reason="libcoveofds, the standard's checker, is not installed"
    )
    from libcoveofds import schema
    from libcoveofds.additionalfields import AdditionalFields
    from libcoveofds.jsonschemavalidate import JSONSchemaValidator
    from libcoveofds.python_validate import PythonValidate

    class Version3(schema.OFDSSchema):
        schema_version = "0.3"
        package_schema_url = str(Path(schema._schema_folder) / "schema-0-3-0.json")
        network_schema_url = str(Path(schema._schema_folder) / "schema-0-3-0-network-only.json")

    own = Version3()
    assert "0__3__0" in json.dumps(own.get_package_schema())
    said = [str(e.json()) for e in JSONSchemaValidator(own).validate(package)]
    said += [str(e) for e in PythonValidate(own).validate(package)]
    return said + [str(e) for e in AdditionalFields(own).process(package)]


def small(tmp_path: Path) -> dict[str, Any]:
    # A main line, a branch drawn 3 m off it (a joint), a planned cable, a PoP 20 m beside.
    drawn = cables(
        line((0, 0), (4000, 0), (8000, 0)),
        line((4000, 3), (4000, 3000)),
        line((8000, 0), (9000, 0)),
        cable_id=["Trục", "Nhánh", "Mới"],
        owner=["VNX", "", "VNX"],
        status=["đang khai thác", "", "under construction"],
        kind=["aboveGround", "", "duct"],
        cores=[24.0, float("nan"), 12.0],
        in_service=[True, True, False],
    )
    spec = study()
    read = inputs(tmp_path, drawn, pops(point(0, 20)), {"X1": point(4000, 3010), "X2": None})
    fiber = assess_fiber(read, spec, Findings())
    network = network_of(spec, read, fiber, "2026-11-27T12:00:00+00:00")
    assert network is not None
    return network


def test_a_small_network_by_hand(tmp_path: Path) -> None:
    network = small(tmp_path)
    nodes = {n["id"]: n for n in network["nodes"]}
    spans = {
        (s["name"], nodes[s["start"]].get("name"), nodes[s["end"]].get("name")): s
        for s in network["spans"]
    }
    # P0, the joint at 4 km, the end at 8 km, the end of the new cable, the branch's end (X1's centre).
    assert len(nodes) == 5
    assert set(spans) == {
        ("Trục", "P0", None),
        ("Trục", None, None),
        ("Nhánh", None, "Xã X1"),
        ("Mới", None, None),
    }
    first = spans["Trục", "P0", None]
    assert (first["status"], first["fibreCount"]) == ("operational", 24)
    assert first["deployment"] == ["aboveGround"]
    assert first["transmissionMedium"] == ["fibre"]
    branch = spans["Nhánh", None, "Xã X1"]
    assert branch["status"] == "operational"
    assert not {"fibreCount", "physicalInfrastructureProvider", "deployment"} & set(branch)
    assert branch["start"] == first["end"]  # 3 m apart: one joint
    assert spans["Mới", None, None]["status"] == "underConstruction"
    for span in network["spans"]:
        route = span["route"]["coordinates"]
        assert route[0] == nodes[span["start"]]["location"]["coordinates"]
        assert route[-1] == nodes[span["end"]]["location"]["coordinates"]
    pop = next(n for n in nodes.values() if n.get("name") == "P0")
    assert (pop["type"], pop["status"]) == (["pop"], "operational")
    assert [o["name"] for o in network["organisations"]] == ["VNX"]


def test_ids_stay_from_run_to_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert small(tmp_path / "a") == small(tmp_path / "b")


def test_the_standards_checker_has_nothing_to_say(tmp_path: Path) -> None:
    network = small(tmp_path)
    assert complaints({"networks": [network]}) == []
    broken = json.loads(json.dumps(network))
    broken["spans"][0]["start"] = "nowhere"
    broken["spans"][1]["status"] = "on air"
    assert len(complaints({"networks": [broken]})) >= 2


def test_the_geojson_is_the_checkers_own(tmp_path: Path) -> None:
    pytest.importorskip(
        "libcoveofds", reason="libcoveofds, the standard's checker, is not installed"
    )
    from libcoveofds.geojson import JSONToGeoJSONConverter

    network = small(tmp_path)
    write_network(network, tmp_path)
    converter = JSONToGeoJSONConverter()
    converter.process_package(json.loads(json.dumps({"networks": [network]})))
    for name, theirs in (
        ("nodes.geojson", converter.get_nodes_geojson()),
        ("spans.geojson", converter.get_spans_geojson()),
    ):
        ours = json.loads((tmp_path / name).read_text("utf-8"))
        assert ours == theirs


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    network = small(tmp_path)
    write_network(network, tmp_path)
    for name in ("network.ofds.json", "spans.geojson"):
        path, findings = tmp_path / name, Findings()
        read = read_ofds(path, Layer(path=path), CABLES, findings, Where(file=name))
        assert read is not None
        assert read[0] is not None
        assert read[0]["name"].tolist() == [s["name"] for s in network["spans"]]
        assert {f.rule.number for f in findings} == {"S50"}  # every end lies on its node
    path = tmp_path / "network.ofds.json"
    read = read_ofds(path, Layer(path=path), POPS, Findings(), Where())
    assert read is not None
    assert read[0] is not None
    assert read[0]["name"].tolist() == ["P0"]


def test_a_run_writes_it_and_publish_keeps_back_what_is_withheld(
    tiny_study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(tiny_study, folder)
    path = folder / "study.toml"
    text = path.read_text("utf-8")
    held = 'layers = ["communes", "fibre"]\nwithhold = { fibre = ["cable_id", "status"] }\n'
    path.write_text(f'{text}\n[outputs]\nformats = ["ofds"]\n[publish]\n{held}', "utf-8")
    run_study(read_study(folder), tmp_path / "out", radio=False)
    whole = json.loads((tmp_path / "out/ofds/network.ofds.json").read_text("utf-8"))
    assert complaints(whole) == []
    listed = json.loads((tmp_path / "out/datapackage.json").read_text("utf-8"))["resources"]
    assert "ofds/spans.geojson" in {r["path"] for r in listed}
    assert all({"name", "status"} <= set(s) for s in whole["networks"][0]["spans"])
    publish_run(open_run(tmp_path / "out"), tmp_path / "public", CsvForm(), overwrite=False)
    public = json.loads((tmp_path / "public/ofds/network.ofds.json").read_text("utf-8"))
    assert complaints(public) == []
    assert not any({"name", "status"} & set(s) for s in public["networks"][0]["spans"])
    geojson = json.loads((tmp_path / "public/ofds/spans.geojson").read_text("utf-8"))
    assert not any({"name", "status"} & set(f["properties"]) for f in geojson["features"])
