"""What sites and points of presence are called: one rule for every table and every question.

A name that a site and a point of presence both bear stands for neither: ``site:NAME`` and
``pop:NAME`` say which. Both forms are understood of any other name, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

SITE: Final = "site"
POP: Final = "pop"


def thing_keys(sites: Sequence[str], pops: Sequence[str]) -> list[str]:
    """Return how each is called so that no two are called alike: sites first, then PoPs."""
    both = set(sites) & set(pops)
    return [
        f"{kind}:{name}" if name in both else name
        for kind, names in ((SITE, sites), (POP, pops))
        for name in names
    ]


def thing_numbers(sites: Sequence[str], pops: Sequence[str]) -> dict[str, int]:
    """Return the number of each by every name that stands for it alone: sites first, then PoPs."""
    kinds = [SITE] * len(sites) + [POP] * len(pops)
    names = [*sites, *pops]
    number = {f"{kind}:{name}": i for i, (kind, name) in enumerate(zip(kinds, names, strict=True))}
    # What is plainly called so goes before what is called so with its kind.
    return number | {key: i for i, key in enumerate(thing_keys(sites, pops))}


def stands_for_both(name: str, numbers: Mapping[str, int]) -> bool:
    """Return whether a name stands for nothing because a site and a PoP both bear it."""
    return name not in numbers and f"{SITE}:{name}" in numbers


BOTH: Final = "{name} is a site and a point of presence: write site:{name} or pop:{name}"
"""What is said of such a name in a table."""
