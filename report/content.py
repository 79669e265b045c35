"""What the report says, section by section, from a finished run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd

from phusong.checks import rules
from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.fiber.reach.reach import reason_text
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph
from phusong.report.charts import fibre_map, sensitivity_chart, verdict_map
from phusong.report.pictures import draw
from phusong.report.plans.loss_pages import ELEMENTS, cascade_blocks
from phusong.report.plans.mast_pages import mast_plan_blocks
from phusong.report.reliability import day_text, measured_blocks
from phusong.results.finished import FinishedRun
from phusong.results.measured import MeasuredLevels
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder
from phusong.study import Clutter

_ANY = "*"
_MOST_FINDINGS = 25
_MOST_WITHOUT = 15
_MOST_CUTS = 10
_MOST_COMMUNES = 240


def report_blocks(
    run: FinishedRun,
    measured: MeasuredLevels | None = None,
    attempt: Attempts | None = None,
    *,
    sites: PlanFolder | None = None,
    cascade: PlanFolder | None = None,
) -> list[Block]:
    """Return the whole document in the current language.

    Parameters
    ----------
    run
        A finished run.
    measured, sites, cascade
        What further pages are on: measurements, a plan of masts, losses followed.
    attempt
        Takes the pictures that fail; without it the first of them ends the work.
    """
    return [
        *_figures(run),
        *_coverage(run, attempt),
        *_sensitivity(run, attempt),
        *_assumptions(run),
        *(() if measured is None else measured_blocks(run, measured, attempt)),
        *_fibre(run, attempt),
        *(() if sites is None else mast_plan_blocks(run, sites, attempt)),
        *(() if cascade is None else cascade_blocks(run, cascade, attempt)),
        *_communes(run),
        *_findings(run),
        *_method(run),
    ]


def _figures(run: FinishedRun) -> Iterator[Block]:
    yield Heading(run.study.title)
    if run.study.study.description:
        yield Paragraph(run.study.study.description)
    facts = [
        run.study.study.publisher,
        run.study.study.period,
        tr(
            "computed {date} with phusong {version}",
            date=day_text(run.stamp["created"]),
            version=run.stamp["version"],
        ),
    ]
    yield Paragraph(" · ".join(fact for fact in facts if fact), small=True)
    yield Heading(tr("The figures"), level=2)
    table = run.indicators.table
    # Figures by technology have their place in indicators.csv.
    main = table[~table["id"].str.contains(":") | table["id"].str.endswith(":*")]
    notes: dict[str, int] = {}
    lines = []
    for row in rows(main):
        note = notes.setdefault(str(row.definition), len(notes) + 1)
        lines.append(
            (
                f"{row.title} ({note})",
                share_text(float(row.value)),
                f"{number(row.numerator)} / {number(row.denominator)}",
                share_text(float(row.circles_value)),
            )
        )
    yield Grid(
        [tr("Figure"), tr("Value"), tr("Count"), tr("Circles would say")],
        lines,
        [52, 14, 20, 16],
        frozenset({1, 2, 3}),
    )
    for text, note in notes.items():
        yield Paragraph(f"({note}) {text}", small=True)


def _coverage(run: FinishedRun, attempt: Attempts | None) -> Iterator[Block]:
    if "villages" not in run.tables:
        return
    yield Heading(tr("Villages by verdict"), level=2, new_page=True)
    yield draw(
        "verdict_map",
        lambda: verdict_map(run.layer("villages"), run.layer("communes"), run.layer("sites")),
        tr("Villages by verdict, any carrier; masts as triangles."),
        attempt,
        0.82,
    )
    worst = run.tables["villages"]
    worst = worst[worst["grade"] != "covered"].sort_values("people_unserved", ascending=False)
    if worst.empty:
        yield Paragraph(tr("Every village is covered."))
        return
    yield Heading(tr("Where most people are without signal"), level=2)
    yield Grid(
        [
            tr("Village"),
            tr("Commune"),
            tr("Verdict"),
            tr("People without signal"),
            tr("Level at the centre"),
            tr("Nearest mast"),
        ],
        [
            (
                _text(row.name),
                _text(row.commune_name),
                tr(GRADE_WORDS[row.grade]),
                _number(row.people_unserved, ",.0f"),
                _number(row.level_centre_dbm, ".0f dBm"),
                _number(row.nearest_site_km, ".1f km"),
            )
            for row in rows(worst.head(12))
        ],
        [26, 24, 16, 16, 18, 14],
        frozenset({3, 4, 5}),
    )


def _sensitivity(run: FinishedRun, attempt: Attempts | None) -> Iterator[Block]:
    if "sensitivity" not in run.tables:
        return
    table = run.tables["sensitivity"]
    main = table[(table["operator"] == _ANY) & (table["technology"] == _ANY)]
    figure = run.indicators["villages_covered"]
    yield Heading(tr("How the figure moves with its definition"), level=2, new_page=True)
    yield Paragraph(
        tr(
            "The same masts and the same terrain give {low} to {high} of the villages, depending "
            "on the level, the probability and the share of the village that are asked for. A "
            "figure without its definition says little.",
            low=share_text(main["value"].min()),
            high=share_text(main["value"].max()),
        )
    )
    reported = {tr("this study's definition"): figure.value}
    if pd.notna(figure.circles_value):
        reported[tr("circles round every mast")] = figure.circles_value
    yield draw(
        "sensitivity",
        lambda: sensitivity_chart(main, reported),
        tr(
            "Share of villages covered by any carrier. Lines, and columns of the table: share of "
            "the people asked for."
        ),
        attempt,
    )
    shares = sorted(main["share_asked"].unique())
    cells = main.set_index(["probability", "threshold_offset_db", "share_asked"])["value"]
    pairs = sorted({key[:2] for key in cells.index})
    yield Grid(
        [tr("P asked for"), tr("Threshold moved by"), *(f"{share:.0%}" for share in shares)],
        [
            (f"{p:.0%}", _moved(offset), *(share_text(cells[p, offset, s]) for s in shares))
            for p, offset in pairs
        ],
        [20, 22, *[16] * len(shares)],
        frozenset(range(2 + len(shares))),
        abreast=2,
    )


def _fibre(run: FinishedRun, attempt: Attempts | None) -> Iterator[Block]:
    centres = run.layer("commune_centres")
    if centres.empty:
        return
    yield Heading(tr("Fibre to the commune centres"), level=2, new_page=True)
    yield draw(
        "fibre_map",
        lambda: fibre_map(run.layer("communes"), run.layer("fibre"), centres),
        tr("Cables and commune centres."),
        attempt,
        0.66,
    )
    without = _unreached(run, centres)
    if without:
        yield Heading(tr("Communes without fibre to the centre"), level=2)
        yield Grid([tr("Commune"), tr("Why")], without[:_MOST_WITHOUT], [18, 82])
        if len(without) > _MOST_WITHOUT:
            yield _rest(len(without) - _MOST_WITHOUT, "communes.csv")
    failures = run.tables.get("fibre_failures", pd.DataFrame())
    if not failures.empty:
        yield Heading(tr("Cuts that isolate most"), level=2)
        yield Grid(
            [tr("Section"), tr("Communes cut off"), tr("People")],
            [
                (
                    tr(ELEMENTS[row.element], id=row.id),
                    number(row.count),
                    _number(row.people, ",.0f"),
                )
                for row in rows(failures.head(_MOST_CUTS))
            ],
            [44, 32, 24],
            frozenset({1, 2}),
            abreast=2,
        )
        if len(failures) > _MOST_CUTS:
            yield _rest(len(failures) - _MOST_CUTS, "fibre_failures.csv")


def _unreached(run: FinishedRun, centres: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    """Return name and reason of each commune none of whose centres is reached."""
    names = run.tables["communes"].set_index("code")["name"]
    reached = centres.groupby("commune_code")["reached"].any()
    found = []
    for code, first in centres.drop_duplicates("commune_code").set_index("commune_code").iterrows():
        if not reached[code]:
            why = reason_text(first["reason_code"], json.loads(first["reason_params"]))
            found.append((_text(names.get(code)), why))
    return found


def _communes(run: FinishedRun) -> Iterator[Block]:
    communes = run.tables["communes"]
    shown = communes
    if len(communes) > _MOST_COMMUNES:
        shown = communes.sort_values(["people_unserved", "code"], ascending=[False, True])
        shown = shown.head(_MOST_COMMUNES)
    yield Heading(tr("Commune by commune"), level=2, new_page=True)
    yield Grid(
        [
            tr("Commune"),
            tr("Villages"),
            tr("covered"),
            tr("partly served"),
            tr("no signal"),
            tr("People without signal"),
            tr("Fibre"),
        ],
        [
            (
                _text(row.name),
                *(
                    _number(v, ".0f")
                    for v in (
                        row.villages,
                        row.villages_covered,
                        row.villages_hollow,
                        row.villages_white,
                    )
                ),
                _number(row.people_unserved, ",.0f"),
                _fibre_state(row.fibre, row.single_route),
            )
            for row in rows(shown)
        ],
        [47, 32, 33, 29, 26, 33, 39],
        frozenset(range(1, 6)),
        abreast=2,
    )
    if len(shown) < len(communes):
        yield _rest(len(communes) - len(shown), "communes.csv")


def _fibre_state(fibre: Any, single_route: Any) -> str:
    if pd.isna(fibre):
        return "–"
    if not fibre:
        return tr("no")
    return tr("yes") if pd.isna(single_route) or not single_route else tr("one route")


def _assumptions(run: FinishedRun) -> Iterator[Block]:
    study = run.study
    yield Heading(tr("Assumptions"), level=2)
    thresholds = ", ".join(
        f"{name} {number(row.threshold_dbm, 'g')} dBm"
        for name, row in study.radio.technologies.items()
    )
    items = [
        *study.study.assumptions,
        tr(
            "Levels from which a service is taken to work: {thresholds}. No regulator's value was "
            "found in writing.",
            thresholds=thresholds,
        ),
        tr(
            "The model's own error: {sigma} dB standard deviation; location variability after "
            "ITU-R P.1812.",
            sigma=number(study.radio.spread.sigma_model_db, "g"),
        ),
        _clutter_text(study.radio.clutter),
        tr(
            "Receiver {height} m above ground, outdoors; radius {radius} km round each mast.",
            height=number(study.radio.rx_height_m, "g"),
            radius=number(study.radio.radius_km, "g"),
        ),
    ]
    cells = run.layer("cells")
    for column, text in (
        ("height_assumed", "{count} of {total} cells have no antenna height in the files."),
        ("eirp_assumed", "{count} of {total} cells have no EIRP in the files."),
        ("technology_assumed", "{count} of {total} cells have no technology in the files."),
    ):
        if column in cells:
            count = int(cells[column].astype(bool).sum())
            if count:
                items.append(tr(text, count=count, total=len(cells)))
    yield Bullets(items)


def _clutter_text(clutter: Clutter) -> str:
    if clutter.at == "none":
        return tr("No clutter is added to the bare terrain: levels are those of open ground.")
    if clutter.at == "path":
        return tr("Clutter by land cover stands along the paths, none at their ends.")
    return tr(
        "Clutter round phones after ITU-R P.2108, by land cover; elsewhere: {environment}.",
        environment=tr(clutter.environment),
    )


def _findings(run: FinishedRun) -> Iterator[Block]:
    checks = run.tables["checks"]
    yield Heading(tr("What was wrong in the data"), level=2)
    if checks.empty:
        yield Paragraph(tr("Nothing was found."))
        return
    counted = checks if "count" in checks else checks.assign(count=1)  # of an earlier version
    groups = counted.groupby(["severity", "rule"], sort=False)["count"].sum().rename("number")
    table = [
        (
            f"{row.rule} {tr(row.severity)}",
            tr(rules()[row.rule].title),
            number(row.number),
            tr(rules()[row.rule].mend),
        )
        for row in rows(groups.reset_index())
    ]
    yield Grid(
        [tr("Rule"), tr("What"), tr("Count"), tr("Mend")],
        table[:_MOST_FINDINGS],
        [14, 38, 8, 40],
        frozenset({2}),
    )
    yield Paragraph(
        tr("They stand in checks.csv, up to 10,000 of a kind, each with file, row and place."),
        small=True,
    )


def _method(run: FinishedRun) -> Iterator[Block]:
    yield Heading(tr("Method in plain words"), level=2)
    yield Paragraph(
        tr(
            "From every mast the terrain is walked outward in all directions. At every {cell} m "
            "cell the loss over ridges is computed ({model}), and with it the level that a handset "
            "would report from each cell of the network; the best one counts. Because a model "
            "errs, not the level but the probability that it reaches the threshold decides.",
            cell=number(run.stamp["grid"]["cell_m"], "g"),
            model=run.study.radio.model,
        )
    )
    yield Paragraph(
        tr(
            "A village is judged at its centre and over its people: covered, partly served (lõm "
            "sóng), or without signal (trắng sóng). Circles round masts, as reports without "
            "terrain draw them, are computed beside it for comparison."
        )
    )
    if run.study.fiber is not None:
        yield Paragraph(
            tr(
                "Cables are joined where they meet within {snap} m; wider gaps are listed as "
                "questions for the owner, never closed. A commune centre is reached when a route "
                "in service leads to it within the optical budget.",
                snap=number(run.study.fiber.snap_tolerance_m, "g"),
            )
        )


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _number(value: Any, form: str) -> str:
    if pd.isna(value):
        return "–"
    form, _, unit = form.partition(" ")
    return f"{number(float(value), form)} {unit}".rstrip()


def _rest(count: int, file: str) -> Paragraph:
    """Say where the rows stand that a table has no room for."""
    return Paragraph(tr("{count} more in {file}.", count=number(count), file=file), small=True)


def _moved(offset_db: float) -> str:
    """Return a shift of the threshold, its sign said."""
    return f"{number(offset_db, '+g')} dB" if offset_db else "0 dB"
