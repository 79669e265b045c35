"""What is said beside the map: study, definitions, indicators, findings, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.kinds import by_kind
from phusong.maps.codec import plain
from phusong.maps.words import LANGUAGES, both, both_from

if TYPE_CHECKING:
    from phusong.checks import Findings
    from phusong.indicators.results import Indicators
    from phusong.maps.mercator import Frame
    from phusong.study import Study

MOST_FINDINGS = 2000


def _description(study: Study) -> str:
    """Return what the study, and the scenario it is seen with, say of themselves."""
    said = [study.study.description, study.scenario.description if study.scenario else ""]
    return " ".join(text for text in said if text)


def study_section(study: Study, created: str, version: str) -> dict[str, Any]:
    """Return who, what and when, and every threshold the verdicts rest on."""
    about, verdict, radio = study.study, study.verdict, study.radio
    return {
        "name": study.title,
        "description": _description(study),
        "publisher": about.publisher,
        "licence": about.licence,
        "period": about.period,
        "assumptions": [both(text) for text in about.assumptions],
        "synthetic": about.synthetic,
        "created": created,
        "version": version,
        "technologies": list(verdict.technologies),
        "thresholds_dbm": {name: row.threshold_dbm for name, row in radio.technologies.items()},
        "probability": verdict.probability,
        "covered_share": verdict.covered_share,
        "hollow_share": verdict.hollow_share,
        "weight": verdict.weight,
        "model": radio.model,
        "radius_km": radio.radius_km,
        "sigma_model_db": radio.spread.sigma_model_db,
        "rx_height_m": radio.rx_height_m,
        "circles_km": dict(study.indicators.circles_km),
        "drop_m": study.fiber.drop_m if study.fiber else None,
        "near_miss_m": study.fiber.near_miss_m if study.fiber else None,
        "margin_db": study.fiber.optics.margin_db if study.fiber else None,
    }


def indicator_section(indicators: Indicators) -> list[dict[str, Any]]:
    """Return each figure with its definition in both languages."""
    told = {
        language: indicators.to_frame(language)[["title", "unit", "definition"]].to_dict("records")
        for language in LANGUAGES
    }
    return [
        {
            "id": item.id,
            "value": plain(item.value),
            "numerator": plain(item.numerator),
            "denominator": plain(item.denominator),
            "circles": plain(item.circles_value),
            **{
                name: {language: str(rows[row][name]) for language, rows in told.items()}
                for name in ("title", "unit", "definition")
            },
        }
        for row, item in enumerate(indicators.items)
    ]


def finding_section(findings: Findings, frame: Frame) -> dict[str, Any]:
    """Return the findings by kind, errors first; those with a place can be drawn.

    About :data:`MOST_FINDINGS` travel with the page, of every kind some; ``total`` and ``kinds``
    count them all.
    """
    kinds = by_kind(findings)
    few = len(findings) <= MOST_FINDINGS
    room = len(findings) if few else max(1, MOST_FINDINGS // len(kinds))
    kept = [found for kind in kinds for found in kind.items[:room]]
    first = np.cumsum([0, *(min(room, kind.count) for kind in kinds)]).tolist()
    x, y = frame.place(
        np.array([np.nan if f.x_m is None else f.x_m for f in kept], dtype=float),
        np.array([np.nan if f.y_m is None else f.y_m for f in kept], dtype=float),
    )
    rules = {f.rule.number: f.rule for f in kept}
    return {
        "total": len(findings),
        "kinds": [
            {"first": at, "count": kind.count, "values": both_from(kind.values)}
            for at, kind in zip(first, kinds, strict=False)
        ],
        "rules": {
            number: {
                "title": both(rule.title),
                "effect": both(rule.effect),
                "mend": both(rule.mend),
            }
            for number, rule in rules.items()
        },
        "rule": [f.rule.number for f in kept],
        "severity": [str(f.severity) for f in kept],
        "subject": [str(f.subject) for f in kept],
        "detail": [both_from(f.text) for f in kept],
        "where": [both_from(f.where.__str__) for f in kept],
        "x": x,
        "y": y,
    }
