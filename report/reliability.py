"""What the report says of measurements: levels and claims beside what phones measured."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from phusong.frames import rows
from phusong.i18n import get_language, number, share_text, tr
from phusong.report.blocks import Block, Grid, Heading, Paragraph
from phusong.report.charts import SIGHT_WORDS, measured_chart
from phusong.report.pictures import draw
from phusong.results.finished import FinishedRun
from phusong.results.measured import (
    MeasuredLevels,
    calibrates,
    figures,
    judge,
    reliability,
    spread_left,
)
from phusong.results.missing import Attempts


def day_text(created: str) -> str:
    """Return the day of an ISO 8601 time as the language writes it."""
    year, month, day = created[:10].split("-")
    return f"{day}/{month}/{year}" if get_language() == "vi" else f"{year}-{month}-{day}"


def measured_blocks(
    run: FinishedRun, measured: MeasuredLevels, attempt: Attempts | None = None
) -> Iterator[Block]:
    """Return the section in the current language.

    Parameters
    ----------
    run
        Its thresholds, spreads and cells make the claims.
    measured
        What `phusong calibrate` wrote.
    attempt
        Takes a picture that fails.
    """
    yield Heading(tr("Measured against predicted"), level=2, new_page=True)
    yield Paragraph(_origin(measured), small=True)
    if measured.study and measured.study != run.study.study.name:
        yield Paragraph(
            tr(
                "They were held against another study: {name}. Levels below are its own; "
                "thresholds and spread are those of this run.",
                name=measured.study,
            )
        )
    elif not measured.rows.empty and calibrates(run.study) is (not measured.calibrated):
        yield Paragraph(
            tr("These predictions hold a calibration that this run has not: calibrate again.")
            if measured.calibrated
            else tr(
                "These predictions are from before the calibration that this run holds: "
                "calibrate again to see what is left."
            )
        )
    if measured.rows.empty:
        yield Paragraph(tr("None of them could be held against a prediction."))
        return
    field = spread_left(measured.rows, run)
    judged = judge(
        measured.rows,
        run.study,
        pd.DataFrame(run.layer("cells")),
        run.stamp["grid"]["cell_m"],
        # Predictions without the field are as unsure as those away from roads.
        field if measured.calibrated else None,
    )
    table = reliability(judged)
    yield Paragraph(_in_words(judged))
    yield draw(
        "measured",
        lambda: measured_chart(judged, table),
        tr(
            "Left: each place and carrier measured, above the line where it was stronger than "
            "predicted. Right: of the places where the map claims service with some probability, "
            "the share that reached the threshold; the count stands beside each point."
        ),
        attempt,
    )
    yield _by_class(judged)
    if not table.empty:
        yield _claims(table)
    notes = [
        tr("Phones report only what they hear, so weak places are tested less than strong ones.")
    ]
    if field is not None:
        notes.append(_spread_words(run, measured))
    yield Paragraph(" ".join(notes), small=True)


def _spread_words(run: FinishedRun, measured: MeasuredLevels) -> str:
    """Say which spread the claims are made with, and whether these rows made it tighter."""
    if not measured.calibrated:
        return tr("Probability and interval are those away from measured roads.")
    words = tr("Near measured roads probability and interval are the tighter ones of the rasters.")
    source = run.stamp.get("calibrated_from") or {}
    made_of = {item.get("sha256") for item in source.get("measurements", [])}
    if made_of.isdisjoint(sha for _, sha in measured.files if sha):
        return words
    return f"{words} " + tr(
        "The field there was made from these very measurements and follows them: other ones would "
        "fit less well."
    )


def _origin(measured: MeasuredLevels) -> str:
    """Return files, their hashes where they are known, the day and the number of rows."""
    parts = [
        tr("{file} (SHA-256 {digest})", file=name, digest=digest[:16]) if digest else name
        for name, digest in measured.files
    ]
    if not parts:
        parts = [tr("the file of the measurements is not known")]
    if _is_day(measured.date):
        parts.append(tr("calibrated {date}", date=day_text(measured.date)))
    refused = measured.stamp.get("refused")
    if isinstance(refused, int):
        parts.append(tr("{count} rows refused", count=number(refused)))
    return " · ".join(parts)


def _is_day(text: str) -> bool:
    return len(text[:10].split("-")) == len(("year", "month", "day"))


def _in_words(judged: pd.DataFrame) -> str:
    every = figures(judged)
    behind = int(judged["rows"].sum())
    size = round(abs(every.bias_db), 1)
    template = (
        "{count} places and carriers ({behind} rows) of {sites} sites were measured. On average "
        "they are as strong as predicted; about that they spread by {sd} dB (standard deviation), "
        "and the RMSE is {rmse} dB. {inside} of them lie in their 90% interval."
        if not size
        else "{count} places and carriers ({behind} rows) of {sites} sites were measured. On "
        "average they are {bias} dB weaker than predicted; about that they spread by {sd} dB "
        "(standard deviation), and the RMSE is {rmse} dB. {inside} of them lie in their 90% "
        "interval."
        if every.bias_db < 0
        else "{count} places and carriers ({behind} rows) of {sites} sites were measured. On "
        "average they are {bias} dB stronger than predicted; about that they spread by {sd} dB "
        "(standard deviation), and the RMSE is {rmse} dB. {inside} of them lie in their 90% "
        "interval."
    )
    return tr(
        template,
        count=number(every.rows),
        behind=number(behind),
        sites=number(every.sites),
        bias=_one(size),
        sd=_one(every.sd_db),
        rmse=_one(every.rmse_db),
        inside=share_text(every.inside_90),
    )


def _by_class(judged: pd.DataFrame) -> Grid:
    """Return the figures by technology and sight, and of all rows."""
    groups = []
    for (technology, name), part in judged.groupby(["technology", "sight"]):
        word = SIGHT_WORDS.get(str(name))
        groups.append((str(technology), tr(word) if word else str(name), part))
    lines = []
    for technology, sight, part in (*groups, (tr("all rows"), "", judged)):
        of = figures(part)
        lines.append(
            (
                technology,
                sight,
                "" if part is judged else _whole(part["threshold_dbm"].iloc[0]),
                number(of.rows),
                number(of.sites),
                _signed(of.bias_db),
                _one(of.sd_db),
                _one(of.rmse_db),
                share_text(of.inside_90),
            )
        )
    return Grid(
        [
            tr("Technology"),
            tr("Sight"),
            tr("Threshold, dBm"),
            tr("Rows"),
            tr("Sites"),
            tr("Bias, dB"),
            tr("Spread, dB"),
            tr("RMSE, dB"),
            tr("In 90%"),
        ],
        lines,
        [16, 18, 14, 10, 10, 12, 14, 12, 12],
        frozenset(range(2, 9)),
    )


def _claims(table: pd.DataFrame) -> Grid:
    return Grid(
        [
            tr("Probability claimed"),
            tr("Rows"),
            tr("Claimed on average"),
            tr("Measured"),
            tr("Interval of 95%"),
        ],
        [
            (
                f"{number(row.claim_low, '.0%')} – {number(row.claim_high, '.0%')}",
                number(row.rows),
                share_text(row.claimed),
                f"{share_text(row.share)} ({number(row.reached)})",
                f"{share_text(row.low)} – {share_text(row.high)}",
            )
            for row in rows(table)
        ],
        [22, 12, 20, 20, 24],
        frozenset(range(1, 5)),
    )


def _one(value: float) -> str:
    return "–" if pd.isna(value) else number(value, ".1f")


def _whole(value: float) -> str:
    return "–" if pd.isna(value) else number(value, "g").replace("-", "−")


def _signed(value: float) -> str:
    rounded = round(value, 1)
    return number(rounded, "+.1f").replace("-", "−") if rounded else number(0.0, ".1f")
