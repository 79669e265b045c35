"""The same figures behind walls and in a car, where the study asks for these places."""

from __future__ import annotations

from phusong.coverage.results import VillageCoverage
from phusong.coverage.villages.indoors import entry_of
from phusong.indicators.results import ANY, Indicator
from phusong.study import Entry, Study

_WHERE = {"in_vehicle": "in a vehicle", "indoor": "indoors"}
_BUILDINGS = {
    "traditional": "ITU-R P.2109, traditional buildings",
    "thermally_efficient": "ITU-R P.2109, thermally efficient buildings",
}
_DEFINITION = (
    "As the figure for any carrier, with every threshold raised by the loss on the way in "
    "({entry}); the spread of that loss adds to the model's own error."
)
_FIGURES = {
    "villages_covered": (
        "Villages with mobile signal {where}, any carrier",
        "share of villages",
    ),
    "people_covered": ("People with mobile signal {where}, any carrier", "share of people"),
}


def place_figures(study: Study, coverage: VillageCoverage) -> list[Indicator]:
    """Return villages and people with signal in each of the study's ``indicators.places``."""
    if coverage.by_place.empty:
        return []
    frame = coverage.by_place
    whole = frame[(frame["operator"] == ANY) & (frame["technology"] == ANY)]
    people = coverage.villages.set_index("code")["people"].fillna(0.0)
    items: list[Indicator] = []
    for name, there in whole.groupby("place", sort=False):
        place = str(name)
        weight = people.reindex(there["code"]).to_numpy()
        parts = {
            "villages_covered": (float((there["grade"] == "covered").sum()), float(len(there))),
            "people_covered": (
                float((weight * there["served_share"].to_numpy()).sum()),
                float(weight.sum()),
            ),
        }
        params = {"where": _WHERE[place], "entry": _entry_words(entry_of(place, study))}
        for figure, (numerator, denominator) in parts.items():
            title, unit = _FIGURES[figure]
            if denominator > 0:
                items.append(
                    Indicator(
                        id=f"{figure}_{place}",
                        title=title,
                        definition=_DEFINITION,
                        params=params,
                        unit=unit,
                        numerator=numerator,
                        denominator=denominator,
                    )
                )
    return items


def _entry_words(entry: Entry) -> str:
    return _BUILDINGS[entry.building] if entry.loss_db is None else f"{entry.loss_db:g} dB"
