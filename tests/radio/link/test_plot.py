"""The picture of one path: hand-worked geometry, obstructions, figure, terminal drawing."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from phusong.coverage.link.plot import figure_bytes, link_figure, link_text
from phusong.coverage.link.view import headline, link_view, obstruction_text
from phusong.coverage.propagation.linkpath import link_path
from phusong.errors import ModelError


def view(models=("free_space",), **change):
    record = {
        "freq_mhz": 300.0,
        "tx_height_m": 50.0,
        "rx_height_m": 50.0,
        "height_m": [0.0] * 21,
        "distance_km": 20.0,
        "delta_n": 0.0,
    }
    return link_view(link_path(record | change), models)


def with_hill(at, height_m):
    heights = [0.0] * 21
    heights[at] = height_m
    return heights


def test_bulge_and_zone_by_hand():
    # No refraction: 6371 km. Half-way: 10 · 10 km² / (2 · 6371 km) = 7.848 m.
    seen = view()
    assert seen.earth_radius_km == 6371.0
    assert seen.bulge_m[10] == pytest.approx(7.848, abs=1e-3)
    # λ = 0.99931 m: sqrt(λ · 10 km / 2) = 70.686 m.
    assert seen.zone_m[10] == pytest.approx(70.686, abs=1e-3)
    assert seen.zone_m[[0, -1]] == pytest.approx([0.0, 0.0])
    assert seen.ray_m == pytest.approx(np.full(21, 50.0))
    assert view(delta_n=39.25).earth_radius_km == pytest.approx(6371.0 * 4 / 3)


def test_clear_path():
    # 0.6 · 70.686 m = 42.41 m; 100 m masts leave 92 m half-way.
    seen = view(tx_height_m=100.0, rx_height_m=100.0)
    assert seen.obstructions == ()
    assert seen.in_sight
    assert "is clear" in headline(seen)


def test_hill_above_the_ray():
    seen = view(tx_height_m=100.0, rx_height_m=100.0, height_m=with_hill(5, 120.0))
    (hill,) = seen.obstructions
    bulge = 5.0 * 15.0 / 2 / 6371.0 * 1000.0
    radius = math.sqrt(0.999308 * 5000.0 * 15_000.0 / 20_000.0)
    assert (hill.at_km, hill.from_km, hill.to_km) == (5.0, 5.0, 5.0)
    assert hill.above_ray_m == pytest.approx(120.0 + bulge - 100.0)
    assert hill.zone_radius_m == pytest.approx(radius, abs=1e-3)
    assert hill.into_zone_m == pytest.approx(hill.above_ray_m + 0.6 * radius, abs=1e-3)
    assert hill.blocks
    assert not hill.by_clutter
    assert not seen.in_sight
    assert "obstructed" in headline(seen)
    assert "25.9 m above the ray" in obstruction_text(hill)


def test_hill_below_the_ray_and_by_clutter():
    clutter = [0.0] * 21
    clutter[5] = 20.0
    seen = view(
        tx_height_m=100.0, rx_height_m=100.0, height_m=with_hill(5, 55.0), clutter_m=clutter
    )
    (hill,) = seen.obstructions
    assert not hill.blocks
    assert hill.by_clutter
    assert seen.in_sight
    assert "60 % zone is entered" in headline(seen)
    assert "clutter" in obstruction_text(hill)
    assert "below the ray" in obstruction_text(hill)


def test_clutter_at_the_terminals_is_left_out():
    seen = view(tx_height_m=100.0, rx_height_m=100.0, clutter_m=[200.0] + [0.0] * 19 + [200.0])
    assert seen.obstructions == ()


def test_worst_point_of_a_ridge_is_that_of_the_largest_fresnel_parameter():
    heights = [0.0] * 21
    heights[1], heights[2] = 130.0, 131.0
    (ridge,) = view(tx_height_m=100.0, rx_height_m=100.0, height_m=heights).obstructions
    assert (ridge.from_km, ridge.to_km, ridge.at_km) == (1.0, 2.0, 1.0)


def test_losses_and_reasons():
    seen = view(models=None)
    losses = {one.model: one for one in seen.losses}
    assert losses["free_space"].loss_db == pytest.approx(
        32.45 + 20 * math.log10(300 * 20), abs=0.01
    )
    assert losses["cost231_hata"].loss_db is None
    assert losses["cost231_hata"].reason.startswith("frequency")
    assert losses["p1812"].loss_db >= losses["free_space"].loss_db - 1.0


def test_refusals():
    with pytest.raises(ModelError, match="no_such"):
        view(models=["no_such"])
    with pytest.raises(ModelError, match="effective earth radius"):
        view(delta_n=160.0)
    for freq_mhz in (0.0, -4.0):
        with pytest.raises(ModelError, match="Fresnel zone needs one above 0"):
            view(freq_mhz=freq_mhz)
    with pytest.raises(ModelError, match="stands on its ground"):
        view(rx_height_m=-1.0)


def test_a_reason_is_shown_whole():
    seen = view(models=("cost231_hata",))
    (refused,) = seen.losses
    text = link_text(seen, 60)
    assert refused.reason in " ".join(text.split())
    assert "…" not in text.split("COST-231")[1]
    cells = [
        cell for axes in link_figure(seen).axes for t in axes.tables for cell in t.get_children()
    ]
    assert refused.reason in [cell.get_text().get_text() for cell in cells]


def test_vietnamese_numbers_have_a_comma_throughout(monkeypatch):
    monkeypatch.setattr("phusong.i18n.get_language", lambda: "vi")
    seen = view(distance_km=19.5)
    text = link_text(seen)
    figure = link_figure(seen)
    figure.draw_without_rendering()
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert "19,5 km" in text
    assert not re.search(r"\d\.\d", text)
    assert "2,5" in ticks


def test_figure_is_a_file_of_its_kind_and_always_the_same():
    seen = view(height_m=with_hill(7, 90.0), models=("free_space", "cost231_hata"))
    svg = figure_bytes(link_figure(seen), "svg")
    assert ET.fromstring(svg).tag.endswith("svg")
    assert svg == figure_bytes(link_figure(seen), "svg")
    assert figure_bytes(link_figure(seen), "png")[:8] == b"\x89PNG\r\n\x1a\n"


def test_figure_with_clutter_and_many_obstructions_lists_the_worst():
    heights = [100.0 if i % 2 else 0.0 for i in range(21)]
    seen = view(freq_mhz=30_000.0, height_m=heights, clutter_m=[5.0] * 21)
    assert len(seen.obstructions) == 10
    assert "and 4 more" in link_text(seen)
    texts = [text.get_text() for axes in link_figure(seen).axes for text in axes.texts]
    assert any("and 4 more" in text for text in texts)
    assert "10" in texts


@pytest.mark.parametrize("columns", [20, 60, 100, 500])
def test_terminal_drawing_keeps_its_width(columns):
    text = link_text(view(height_m=with_hill(7, 90.0), models=None), columns)
    lines = text.split("\n")
    assert max(len(one) for one in lines) <= max(min(columns, 100), 40)
    drawn = [one for one in lines if any("\u2800" <= c <= "\u28ff" for c in one)]
    assert len(drawn) == 20
    assert "free space" in text.lower()


def test_ray_shows_in_the_terminal_as_a_line():
    # A level ray between 50 m masts over level ground: the top third holds dots of ray alone.
    lines = link_text(view(freq_mhz=30_000.0), 60, rows=10).split("\n")
    top = lines[1]
    assert sum("\u2801" <= c <= "\u28ff" for c in top) > 20
