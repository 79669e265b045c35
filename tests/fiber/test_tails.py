"""A PoP beside its cable: its own tail is no section of cable, however long."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.fiber import cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.i18n import tr
from phusong.report.plans.loss_pages import ELEMENTS

RING = line((5000, 5000), (5000, 10_000), (0, 10_000), (0, 0), (5000, 0), (5000, 5000))
CENTRES = {"a": point(100, 100), "b": point(5100, 2000), "c": point(2500, 10_100)}


def assess(folder, beside_m):
    findings = Findings()
    read = inputs(folder, cables(RING), pops(point(-beside_m, 3000)), CENTRES)
    return assess_fiber(read, study(), findings), findings


@pytest.mark.parametrize("beside_m", [0.0, 1e-6, 0.5, 4.0, 4.99, 5.01, 6.0, 20.0, 49.0])
def test_the_figures_do_not_jump_with_the_length_of_the_tail(tmp_path, beside_m):
    result, findings = assess(tmp_path, beside_m)
    reach = result.reach
    assert reach["reached"].all()
    assert not reach["single_route"].any()
    assert reach["node_disjoint"].all()
    assert not result.edges["bridge"].any()
    kinds = result.failures.groupby("element")["count"].max().to_dict()
    assert kinds.pop("pop") == 3
    assert "edge" not in kinds
    assert kinds.get("tail", 0) == (3 if beside_m > 1 else 0)
    assert len(findings.of("F24")) == (beside_m > 1)


def test_the_tail_is_named_apart_and_may_be_cut(tmp_path):
    result, findings = assess(tmp_path, 6.0)
    row = result.failures[result.failures["element"] == "tail"].iloc[0]
    assert (row["id"], row["communes"]) == ("pop.1", ("a", "b", "c"))
    assert np.hypot(row["x_m"] - result.network.x_m[0], 0) < 1e5
    assert sorted(result.what_if(["pop.1"])["commune_code"]) == ["a", "b", "c"]
    (found,) = findings.of("F24")
    assert "P0 stands 6 m from C0" in found.text()
    assert tr(ELEMENTS["tail"], id="pop.1") == "Tail of a point of presence pop.1"


def test_a_pop_between_two_cables_has_two_tails(tmp_path):
    lines = (line((0, 0), (4000, 0)), line((0, 60), (-4000, 60)))
    centres = {"a": point(3900, 0), "b": point(-3900, 60)}
    read = inputs(tmp_path, cables(*lines), pops(point(0, 30)), centres)
    result = assess_fiber(read, study(), Findings())
    tails = result.failures[result.failures["element"] == "tail"]
    assert sorted(tails["communes"]) == [("a",), ("b",)]
    assert result.edges.loc[result.edges["kind"] == "pop_tail", "communes_behind"].tolist() == [
        1,
        1,
    ]
    assert result.reach["single_route"].all()  # for the cable, not for the tail
