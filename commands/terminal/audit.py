"""An audit in a terminal: shares inside the claimed area, claims refuted, the next drive."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from rich.console import Console

from phusong.commands.terminal.tables import plain, plain_table
from phusong.coverage.audit.claimed import CLASSES
from phusong.coverage.audit.claims import INSIDE, OUTSIDE, REFUTED, UNDECIDED, VERDICTS
from phusong.coverage.audit.presets import Preset
from phusong.exports.audit import VERDICT_WORDS
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.pipeline.audit import Audited
from phusong.pipeline.next_drive import NextDrive

_MOST_ROWS: Final = 12
_CLAIMS: Final = {
    "layer": "Claims by carrier and technology",
    "commune": "Claims by commune",
    "village": "Claims by village",
}


def print_audit(console: Console, audited: Audited) -> None:
    """Print what was asked, the shares, the claims, and where to drive next."""
    found = audited.audit
    counts = found.refused["reason"].value_counts().sort_index()
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts.items()) or "–"
    text = tr(
        "{tests} tests of {rows} measurements, {refused} refused ({reasons})",
        tests=len(found.tests),
        rows=int(found.tests["rows"].sum()),
        refused=len(found.refused),
        reasons=reasons,
    )
    console.print(text, markup=False)
    _print_preset(console, found.preset)
    if found.tests.empty:
        return
    names = dict(zip(audited.inputs.communes["code"], audited.inputs.communes["name"], strict=True))
    villages = dict(
        zip(audited.inputs.villages["code"], audited.inputs.villages["name"], strict=True)
    )
    _print_shares(console, found.shares)
    _print_classes(console, found.shares)
    _print_claims(console, found.claims, names, villages)
    reach_m = audited.study.radio.spread.correlation_m
    if audited.spacing_m < reach_m:
        text = tr(
            "Tests nearer to each other than the map's errors reach tell much the same: the "
            "intervals of --spacing-m {reach:g} are wider and safer.",
            reach=reach_m,
        )
        console.print(text, style="dim", markup=False)
    _print_drive(console, audited.drive)


def _print_preset(console: Console, preset: Preset) -> None:
    console.print(tr(preset.title), style="bold", markup=False)
    console.print(tr(preset.says), markup=False)
    claimed = tr("Claimed: P of service at least {p:.1%}.", p=preset.probability)
    console.print(claimed, markup=False)
    console.print(f"{tr('Source')}: {tr(preset.source)}", style="dim", markup=False)
    if preset.assumed:
        console.print(tr(preset.assumed), style="dim", markup=False)


def _interval(low: float, high: float) -> str:
    return f"{number(low * 100, '.1f')}–{number(high * 100, '.1f')} %"


def _print_shares(console: Console, shares: pd.DataFrame) -> None:
    table = plain_table("Carrier", "Technology", "Where")
    for title in ("Tests", "Succeed", "Interval", "Claimed on average"):
        table.add_column(tr(title), justify="right")
    words = {INSIDE: tr("claimed"), OUTSIDE: tr("not claimed")}
    for row in rows(shares[shares["kind"].isin(["all", "layer"])]):
        table.add_row(
            plain(str(row.operator)),
            str(row.technology),
            words[row.area],
            number(row.tests),
            share_text(row.share),
            _interval(row.low, row.high),
            share_text(row.claimed_mean),
        )
    console.print(table)


def _print_classes(console: Console, shares: pd.DataFrame) -> None:
    own = shares[shares["kind"] == "class"]
    summed = own.groupby("probability_class")[["tests", "successes"]].sum()
    table = plain_table("Claimed P")
    for title in ("Tests", "Succeed"):
        table.add_column(tr(title), justify="right")
    for row in rows(summed.reindex([c for c in CLASSES if c in summed.index]).reset_index()):
        share = share_text(row.successes / row.tests)
        table.add_row(str(row.probability_class), number(row.tests), share)
    console.print(table)


def _print_claims(
    console: Console, claims: pd.DataFrame, communes: dict[Any, Any], villages: dict[Any, Any]
) -> None:
    """Print how many claims stand, and those that the tests refute, the worst first."""
    for kind, words in _CLAIMS.items():
        own = claims[claims["kind"] == kind]
        if own.empty:
            continue
        verdicts = own["verdict"].value_counts()
        told = [f"{tr(VERDICT_WORDS[v])} {int(verdicts.get(v, 0))}" for v in VERDICTS]
        console.print(f"{tr(words)}: {', '.join(told)}", markup=False)
        shown = own[own["verdict"] == REFUTED].head(_MOST_ROWS)
        if not shown.empty:
            table = plain_table("Refuted", "Carrier", "Technology")
            for title in ("Tests", "Succeed", "Interval", "Claim", "By chance"):
                table.add_column(tr(title), justify="right")
            for row in rows(shown):
                name = villages.get(row.village_code) or communes.get(row.commune_code, "–")
                table.add_row(
                    plain(str(name)),
                    plain(str(row.operator)),
                    str(row.technology),
                    number(row.tests),
                    share_text(row.share),
                    _interval(row.low, row.high),
                    share_text(row.claim),
                    number(row.by_chance, ".2g"),
                )
            console.print(table)
        more = own.loc[own["verdict"] == UNDECIDED, "more_tests"].dropna()
        if len(more):
            text = tr(
                "{count} undecided claims would be decided by further tests: {least:,} for the "
                "nearest, {median:,} for the middle one",
                count=len(more),
                least=int(more.min()),
                median=int(more.median()),
            )
            console.print(text, markup=False)


def _print_drive(console: Console, drive: NextDrive) -> None:
    if drive.reason:
        text = tr("No next drive: {reason}", reason=tr(drive.reason))
        console.print(text, style="yellow", markup=False)
        return
    text = tr(
        "Next drive: {km:.1f} km, {tests} new tests of {claims} open claims; it starts on the road "
        "{off:.0f} m from the place asked for",
        km=drive.length_km,
        tests=int(drive.line["new_tests"].iloc[0]),
        claims=len(drive.claims),
        off=drive.start_off_m,
    )
    console.print(text, markup=False)
    table = plain_table("Commune", "Carrier", "Technology")
    for title in ("Tests", "New tests", "Interval now", "Interval then"):
        table.add_column(tr(title), justify="right")
    for row in rows(drive.claims.head(_MOST_ROWS)):
        table.add_row(
            plain(str(row.commune_name)),
            plain(str(row.operator)),
            str(row.technology),
            number(row.tests),
            number(row.new_tests),
            _interval(row.low, row.high),
            _interval(row.low_after, row.high_after),
        )
    console.print(table)
