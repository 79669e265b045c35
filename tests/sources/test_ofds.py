"""Networks in the Open Fibre Data Standard: known by content, ends led to nodes, nothing lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from helpers.province import X0, Y0, check, lonlat, numbers_of, only, read
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.cables.lines import read_cables
from phusong.sources.tables.headers import CABLES, POPS
from phusong.sources.tables.layers import Records, read_layer
from phusong.study import Layer, Study

NETWORK = "a096d627-72e1-4f9b-b129-951b1737bff4"


def node(number: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": list(lonlat(X0 + x, Y0 + y))}
    return {"id": number, "name": f"Node {number}", "location": place, **more}


def span(number: str, start: str, end: str, *points: tuple[float, float], **more: Any) -> Any:
    route = {"type": "LineString", "coordinates": [list(lonlat(X0 + x, Y0 + y)) for x, y in points]}
    return {"id": number, "start": start, "end": end, "route": route, **more}


def package(nodes: Any, spans: Any, **more: Any) -> dict[str, Any]:
    return {
        "networks": [{"id": NETWORK, "name": "Mạng thử", "nodes": nodes, "spans": spans, **more}]
    }


def write(folder: Path, whole: Any, name: str = "network.json") -> Path:
    path = folder / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    return path


def layer_of(path: Path, role: Any, findings: Findings, **more: Any) -> Records | None:
    layer = Layer.model_validate({"path": path, **more})
    study = Study.model_validate(
        {
            "study": {"name": "x"},
            "boundaries": {"communes": {"path": "c.gpkg"}, "villages": [{"path": "v.gpkg"}]},
            "towers": [{"path": "t.csv"}],
            "terrain": {"dem": ["d.tif"]},
        }
    ).model_copy(update={"folder": path.parent})
    return read_layer(study, layer, role, findings)


NODES = [
    node("1", 500, 2500, type=["pop"], status="operational"),
    node("2", 5000, 2500, type=["cabinet"], status="operational"),
    node("3", 9500, 2500, accessPoint=True, status="underConstruction"),
]
SPANS = [
    # The first ends 150 m short of its node; the second is drawn from its end, 10 m beside.
    span("a", "1", "2", (500, 2500), (4850, 2500), status="operational", fibreCount=24,
         physicalInfrastructureProvider={"id": "o1", "name": "VNX"}, deployment=["aboveGround"]),
    span("b", "2", "3", (9500, 2510), (5000, 2510), status="underConstruction",
         networkProviders=[{"id": "o2", "name": "A"}, {"id": "o3"}]),
]  # fmt: skip


def test_one_file_is_cables_and_points_of_presence(tmp_path: Path, spec: dict[str, Any]) -> None:
    write(tmp_path, package(NODES, SPANS))
    spec["fiber"] = {
        "cables": [{"path": "data/network.json"}],
        "pops": [{"path": "data/network.json"}],
    }
    inputs, findings = read(tmp_path, spec)
    cables = inputs.cables.set_index("cable_id")
    assert cables.loc["a", ["owner", "cores", "kind", "status"]].tolist() == [
        "VNX",
        24,
        "aboveGround",
        "operational",
    ]
    assert cables.loc["b", "owner"] == "A, o3"
    assert cables["in_service"].to_dict() == {"a": True, "b": False}
    # 4,350 m drawn and 150 m to the node; 4,500 m drawn and 10 m to each of its nodes.
    assert cables.length.round(1).to_dict() == {"a": 4500.0, "b": 4520.0}
    assert inputs.pops["pop_id"].tolist() == ["1"]  # 2 is a cabinet, 3 is not in service
    assert only(findings, "F34").params["kinds"] == "cabinet (1)"
    assert only(findings, "F22").where.file == "data/network.json"
    led = only(findings, "F31").params
    assert (led["n"], led["total"], round(led["most"])) == (3, 4, 150)
    assert [f.params["spans"] for f in findings.of("S50")] == [2, 2]


def test_ends_of_one_node_meet_exactly(tmp_path: Path) -> None:
    findings = Findings()
    records = layer_of(write(tmp_path, package(NODES, SPANS)), CABLES, findings)
    assert records is not None
    a, b = records.frame.geometry
    joint = NODES[1]["location"]["coordinates"]
    assert a.coords[-1] == b.coords[-1] == tuple(joint)  # b is drawn from its end


@pytest.mark.parametrize("embedded", [True, False])
def test_geojson_is_the_same_network(tmp_path: Path, embedded: bool) -> None:
    def feature(kind: str, body: dict[str, Any]) -> dict[str, Any]:
        at = "location" if kind == "node" else "route"
        own = {k: v for k, v in body.items() if k != at}
        if kind == "span" and embedded:
            ends = {n["id"]: n for n in NODES}
            own |= {"start": ends[own["start"]], "end": ends[own["end"]]}
        own |= {"featureType": kind, "network": {"id": NETWORK, "name": "Mạng thử"}}
        return {"type": "Feature", "geometry": body[at], "properties": own}

    spans = [feature("span", one) for one in SPANS]
    nodes = [feature("node", one) for one in NODES]
    features = spans if embedded else [*nodes, *spans]  # alone, spans bring their nodes along
    path = write(tmp_path, {"type": "FeatureCollection", "features": features}, "spans.geojson")
    of_json = layer_of(write(tmp_path, package(NODES, SPANS)), CABLES, Findings())
    of_geojson = layer_of(path, CABLES, Findings())
    assert of_json is not None
    assert of_geojson is not None
    for column in ("cable_id", "owner", "status", "cores", "kind", "geometry"):
        assert of_geojson.frame[column].tolist() == of_json.frame[column].tolist(), column


def test_the_study_may_ask_for_nodes_by_name_or_filter(tmp_path: Path) -> None:
    path = write(tmp_path, package(NODES, SPANS))
    named = layer_of(path, POPS, Findings(), layer="nodes")
    picked = layer_of(path, POPS, Findings(), where="type = 'cabinet'")
    assert named is not None
    assert picked is not None
    assert len(named.frame) == 3
    assert picked.frame["pop_id"].tolist() == ["2"]
    findings = Findings()
    assert layer_of(path, POPS, findings, layer="cables") is None
    assert only(findings, "S03").params["available"] == "nodes, spans"


def test_nodes_without_types_are_all_taken_and_said(tmp_path: Path) -> None:
    findings = Findings()
    path = write(tmp_path, package([node("1", 0, 0), node("2", 10, 10)], []))
    records = layer_of(path, POPS, findings)
    assert records is not None
    assert len(records.frame) == 2
    assert only(findings, "F35").params == {"n": 2}


def test_other_media_are_left_out_and_counted(tmp_path: Path) -> None:
    spans = [
        {**SPANS[0], "transmissionMedium": ["microwave"]},
        {**SPANS[0], "id": "both", "transmissionMedium": ["microwave", "fibre"]},
        {**SPANS[1], "transmissionMedium": ["copper"]},
    ]
    findings = Findings()
    records = layer_of(write(tmp_path, package(NODES, spans)), CABLES, findings)
    assert records is not None
    assert records.frame["cable_id"].tolist() == ["both"]
    assert only(findings, "F33").params["kinds"] == "microwave (1), copper (1)"


def test_every_end_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    nodes = [*NODES, {"id": "4"}, node("5", 0, 0), node("5", 90, 90)]
    spans = [
        span("no-node", "1", "99", (500, 2500), (900, 2500)),
        span("no-place", "4", "2", (900, 2500), (5000, 2500)),
        span("twice", "5", "2", (900, 2600), (5000, 2500)),
        span("far", "1", "3", (500, 2500), (8400, 2500)),  # 1,100 m short
    ]
    findings = Findings()
    records = layer_of(write(tmp_path, package(nodes, spans)), CABLES, findings)
    assert records is not None
    assert records.frame["cable_id"].tolist() == [s["id"] for s in spans]
    said = {f.subject: f.detail for f in findings.of("F32")}
    assert said == {
        "no-node": "the file has no node {node}",
        "no-place": "the node {node} has no place",
        "twice": "{node} is the id of several nodes",
        "far": "{span} ends {distance} m from {node}, the node it names",
    }
    assert records.frame.geometry.iloc[3].equals(
        shapely.from_geojson(json.dumps(spans[3]["route"]))
    )


def test_broken_entries_are_findings_and_the_rest_is_read(tmp_path: Path) -> None:
    route = SPANS[0]["route"]["coordinates"]
    spans = [
        SPANS[0],
        "no object",
        None,
        {"id": "nowhere", "start": "1", "end": "2"},
        {"id": "empty", "route": {"type": "LineString", "coordinates": []}},
        {"id": "text", "route": "LINESTRING (0 0, 1 1)"},
        {"id": "one", "route": {"type": "LineString", "coordinates": [[1, 2]]}},
        {"id": "words", "route": {"type": "LineString", "coordinates": [["a", "b"], [1, 2]]}},
        {"id": "nan", "route": {"type": "LineString", "coordinates": [[float("nan"), 2], [1, 2]]}},
        {"id": {"deep": 1}, "name": ["\ud800", 5, {"id": "x"}], "route": {"type": "LineString", "coordinates": route}},
    ]  # fmt: skip
    path = tmp_path / "network.json"
    path.write_text(json.dumps(package(NODES, spans)), "utf-8")
    findings = Findings()
    records = layer_of(path, CABLES, findings)
    assert records is not None
    assert records.frame["row"].tolist() == [1, 10]
    assert [f.where.row for f in findings.of("S51")] == [2, 3]
    assert [f.subject for f in findings.of("S11")] == ["nowhere", "empty"]
    assert [f.subject for f in findings.of("S22")] == ["text", "one", "words", "nan"]
    assert records.total == len(spans)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b'{"networks": 5}', "S02"),
        (b'{"networks": [{"id": "1", "spans": ', "S02"),
        (b'{"networks": [{"name": "M\xe9"}]}', "S02"),
        (b'{"networks": ' + b"[" * 200_000, "S02"),
        (b'{"networks": []}', "F01"),
        (b'{"networks": [null, 3, {"nodes": 7, "spans": {"a": 1}, "links": 5, "crs": 9}]}', "F01"),
        (b'{"networks": [{"spans": [{"id": 1' + b"0" * 5000 + b"}]}]}", "S02"),
    ],
)
def test_a_broken_file_is_a_finding(
    tmp_path: Path, spec: dict[str, Any], data: bytes, rule: str
) -> None:
    (tmp_path / "data" / "network.json").write_bytes(data)
    spec["fiber"]["cables"] = [{"path": "data/network.json"}]
    findings = check(tmp_path, spec)
    assert rule in numbers_of(findings)


def test_a_feature_of_any_kind_is_no_traceback(tmp_path: Path) -> None:
    own = {"featureType": {"odd": 1}, "network": {"id": NETWORK}, "id": "a", "start": [1]}
    feature = {"type": "Feature", "geometry": SPANS[0]["route"], "properties": own}
    features = [feature, None, {"properties": 3}, {"properties": {}, "geometry": 5}]
    path = write(tmp_path, {"type": "FeatureCollection", "features": features}, "spans.geojson")
    findings = Findings()
    records = layer_of(path, CABLES, findings)
    assert records is not None
    assert records.frame["cable_id"].tolist() == ["a"]


def test_networks_do_not_share_ids_and_cycles_end(tmp_path: Path) -> None:
    other = {"id": "n2", "nodes": [node("1", 7000, 7000)], "spans": [span("loop", "1", "1", (7000, 7000), (7100, 7000), (7000, 7005))]}  # fmt: skip
    whole = package(NODES, SPANS)
    whole["networks"].append(other)
    findings = Findings()
    records = layer_of(write(tmp_path, whole), CABLES, findings)
    assert records is not None
    assert not findings.of("F32")
    loop = records.frame.geometry.iloc[2]
    assert loop.coords[0] == loop.coords[-1] == tuple(other["nodes"][0]["location"]["coordinates"])


def test_what_lies_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    links = [
        {"rel": "describedby", "href": "https://example.org/schema.json"},
        {
            "rel": "tag:opentelecomdata.net,2022:spansFile",
            "href": "https://example.org/spans.jsonl",
        },
    ]
    findings = Findings()
    layer_of(write(tmp_path, package(NODES, SPANS, links=links)), CABLES, findings)
    assert only(findings, "S52").params == {"n": 1, "link": "https://example.org/spans.jsonl"}


def test_other_json_stays_what_it_was(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": SPANS[0]["route"],
            "properties": {"id": "A", "network": "VNX", "nodes": 3},
        }
    ]
    path = write(tmp_path, {"type": "FeatureCollection", "features": features}, "cables.geojson")
    findings = Findings()
    records = layer_of(path, CABLES, findings)
    assert records is not None
    assert not findings.of("S50")
    assert records.frame["cable_id"].tolist() == ["A"]


@pytest.mark.parametrize("name", ["network.ofds.json", "spans.geojson"])
def test_a_real_network_is_read_whole(shared: Path, tmp_path: Path, name: str) -> None:
    source = shared / "realdata" / "georgia_fibre" / f"{name}.gz"
    if not source.is_file():
        pytest.skip(f"the real network is not at {source}")
    path = tmp_path / name
    path.write_bytes(gzip.decompress(source.read_bytes()))
    findings = Findings()
    records = layer_of(path, CABLES, findings)
    assert records is not None
    assert len(records.frame) == 953
    assert not findings.of("F32")
    assert only(findings, "F31").params["n"] == 1348
    moved = Records(records.frame.to_crs(32638), Where(), ".", records.columns)
    cables = read_cables(moved, [], findings)
    assert cables["owner"].unique().tolist() == ["Government of Georgia"]
    assert cables["in_service"].all()
    assert cables.length.sum() / 1000 == pytest.approx(3510, abs=20)
    # The ends are the places of the nodes that spans name, and nothing beside.
    ends = {line.coords[k] for line in records.frame.geometry for k in (0, -1)}
    whole = json.loads(gzip.decompress((source.parent / "network.ofds.json.gz").read_bytes()))
    places = {n["id"]: tuple(n["location"]["coordinates"]) for n in whole["networks"][0]["nodes"]}
    assert ends == {places[s[k]] for s in whole["networks"][0]["spans"] for k in ("start", "end")}


def test_a_real_networks_nodes_are_points_of_presence(shared: Path, tmp_path: Path) -> None:
    source = shared / "realdata" / "georgia_fibre" / "network.ofds.json.gz"
    if not source.is_file():
        pytest.skip(f"the real network is not at {source}")
    path = tmp_path / "network.json"
    path.write_bytes(gzip.decompress(source.read_bytes()))
    findings = Findings()
    records = layer_of(path, POPS, findings)
    assert records is not None
    assert len(records.frame) == 950
    assert only(findings, "F35").params == {"n": 950}
