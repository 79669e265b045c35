// The switchable layers: name, how many things they hold, and why one is empty.
/** Whether the page shows a plan of masts, or losses: what is not of these stands back. */
const OWN_SUBJECT = Boolean(book.masts || book.losses);

const LAYERS = [
  {
    id: "fate", title: "Villages: what becomes of them", on: true, of: "masts",
    count: () => (book.masts ? book.villages.code.length : 0),
    empty: () => t("no masts were planned in this run"),
  },
  {
    id: "planned", title: "Masts to build", on: true, of: "masts",
    count: () => (book.masts ? Masting.built(book.masts.sites.year).length : 0),
    empty: () => t("nothing is to be built"),
  },
  {
    id: "hops", title: "Microwave hops", on: true, of: "masts",
    count: () => (book.masts ? Masting.built(book.masts.hops.year).length : 0),
    empty: () => t("the plan needs none"),
  },
  {
    id: "newcable", title: "New cable", on: true, of: "masts",
    count: () => (book.masts ? Masting.built(book.masts.lines.year).length : 0),
    empty: () => t("the plan needs none"),
  },
  {
    id: "brought", title: "Communes that get fibre", on: true, of: "masts",
    count: () => (Steps.joint ? book.masts.communes.commune.length : 0),
    empty: () => t("only masts were planned: phusong plan plans both in one list"),
  },
  {
    id: "power", title: "Power lines", on: true, of: "masts",
    count: () => Masting.standing.length + Masting.power.length,
    empty: () => t("the study names no power lines: every new mast has panels"),
  },
  {
    id: "losses", title: "Losses, by people", on: true, of: "losses",
    count: () => (book.losses ? book.losses.events.id.length : 0),
    empty: () => t("no single loss darkens anything"),
  },
  {
    id: "exposure", title: "Villages by exposure", on: true, of: "losses",
    count: () => (book.losses ? book.villages.code.length : 0),
    empty: () => t("the study has no villages"),
  },
  {
    id: "remedies", title: "Remedies to build, by step", on: false, of: "losses",
    count: () => (book.losses ? book.losses.remedies.step.filter((step) => step !== null).length : 0),
    empty: () => t("none was looked for, or none saves anything"),
  },
  {
    id: "villages", title: "Villages by verdict", on: !OWN_SUBJECT,
    count: () => book.villages.code.length,
    empty: () => t("the study has no villages"),
  },
  {
    id: "borders", title: "Commune borders", on: true,
    count: () => book.communes.code.length,
    empty: () => t("the study has no communes"),
  },
  {
    id: "names", title: "Place names", on: true,
    count: () => book.communes.code.length + book.villages.code.length,
    empty: () => t("the study has no names"),
  },
  {
    id: "masts", title: "Towers and sectors", on: !book.losses,
    count: () => Masts.chosen().length,
    empty: () => t("no tower of this carrier and technology"),
  },
  {
    id: "cables", title: "Fibre cables", on: true,
    count: () => Lines.cables.length,
    empty: () => (book.fiber_in_study ? t("no cable was read from the study's files") : t("the study names no cables")),
  },
  {
    id: "pops", title: "Points of presence", on: true,
    count: () => book.pops.id.length,
    empty: () => t("the study names no points of presence"),
  },
  {
    id: "centres", title: "Commune centres by fibre reach", on: !OWN_SUBJECT,
    count: () => (book.reach ?? book.centres).x.length,
    empty: () => t("the study has no commune centres"),
  },
  {
    id: "extension", title: "Planned extension", on: true, aside: true,
    count: () => Extension.lines.length,
    empty: () => (book.extension ? t("nothing is to be built") : t("no extension was planned in this run")),
  },
  {
    id: "rings", title: "Planned second routes", on: true, aside: true,
    count: () => Extension.rings.length,
    empty: () => (book.extension?.rings ? t("nothing is to be built") : t("no second routes were planned in this run")),
  },
  {
    id: "measured", title: "Measured levels", on: true, aside: true,
    count: () => Measured.chosen().length,
    empty: () => (book.measured ? t("nothing was measured of this carrier and technology") : t("no measurements were given to this map")),
  },
  {
    id: "weak", title: "Single points of failure", on: false,
    count: () => book.weak?.id.length ?? 0,
    empty: () => (book.weak ? t("no single cut isolates a commune") : t("fibre was not assessed in this run")),
  },
  {
    id: "gaps", title: "Gaps in the cable drawing", on: false,
    count: () => book.gaps?.x.length ?? 0,
    empty: () => (book.gaps
      ? t("no gap up to {metres} m was found", { metres: number(book.study.near_miss_m) })
      : t("fibre was not assessed in this run")),
  },
  {
    id: "rivers", title: "Rivers and lakes", on: !OWN_SUBJECT,
    count: () => Lines.rivers.length + Lines.lakes.length,
    empty: () => (book.rivers ? t("no river was read from the study's files") : t("the study names no rivers")),
  },
  {
    id: "roads", title: "Roads", on: false,
    count: () => Lines.roads.length,
    empty: () => t("the study names no roads"),
  },
  {
    id: "findings", title: "Problems found in the data", on: false,
    count: () => book.findings.x.filter((x) => x !== null).length,
    empty: () => (book.findings.total
      ? t("{count} found, none with a place: see the list below", { count: number(book.findings.total) })
      : t("nothing wrong was found")),
  },
];

