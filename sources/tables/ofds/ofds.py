"""One layer of the study out of a file of the Open Fibre Data Standard."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.tables.headers import CABLES, POPS, ROADS, Role
from phusong.sources.tables.ofds.standard import NODE, SPAN, open_document
from phusong.sources.tables.ofds.tables import table_of
from phusong.study import Layer

_WGS84: Final = CRS.from_epsg(4326)
_KINDS: Final = {"nodes": NODE, "node": NODE, "spans": SPAN, "span": SPAN}


def read_ofds(
    path: Path, layer: Layer, role: Role | None, findings: Findings, where: Where
) -> tuple[pd.DataFrame | None, CRS | None] | None:
    """Read nodes or spans: which, the study says by ``layer``, else what the layer is for.

    Returns
    -------
    ((DataFrame or None), (CRS or None)) or None
        None for a file of another form; no frame after an error.
    """
    try:
        document = open_document(path, layer.encoding, where)
    except InputError as error:
        findings.refuse(error, path.name)
        return None, None
    if document is None:
        return None
    asked = (layer.layer or "").casefold()
    if asked and asked not in _KINDS:
        findings.add(
            "S03",
            where,
            asked,
            "there is no layer {layer}; the nearest is {near}; there are {available}",
            layer=layer.layer,
            near="nodes" if asked.startswith("n") else "spans",
            available="nodes, spans",
        )
        return None, None
    kind = _KINDS.get(asked) or (SPAN if role in (CABLES, ROADS) else NODE)
    findings.add(
        "S50",
        where,
        detail="{networks} networks with {nodes} nodes and {spans} spans",
        networks=document.networks,
        nodes=len(document.nodes),
        spans=len(document.spans),
    )
    if document.elsewhere:
        findings.add(
            "S52",
            where,
            detail="{n} links, the first {link}",
            n=len(document.elsewhere),
            link=document.elsewhere[0],
        )
    pops = role is POPS and layer.where is None and not asked
    frame = table_of(document, kind, findings, where, pops=pops)
    return frame, _WGS84 if document.longitude_latitude else None
