"""What a terminal says of the bounds of a plan: whom they count, and who vouches for them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from helpers.planned import of
from phusong.commands.terminal.plans import sites, steps
from phusong.i18n import set_language
from phusong.planning.results import SitePlan

BRANCHING = {
    "en": "on the solver's own branching",
    "vi": "dựa vào phép phân nhánh của chính bộ giải",
}
ONE, BOTH, TOGETHER = (
    {"en": "The bound rests ", "vi": "Giới hạn này "},
    {"en": "Both bounds rest ", "vi": "Cả hai giới hạn đều "},
    {"en": "The bound of all years together rests ", "vi": "Giới hạn cộng dồn qua các năm "},
)


@pytest.fixture(params=["en", "vi"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    set_language(request.param)
    yield request.param
    set_language("en")


def in_years(**changes: Any) -> SitePlan:
    """Two years that serve 800 and 800; no year more than 800 and 1,200, together 1,600."""
    years = {
        "year": [1, 2],
        "spent": [10.0, 0.0],
        "spent_total": [10.0, 10.0],
        "villages": [1, 1],
        "people": [800.0, 800.0],
        "counted": [800.0, 800.0],
        "most_people": [800.0, 1_200.0],
    }
    given = {
        "years": pd.DataFrame(years),
        "most_together": 2_000.0,
        "people": 800.0,
        "counted": 800.0,
        "most_people": 1_200.0,
        "branched": (False, False),
        "life": 10.0,
        "lower_bound": np.nan,
        "candidates": 5,
        "rounds": 1,
        "currency": "USD",
    }
    return of(SitePlan, **{**given, **changes})


def said(printed: Callable[..., None], plan: SitePlan) -> str:
    planning = SimpleNamespace(prices=SimpleNamespace(horizon_years=10), fibre_weight=0.5)
    study = SimpleNamespace(planning=planning)
    console = Console(file=io.StringIO(), width=400)
    printed(console, SimpleNamespace(plan=plan, results=SimpleNamespace(study=study)))
    return console.file.getvalue()


@pytest.mark.parametrize("printed", [sites._print_proof, steps._print_proof])
def test_who_vouches_for_a_bound_of_years_is_said(printed, language: str) -> None:

    def notes(**changes: Any) -> list[str]:
        lines = said(printed, in_years(**changes)).splitlines()
        return [line for line in lines if BRANCHING[language] in line]

    def note(begins: dict[str, str]) -> list[str]:
        return [begins[language] + BRANCHING[language]]

    assert notes() == []
    # The first year's is part of the sum alone: beside it stands the bound of the last.
    assert notes(branched=(True, False)) == note(TOGETHER)
    assert notes(branched=(False, True)) == notes(branched=(True, True)) == note(BOTH)
    # Only the solver has bounded all years together lower than each by itself.
    assert notes(most_together=1_600.0) == note(TOGETHER)
    assert notes(most_together=1_600.0, branched=(False, True)) == note(BOTH)
    once = {"years": in_years().years.head(0), "most_together": np.nan}
    assert notes(branched=(False,), **once) == []
    assert notes(branched=(True,), **once) == note(ONE)


def test_people_who_are_weighed_are_not_said_to_be_served(language: str) -> None:
    count, serve = {
        "en": (
            "1,000 count as they are weighed; no order of building counts more than 2,000",
            "are served",
        ),
        "vi": (
            "tính theo trọng số được 1.000 lượt dân; không trình tự xây dựng nào vượt 2.000",
            "phục vụ được",
        ),
    }[language]
    years = in_years().years.assign(counted=[500.0, 500.0])
    for printed, plan in (
        (sites._print_proof, in_years(years=years, counted=500.0)),
        (steps._print_proof, in_years(years=years, counted=500.0)),
    ):
        text = said(printed, plan)
        assert count in text
        assert serve not in text
    # Signal alone, nobody weighed: they are served. With cables a person may count for half.
    assert serve in said(sites._print_proof, in_years())
    assert serve not in said(steps._print_proof, in_years())