/** Layers that belong to another subject than the page's are not offered at all. */
const OFFERED = LAYERS.filter((layer) => (layer.of ? book[layer.of] : !OWN_SUBJECT || !layer.aside || layer.count()));

for (const layer of OFFERED) if (layer.on && layer.count()) State.shown.add(layer.id);

/** Every painter, bottom to top. */
const PAINTERS = [
  Areas.paintVillages,
  Fate.paint,
  Outages.paintVillages,
  Lines.paintRivers,
  Lines.paintRoads,
  Areas.paintCommunes,
  Lines.paintCables,
  Lines.paintBridges,
  Outages.paintCut,
  Lines.paintRoute,
  Areas.paintSelected,
  Measured.paint,
  Masts.paint,
  Masts.paintDark,
  Masting.paintLines,
  Marks.paintGaps,
  Marks.paintWeak,
  Marks.paintPops,
  Marks.paintCentres,
  Extension.paint,
  Steps.paintChosen,
  Masting.paintServed,
  Outages.paintEvents,
  Remedies.paint,
  Rings.paint,
  Spot.paint,
  Marks.paintFindings,
  Marks.paintSelected,
  Labels.paint,
  Extension.paintBadges,
  Steps.paintAlone,
  Steps.paintCommunes,
  Masting.paint,
  Masting.paintNumbers,
];

/** What lies under a point of the map, topmost first; null when nothing does. */
function thingAt(x, y, metresPerPixel, touch) {
  const reach = metresPerPixel * (touch ? 18 : 10);
  const shown = (id) => State.shown.has(id);
  const point = (kind, source) => {
    const index = Marks.near(source, x, y, reach);
    return index < 0 ? null : { kind, index };
  };
  const found = (shown("findings") && point("finding", book.findings))
    || (shown("planned") && near("mast", Masting, x, y, reach))
    || (shown("brought") && near("commune", Steps, x, y, reach))
    || (shown("losses") && near("event", Outages, x, y, reach))
    || (shown("extension") && near("stage", Extension, x, y, reach))
    || (shown("centres") && centreAt(x, y, reach))
    || (shown("pops") && point("pop", book.pops))
    || (shown("weak") && book.weak && point("weak", book.weak))
    || (shown("gaps") && book.gaps && point("gap", book.gaps))
    || (shown("masts") && mastAt(x, y, reach))
    || (shown("measured") && near("measured", Measured, x, y, reach));
  if (found) return found;
  if (shown("cables") || shown("weak")) {
    const index = Strokes.near(Lines.cables, x, y, reach * 0.6);
    if (index >= 0) return { kind: "cable", index };
  }
  if (["villages", "fate", "exposure"].some(shown)) {
    const index = Strokes.at(Areas.villages, x, y);
    if (index >= 0) return { kind: "village", index };
  }
  const index = Strokes.at(Areas.communes, x, y);
  return index < 0 ? null : { kind: "commune", index };
}

function near(kind, drawn, x, y, reach) {
  const index = drawn.near(x, y, reach);
  return index < 0 ? null : { kind, index };
}

function centreAt(x, y, reach) {
  const source = book.reach ?? book.centres;
  const index = Marks.near(source, x, y, reach);
  return index < 0 || source.commune[index] < 0 ? null : { kind: "commune", index: source.commune[index] };
}

function mastAt(x, y, reach) {
  const sites = Masts.chosen();
  const near = { x: sites.map((s) => book.sites.x[s]), y: sites.map((s) => book.sites.y[s]) };
  const index = Marks.near(near, x, y, reach);
  return index < 0 ? null : { kind: "site", index: sites[index] };
}
