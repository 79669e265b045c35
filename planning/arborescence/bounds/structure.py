"""What every sensible plan keeps to: rows of the relaxation that are taken in when violated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from phusong.planning.arborescence.bounds.certificate import Row
from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers


@dataclass(frozen=True)
class Structure:
    """Rows ``matrix @ x >= rhs`` that hold for every plan and are taken in when violated."""

    matrix: csr_array
    rhs: NDArray[np.float64]
    kind: NDArray[np.int64]
    about: NDArray[np.int64]


def structure(layers: Layers) -> Structure:
    """Return what every sensible plan keeps to: entered once, what enters leaves."""
    g, names = layers.graph, layers.names
    slot = np.flatnonzero(layers.column >= 0)
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))[slot]
    column, tail = layers.column[slot], g.adj[slot]
    name = layers.name
    shape = (g.n, layers.price.size)
    into = csr_array((np.ones(slot.size), (row, column)), shape=shape)
    out = csr_array((np.ones(slot.size), (tail, column)), shape=shape)
    steiner = np.flatnonzero((name > 0) & (name < names.first_cell) & ~g.terminal)
    balance = (out - into)[steiner]
    junction = np.flatnonzero((name > 0) & (name < names.first_layer))
    layer = np.flatnonzero(layers.site_of >= 0)
    sites = layers.instance.sites.count
    whole = csr_array((np.ones(layer.size), (layers.site_of[layer], layer)), shape=(sites, g.n))
    built = np.unique(layers.site_of[layer])
    entered = vstack([into[junction], (whole @ into)[built]], format="csr")
    pair = np.flatnonzero(layers.kind == Kind.PAIR)
    village = layers.instance.pairs.village[layers.ref[pair]]
    paired, which = np.unique(village, return_inverse=True)
    once = csr_array((np.ones(pair.size), (which, pair)), shape=(paired.size, shape[1]))
    return Structure(
        vstack([balance, -entered, -once], format="csr"),
        np.concatenate([np.zeros(steiner.size), np.full(entered.shape[0] + paired.size, -1.0)]),
        np.concatenate(
            [
                np.full(steiner.size, int(Row.BALANCE)),
                np.full(junction.size, int(Row.ENTERED)),
                np.full(built.size, int(Row.SITE)),
                np.full(paired.size, int(Row.PAIR)),
            ]
        ),
        np.concatenate([name[steiner], name[junction], built, paired]),
    )
