"""What may be built and what it costs: fibre, sites, microwave hops, villages and who covers them.

Everything is numbered from 0 and stands in arrays. Costs are in one currency, not negative and
finite; only a village's alternative may be infinite, which means there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.errors import InputError, Where

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def _empty_ints() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


def _empty_floats() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True)
class Fibre:
    """Ways along which fibre can be laid, usable both ways.

    Attributes
    ----------
    nodes
        Number of junctions.
    lit
        Junctions that have light already, int64.
    tail, head, cost
        Sections, shape (m,): ends and the cost of laying fibre along the whole of one.
    """

    nodes: int = 0
    lit: NDArray[np.int64] = field(default_factory=_empty_ints)
    tail: NDArray[np.int64] = field(default_factory=_empty_ints)
    head: NDArray[np.int64] = field(default_factory=_empty_ints)
    cost: NDArray[np.float64] = field(default_factory=_empty_floats)


@dataclass(frozen=True)
class Sites:
    """Places for masts, new or standing, shape (s,) each.

    Attributes
    ----------
    cost
        Tower and power; what is left to pay where a mast stands already.
    vertex
        Junction from which fibre comes; -1 where none can.
    drop
        Fibre from that junction to the mast.
    radio
        What serving villages costs on top; a mast that only relays does not pay it.
    lit
        Whether backhaul is there already.
    locked
        Whether the site is decided: every plan holds it.
    """

    cost: NDArray[np.float64]
    vertex: NDArray[np.int64] = field(default_factory=_empty_ints)
    drop: NDArray[np.float64] = field(default_factory=_empty_floats)
    radio: NDArray[np.float64] = field(default_factory=_empty_floats)
    lit: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    locked: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    @property
    def count(self) -> int:
        """Number of sites."""
        return int(self.cost.size)


@dataclass(frozen=True)
class Hops:
    """Microwave hops in sight, usable either way.

    Attributes
    ----------
    a, b
        Sites at the ends, shape (h,).
    cost
        Both ends together.
    limit
        Hops at most between a site and the one that has fibre or backhaul of its own.
    """

    a: NDArray[np.int64] = field(default_factory=_empty_ints)
    b: NDArray[np.int64] = field(default_factory=_empty_ints)
    cost: NDArray[np.float64] = field(default_factory=_empty_floats)
    limit: int = 3


@dataclass(frozen=True)
class Villages:
    """Dark villages, shape (v,) each.

    Attributes
    ----------
    people
        Who lives there; counts where not all can be served.
    alternative
        Price of serving the village by itself (satellite, repeater); infinite where there is none.
    """

    people: NDArray[np.float64]
    alternative: NDArray[np.float64] = field(default_factory=_empty_floats)

    @property
    def count(self) -> int:
        """Number of villages."""
        return int(self.people.size)


@dataclass(frozen=True)
class Covers:
    """Site ``site[k]`` alone covers village ``village[k]``."""

    site: NDArray[np.int64] = field(default_factory=_empty_ints)
    village: NDArray[np.int64] = field(default_factory=_empty_ints)


@dataclass(frozen=True)
class Pairs:
    """Sites ``a[k]`` and ``b[k]`` together cover village ``village[k]``."""

    a: NDArray[np.int64] = field(default_factory=_empty_ints)
    b: NDArray[np.int64] = field(default_factory=_empty_ints)
    village: NDArray[np.int64] = field(default_factory=_empty_ints)


@dataclass(frozen=True)
class Instance:
    """One question: which sites, fibre and hops serve the villages."""

    fibre: Fibre
    sites: Sites
    villages: Villages
    covers: Covers
    hops: Hops = field(default_factory=Hops)
    pairs: Pairs = field(default_factory=Pairs)

    def checked(self) -> Instance:
        """Return the instance with every array in its type and defaults filled in.

        Raises
        ------
        InputError
            When arrays do not fit together, a number is out of range, or a cost is negative or
            not finite.
        """
        return _checked(self)


def _checked(raw: Instance) -> Instance:
    f, s, v, h, c, p = raw.fibre, raw.sites, raw.villages, raw.hops, raw.covers, raw.pairs
    ends = _same("fibre", len(np.ravel(f.tail)), tail=f.tail, head=f.head, cost=f.cost)
    count = len(np.ravel(s.cost))
    filled = {
        "cost": s.cost,
        "vertex": _or(s.vertex, np.full(count, -1)),
        "drop": _or(s.drop, np.zeros(count)),
        "radio": _or(s.radio, np.zeros(count)),
        "lit": _or(s.lit, np.zeros(count, np.bool_)),
        "locked": _or(s.locked, np.zeros(count, np.bool_)),
    }
    site = _same("sites", count, **filled)
    many = len(np.ravel(v.people))
    alternative = _or(v.alternative, np.full(many, np.inf))
    village = _same("villages", many, people=v.people, alternative=alternative)
    hop = _same("hops", len(np.ravel(h.a)), a=h.a, b=h.b, cost=h.cost)
    cover = _same("covers", len(np.ravel(c.site)), site=c.site, village=c.village)
    pair = _same("pairs", len(np.ravel(p.a)), a=p.a, b=p.b, village=p.village)
    if h.limit < 0:
        raise InputError(
            "the value {value} is negative or not finite",
            Where(key="hops.limit"),
            "give a number of zero or more",
            {"value": h.limit},
        )
    return Instance(
        Fibre(
            int(f.nodes),
            _within("fibre.lit", f.lit, f.nodes),
            _within("fibre.tail", ends["tail"], f.nodes),
            _within("fibre.head", ends["head"], f.nodes),
            _costs("fibre.cost", ends["cost"]),
        ),
        Sites(
            _costs("sites.cost", site["cost"]),
            _within("sites.vertex", site["vertex"], f.nodes, least=-1),
            _costs("sites.drop", site["drop"]),
            _costs("sites.radio", site["radio"]),
            np.asarray(site["lit"], np.bool_),
            np.asarray(site["locked"], np.bool_),
        ),
        Villages(
            _costs("villages.people", village["people"]),
            _costs("villages.alternative", village["alternative"], infinite=True),
        ),
        Covers(
            _within("covers.site", cover["site"], count),
            _within("covers.village", cover["village"], many),
        ),
        Hops(
            _within("hops.a", hop["a"], count),
            _within("hops.b", hop["b"], count),
            _costs("hops.cost", hop["cost"]),
            int(h.limit),
        ),
        Pairs(
            _within("pairs.a", pair["a"], count),
            _within("pairs.b", pair["b"], count),
            _within("pairs.village", pair["village"], many),
        ),
    )


def _or(given: ArrayLike, default: NDArray[Any]) -> NDArray[Any]:
    array = np.asarray(given).reshape(-1)
    return array if array.size or not default.size else default


def _same(name: str, count: int, **arrays: ArrayLike) -> dict[str, NDArray[Any]]:
    flat = {key: np.asarray(value).reshape(-1) for key, value in arrays.items()}
    for key, array in flat.items():
        if array.size != count:
            raise InputError(
                "{found} values where {count} are due",
                Where(key=f"{name}.{key}"),
                "give one value for each of them",
                {"found": array.size, "count": count},
            )
    return flat


def _within(name: str, values: ArrayLike, count: int, least: int = 0) -> NDArray[np.int64]:
    array: NDArray[Any] = np.asarray(values).reshape(-1)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            "numbers are given as {dtype} instead of whole numbers",
            Where(key=name),
            params={"dtype": str(array.dtype)},
        )
    wrong = np.flatnonzero((array < least) | (array >= count))
    if wrong.size:
        raise InputError(
            "{value} is outside {least} to {last}",
            Where(key=f"{name}[{wrong[0]}]"),
            params={"value": int(array[wrong[0]]), "least": least, "last": count - 1},
        )
    return np.ascontiguousarray(array, np.int64)


def _costs(name: str, values: ArrayLike, *, infinite: bool = False) -> NDArray[np.float64]:
    array = np.ascontiguousarray(values, np.float64).reshape(-1)
    bad = np.isnan(array) | (array < 0) | (np.isinf(array) & (not infinite))
    wrong = np.flatnonzero(bad)
    if wrong.size:
        raise InputError(
            "the value {value} is negative or not finite",
            Where(key=f"{name}[{wrong[0]}]"),
            "give a number of zero or more",
            {"value": float(array[wrong[0]])},
        )
    return array
