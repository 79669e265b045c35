"""Batches of paths: reference losses, every way a line can be wrong, files plain and gzipped."""

import csv
import gzip
import json

import pandas as pd
import pytest

from phusong.coverage.link.batch import link_file, link_profiles, read_lines
from phusong.coverage.propagation.registry import MODELS
from phusong.errors import InputError, ModelError, OutputError

GOOD = {
    "freq_mhz": 900.0,
    "tx_height_m": 40.0,
    "rx_height_m": 1.5,
    "distance_km": 4.0,
    "height_m": [10.0, 60.0, 20.0, 5.0, 30.0],
}


def line(**change):
    return json.dumps({key: value for key, value in (GOOD | change).items() if value != "absent"})


def test_three_hundred_mountain_paths_under_all_models(reference):
    lines = read_lines(reference / "p1812" / "terrain_paths.jsonl.gz")
    expected = pd.DataFrame([json.loads(text) for text in lines])
    table = link_profiles(lines)
    assert len(table) == 300
    assert (table["p1812_loss_db"] - expected["p1812_loss_db"]).abs().max() < 0.01
    assert (table["itm_loss_db"] - expected["itm_loss_db"]).abs().max() < 0.001
    assert (table["itm_warnings"] == expected["itm_warnings"]).all()
    assert table[["p526_loss_db", "free_space_loss_db"]].notna().all(axis=None)
    assert table["reason"].str.contains("cost231_hata: ").any()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"freq_mhz": ' + "9" * 5000 + "}", "not JSON: Exceeds the limit"),
        ("[1, 2]", "no JSON object"),
        (line(freq_mhz="absent"), "freq_mhz is missing"),
        (line(height_m=None), "height_m is missing"),
        (line(distance_km="absent"), "distance_km is missing"),
        (line(freq_mhz=float("nan")), "freq_mhz is nan"),
        (line(freq_mhz="900"), "freq_mhz is 900, not a number"),
        (line(freq_mhz=True), "freq_mhz is True"),
        (line(freq_mhz=10**400), "not a number"),
        (line(freq_mhz=1.0), "frequency 1 MHz lies outside"),
        (line(tx_height_m=-3.0), "antenna height"),
        (line(time_percent=99.0), "time percentage"),
        (line(distance_km=0.0), "above 0"),
        (line(distance_km=-1.0), "above 0"),
        (line(distance_km=0.1), "distance 0.1 km"),
        (line(distance_km=[0, 1, 2]), "distance_km has 3 points and height_m 5"),
        (line(distance_km=[0, 1, 1, 2, 3]), "start at 0 and rise"),
        (line(height_m=[1.0]), "at least 2"),
        (line(height_m=[1.0, 2.0]), "2 points"),
        (line(height_m=7.0), "list of numbers"),
        (line(height_m=[1.0, None, 2.0]), "point 2 is None"),
        (line(height_m=[1.0, float("inf"), 2.0]), "point 2 is inf"),
        (line(height_m=[1.0, 2.0, -32768.0]), "point 3 is -32768 m, no height of ground"),
        (line(height_m=[9999.0, 2.0, 3.0]), "point 1 is 9999 m, no height of ground"),
        (line(clutter_m=[1.0]), "clutter_m has 1 points"),
        (line(clutter_m=[0, 0, -1, 0, 0]), "below 0"),
        (line(zone=[4, 4, 2, 4, 4]), "zone must be"),
        (line(polarisation="x"), "not h or v"),
        (line(polarisation=["v"]), "not h or v"),
        (line(zone=2), "zone must be"),
        (line(zone="lake"), "zone: point 1 is lake"),
        (line(tx_lat=10.0), "tx_lon is missing"),
        (line(tx_lat=91.0, tx_lon=0, rx_lat=0, rx_lon=0), "tx_lat is 91.0, beyond ±90 degrees"),
        (line(latitude_deg=-100), "latitude_deg is -100.0, beyond"),
        (line(location_percent=100.0), "location percentage"),
        (line(location_sigma_db=-1), "location_sigma_db must not be below 0"),
        (line(tx_coast_km="far"), "tx_coast_km is far"),
        (line(Freq_MHz=900.0), "freq_mhz is given twice, once as Freq_MHz"),
    ],
)
def test_a_line_that_cannot_be_computed_says_why(text, reason):
    table = link_profiles([line(), text, line()], "p1812")
    assert reason in table["reason"][1]
    assert "\n" not in table["reason"][1]
    assert list(table["loss_db"].isna()) == [False, True, False]
    assert list(table["line"]) == [1, 2, 3]
    assert list(table["reason"][[0, 2]]) == ["", ""]


def test_distances_point_by_point_and_in_metres():
    spaced = link_profiles(
        [line(), line(distance_km=[0, 1, 2, 3, 4]), line(distance_m=4000, distance_km="absent")],
        "p526",
    )
    assert list(spaced["loss_db"]) == [spaced["loss_db"][0]] * 3


