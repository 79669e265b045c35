"""Every single event of a network with its figures, worst first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from phusong.planning.cascade.events import all_events
from phusong.planning.cascade.judged import Judged
from phusong.planning.cascade.losable import Network
from phusong.progress import Progress

_FIGURES = ("villages_lower", "villages_all", "people_without_signal")
_WORST = (
    "people_without_signal",
    "villages_lower",
    "people_without_fibre",
    "communes_dark",
    "sites_dark",
)
_NAMED = ("element", "id", "hours")


def followed_events(
    network: Network, hours: Sequence[float], judged: Judged, progress: Progress | None = None
) -> pd.DataFrame:
    """Return every event that darkens something, with its figures and outage, worst first.

    Parameters
    ----------
    hours
        How long a feeder is gone.
    judged
        Villages under sets of silent sites; those of the events are added.

    Returns
    -------
    DataFrame
        As :func:`phusong.planning.cascade.events.all_events`, ``people`` as
        ``people_without_fibre``; and ``communes_dark``, ``sites_dark``, ``villages_lower``,
        ``villages_all``, ``people_without_signal``, ``outage``.
    """
    events = all_events(network, hours)
    silent = {sites: frozenset(sites) for sites in events["sites"]}
    judged.judge(silent.values(), progress)
    felt = {sites: judged.felt(s) for sites, s in silent.items()}
    figures = {sites: (f.lower, int(f.all.sum()), f.lost) for sites, f in felt.items()}
    found = [figures[sites] for sites in events["sites"]]
    columns = pd.DataFrame(found, columns=list(_FIGURES), index=events.index)
    table = pd.concat([events.rename(columns={"people": "people_without_fibre"}), columns], axis=1)
    table["communes_dark"] = table["communes"].map(len)
    table["sites_dark"] = table["sites"].map(len)
    table = table.sort_values(
        [*_WORST, *_NAMED],
        ascending=[False] * len(_WORST) + [True] * len(_NAMED),
        na_position="last",
        ignore_index=True,
    )
    dark = pd.Series(list(zip(table["communes"], table["sites"], strict=True)), dtype=object)
    table["outage"] = pd.factorize(dark)[0] + 1
    return table
