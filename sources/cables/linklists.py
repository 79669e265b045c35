"""Lists of microwave links, as path planning programs export them: two ends a record, no feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.cables.backhaul import COLUMNS, MICROWAVE, media, no_backhaul, read_backhaul
from phusong.sources.cables.called import POP
from phusong.sources.left_out import report_left_out
from phusong.sources.tables.columns import present
from phusong.sources.tables.glossary import translated
from phusong.sources.tables.headers import BACKHAUL, LINKS
from phusong.sources.tables.layers import place_of, read_unplaced
from phusong.sources.tables.recognition import recognise
from phusong.sources.tables.rows import read_rows
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import as_code
from phusong.study import Layer, Study

_ENDS = ("site_a", "site_b")
_SHOWN = 5


def read_hanging(
    study: Study, layers: Sequence[Layer], pops: Sequence[str], findings: Findings
) -> pd.DataFrame:
    """Read which site hangs on what, from tables of backhaul and from lists of links.

    A link carries light from whichever end has it: it becomes a record either way. Links that
    lead, over all lists together, to no PoP and to no site of a table of backhaul say nothing of
    what feeds them, and are left out (F37). PoPs hang on no link unless a table says they hang.

    Parameters
    ----------
    layers
        The study's ``fiber.backhaul``.
    pops
        Ids of points of presence.

    Returns
    -------
    DataFrame
        As :func:`phusong.sources.cables.backhaul.read_backhaul`.
    """
    listed = [is_link_list(study, layer) for layer in layers]
    said = [
        read_backhaul(study, layer, findings)
        for layer, links in zip(layers, listed, strict=True)
        if not links
    ]
    table = pd.concat([no_backhaul(), *said], ignore_index=True)
    sources = {*pops, *(f"{POP}:{pop}" for pop in pops)}
    hung = set(table["site_id"])
    fed = sources | hung
    lists = [layer for layer, links in zip(layers, listed, strict=True) if links]
    read = [read_links(study, layer, findings) for layer in lists]
    group, lit = _groups(pd.concat([no_backhaul(), *read], ignore_index=True), fed)
    for layer, links in zip(lists, read, strict=True):
        kept = _fed(links, group, lit, place_of(layer, study), findings)
        # A PoP hangs on nothing unless a table says so: else it would wait for what it feeds.
        kept = kept[~kept["site_id"].isin(sources - hung)]
        table = pd.concat([table, kept], ignore_index=True)
    return table


def is_link_list(study: Study, layer: Layer) -> bool:
    """Say whether a table has two ends a record, by its headers or the study's ``columns``.

    None has that the study reads as a table of backhaul, by its site or what it hangs on.
    """
    if all(end in layer.columns for end in _ENDS):
        return True
    if {"site_id", "upstream"} & set(layer.columns):
        return False
    where = place_of(layer, study)
    path = study.resolve(layer.path)
    rows = read_rows(path, layer, LINKS, Findings(), where, leave=study.gdal)
    if rows is None:
        return False
    headers = [str(c) for c in rows.frame.columns if c not in {"row", "geometry"}]
    if "medium" in layer.columns and "site_id" in recognise(headers, BACKHAUL.columns).taken:
        return False
    taken = {*recognise(headers, LINKS.columns).taken}
    taken |= {ours for ours, asked in layer.columns.items() if present(asked, headers)}
    return set(_ENDS) <= taken


def read_links(study: Study, layer: Layer, findings: Findings) -> pd.DataFrame:
    """Read a list of links: a record either way for each that works and names two sites (F16).

    Links are by microwave where nothing says their medium; another word for it is named (F16).
    """
    table = read_unplaced(study, layer, LINKS, findings)
    if table is None:
        return no_backhaul()
    where = table.where
    frame = translated(
        table.frame, layer.values, table.columns, list(LINKS.columns), findings, where
    )
    frame = frame.map(as_code).reindex(columns=[*_ENDS, "medium", "status"]).astype(object)
    frame = frame.where(frame.notna(), None)
    on = in_service(frame["status"].tolist(), [], "F23", findings, where)
    ends = frame["site_a"].notna() & frame["site_b"].notna()
    for row in table.row[~ends.to_numpy()]:
        detail = "the record does not name two sites"
        findings.add("F16", replace(where, row=int(row)), detail=detail)
    said = frame["medium"].tolist()
    frame["medium"], frame["row"] = media(said, MICROWAVE), table.row
    known = (frame["medium"] != "").to_numpy()
    for k in np.flatnonzero(ends.to_numpy() & ~known):
        at, site = replace(where, row=int(table.row[k])), frame["site_a"].iloc[k]
        findings.add("F16", at, site, "{medium} is neither fibre nor microwave", medium=said[k])
    report_left_out(study, where, table.total, findings)
    kept = frame[ends.to_numpy() & on & known & (frame["site_a"] != frame["site_b"]).to_numpy()]
    ways = [
        kept[[a, b, "medium", "row"]].rename(columns={a: "site_id", b: "upstream"})
        for a, b in (_ENDS, _ENDS[::-1])
    ]
    out = pd.concat(ways, ignore_index=True).assign(file=where.file)
    return out.drop_duplicates(["site_id", "upstream"])[list(COLUMNS)].reset_index(drop=True)


def _groups(links: pd.DataFrame, fed: set[str]) -> tuple[pd.Series[int], set[int]]:
    """Return each site's group of sites that links join, and the groups that hold one fed."""
    if links.empty:
        return pd.Series(dtype=np.int64), set()
    names = pd.Index(pd.unique(pd.concat([links["site_id"], links["upstream"]])))
    a, b = names.get_indexer(links["site_id"]), names.get_indexer(links["upstream"])
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(names), len(names)))
    group = pd.Series(connected_components(graph, directed=False)[1], index=names)
    return group, set(group[names.isin(list(fed))])


def _fed(
    links: pd.DataFrame,
    group: pd.Series[int],
    lit: set[int],
    where: Where,
    findings: Findings,
) -> pd.DataFrame:
    """Return a list's links that lead to something fed; name the others (F37)."""
    named = group.reindex(pd.unique(pd.concat([links["site_id"], links["upstream"]])))
    dark = named[~named.isin(lit)]
    if len(dark):
        unfed = [str(name) for name in dark.index]
        findings.add(
            "F37",
            where,
            unfed[0],
            "{n} sites in {groups} groups, such as {names}",
            n=len(unfed),
            groups=dark.nunique(),
            names=", ".join(unfed[:_SHOWN]),
        )
    return links[links["site_id"].map(group).isin(lit)].reset_index(drop=True)