SHORE = {
    "distance_km": 60.0,
    "height_m": [0.0] * 61,
    "time_percent": 5.0,
    "freq_mhz": 450.0,
    "zone": [3] * 2 + [1] * 57 + [4] * 2,
}


@pytest.mark.parametrize(
    "change",
    [
        {"zones": ["coastal"] * 2 + ["Sea"] * 57 + ["inland"] * 2, "zone": "absent"},
        {"zone": ["A1"] * 2 + ["B"] * 57 + ["A2"] * 2},
        {"Zone": [3.0] * 2 + [1.0] * 57 + [4.0] * 2, "zone": "absent"},
        {"polarization": "Vertical"},
        {"pol": 2},
        {"polarisation": "V"},
        {"frequency_mhz": 450.0, "freq_mhz": "absent"},
        {"distances_km": list(range(61))},
        {"distances_m": [1000 * k for k in range(61)], "distance_km": "absent"},
        {"clutter": 0.0, "clutter_m": None},
        {"DN": 45.0, "N0": 325.0, "P": 5.0, "time_percent": "absent"},
        {"dct_km": 1.5, "dcr": 1.5},
        {"p1812_loss_db": 1.0, "itm_warnings": 3, "name": "shore", "_note": [1]},
    ],
)
def test_keys_and_words_in_other_spellings(change):
    table = link_profiles([line(**SHORE), line(**(SHORE | change))], "p1812")
    assert list(table["reason"]) == ["", ""]
    assert table["loss_db"][1] == table["loss_db"][0]


def test_what_is_given_shapes_the_loss():
    changes = [
        {},
        {"polarisation": "h"},
        {"zone": 1},
        {"zone": "absent"},
        {"tx_coast_km": 30.0},
        {"location_percent": 90.0, "location_sigma_db": 5.5},
    ]
    losses = link_profiles([line(**(SHORE | change)) for change in changes], "p1812")["loss_db"]
    assert losses.nunique() == len(changes)
    # I(x) of Attachment 2 at 90 % is −1.2817 to within its approximation.
    assert losses[5] - losses[0] == pytest.approx(1.2817 * 5.5, abs=0.005)


def test_a_key_that_is_not_known_is_named_beside_the_loss():
    table = link_profiles([line(polarity="h", clutter_hight=[3]), line()], "itm")
    assert table["reason"][0] == "keys not known, left out: polarity, clutter_hight"
    assert list(table["loss_db"]) == [table["loss_db"][1]] * 2


def test_latitude_from_the_terminals_or_given():
    far = {"time_percent": 5.0, "distance_km": 90.0}
    table = link_profiles(
        [
            line(**far, tx_lat=10.0, tx_lon=105.0, rx_lat=10.0, rx_lon=105.8),
            line(**far, latitude_deg=10.0),
            line(**far, latitude_deg=60.0),
        ],
        "p1812",
    )
    assert table["loss_db"][0] == pytest.approx(table["loss_db"][1], abs=0.01)
    assert abs(table["loss_db"][2] - table["loss_db"][1]) > 0.1


def test_all_models_have_a_column_each_in_order():
    columns = list(link_profiles([line()]).columns)
    assert columns[0] == "line"
    assert columns[-1] == "reason"
    assert [c for c in columns if c.endswith("_loss_db")] == [f"{m}_loss_db" for m in MODELS]
    assert list(link_profiles([], "p526").columns) == ["line", "loss_db", "reason"]


def test_unknown_model(tmp_path):
    with pytest.raises(ModelError, match="no_such"):
        link_profiles([], "no_such")
    with pytest.raises(ModelError, match="no_such"):
        link_file(tmp_path / "absent.jsonl", "no_such", tmp_path / "out.csv")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_plain_and_gzipped(tmp_path, suffix):
    data = f"{line()}\r\n{line(freq_mhz=1.0)}\n\n".encode()
    source = tmp_path / f"paths.jsonl{suffix}"
    source.write_bytes(gzip.compress(data) if suffix else data)
    out = tmp_path / f"losses.csv{suffix}"
    assert link_file(source, "itm", out) == 1
    text = gzip.decompress(out.read_bytes()).decode() if suffix else out.read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["line"] for row in rows] == ["1", "2"]
    assert float(rows[0]["loss_db"]) > 100.0
    assert rows[0]["itm_warnings"].isdigit()
    assert (rows[1]["loss_db"], rows[1]["itm_warnings"]) == ("", "")
    assert "frequency" in rows[1]["reason"]
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        link_file(tmp_path / "absent.jsonl", "p526", tmp_path / "out.csv")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(line().encode() * 50)[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        read_lines(cut)
    cut.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff\xff")
    with pytest.raises(InputError, match="cannot be read"):
        read_lines(cut)
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b"\xff\xfe\xe9")
    with pytest.raises(InputError, match="UTF-8"):
        read_lines(latin)
    good = tmp_path / "good.jsonl"
    good.write_text(line())
    with pytest.raises(OutputError, match="cannot be written"):
        link_file(good, "p526", tmp_path / "no_folder" / "out.csv")
