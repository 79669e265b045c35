"""What a scenario costs to build, by the study's prices."""

from __future__ import annotations

from typing import Any

import shapely

from phusong.planning.costs import annuity
from phusong.results.model import Results
from phusong.sources.alterations.raised import metres_of
from phusong.studio.session import Seen
from phusong.study.settings.planning import Price


def cost_of(seen: Seen, now: Results) -> dict[str, Any]:
    """Return what is built, item by item, with capital, yearly cost and both over the horizon.

    Masts have panels: whether a line passes is not looked at here. A cable is priced along its
    drawing by ``[extension]``: the usual price, times ``route_factor``.
    """
    study, scenario = now.study, seen.scenario
    prices = study.planning.prices
    standing = set(now.inputs.sites["site_id"].astype(str))
    rows: list[tuple[str, str, float, Price]] = []
    for site in dict.fromkeys(mast.site_id for mast in scenario.masts):
        stands = site in standing
        rows.append(
            ("cosite" if stands else "tower", site, 1.0, prices.cosite if stands else prices.tower)
        )
        if any(one.site_id == site and one.bands for one in scenario.masts):
            rows.append(("radio", site, 1.0, prices.radio))
        if not stands:
            rows.append(("solar", site, 1.0, prices.solar))
    rows += [
        ("hop", link.site_id, 1.0, prices.hop)
        for link in scenario.backhaul
        if link.upstream is not None
    ]
    per_km = study.extension.usd_per_km * study.extension.route_factor * prices.per_usd
    for cable in scenario.cables:
        line = shapely.linestrings(*metres_of(now.inputs, *zip(*cable.points, strict=True)))
        km = float(shapely.length(line)) / 1000.0
        price = Price(capital=per_km * km, yearly=prices.fibre_yearly_per_km * km)
        rows.append(("cable", cable.cable_id, km, price))
    years = annuity(prices)
    return {
        "currency": prices.currency,
        "horizon_years": prices.horizon_years,
        "items": [
            {
                "kind": kind,
                "id": name,
                "amount": round(amount, 3),
                "capital": round(price.capital),
                "yearly": round(price.yearly),
            }
            for kind, name, amount, price in rows
        ],
        "capital": round(sum(price.capital for *_, price in rows)),
        "yearly": round(sum(price.yearly for *_, price in rows)),
        "life": round(sum(price.capital + years * price.yearly for *_, price in rows)),
    }
