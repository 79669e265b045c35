// What becomes of a village in the plan: served from some year on, or not, and why.
const FATES = {
  has: { colour: GRADES.c.colour, alpha: 0.28, hatched: false, label: "Has signal today" },
  served: { colour: PALETTE.fates.served, alpha: 0.72, hatched: false, label: "Gets signal by the plan" },
  repeater: { colour: PALETTE.fates.repeater, alpha: 0.6, hatched: false, label: "Gets a repeater" },
  satellite: { colour: PALETTE.fates.satellite, alpha: 0.66, hatched: false, label: "Gets a satellite terminal (culture house only)" },
  later: { colour: PALETTE.fates.served, alpha: 0.34, hatched: true, label: "Served in a later year" },
  over_budget: { colour: PALETTE.fates.over_budget, alpha: 0.7, hatched: true, label: "Stays: not within the money" },
  no_site: { colour: PALETTE.fates.no_site, alpha: 0.72, hatched: true, label: "Stays: no place looked at covers it" },
  no_backhaul: { colour: PALETTE.fates.no_backhaul, alpha: 0.6, hatched: true, label: "Stays: nothing joins what covers it to fibre" },
  unknown: { colour: GRADES.n.colour, alpha: 0.4, hatched: false, label: "Not assessed" },
};

const Fate = {
  /** Row among the plan's villages of a village of the map; undefined where it has signal. */
  rowOf: {},

  /** Rows of the villages that a mast serves, alone or with another. */
  servedBy: (site) => (book.masts.villages.site.map((s, row) => (s === site || book.masts.villages.second[row] === site ? row : -1))
    .filter((row) => row >= 0)),

  mastsOf: (row) => (row < 0 ? [] : [book.masts.villages.site[row], book.masts.villages.second[row]].filter((site) => site >= 0)),

  of(village) {
    const row = Fate.rowOf[village];
    if (row === undefined) return Fate.bright.has(village) ? "has" : "unknown";
    const { status, year } = book.masts.villages;
    const fate = status[row] in FATES ? status[row] : "unknown";
    return ["served", "repeater", "satellite"].includes(fate) && !Masting.stands(year[row]) ? "later" : fate;
  },

  /** Villages with signal today, by the verdict over all carriers. */
  bright: new Set(),

  /** How many villages each fate has. */
  counts() {
    const counts = {};
    Areas.villages.forEach((_, i) => { const fate = Fate.of(i); counts[fate] = (counts[fate] ?? 0) + 1; });
    return counts;
  },

  paint(brush) {
    if (!book.masts || !State.shown.has("fate")) return;
    const members = {};
    Areas.villages.forEach((area, i) => { if (meets(area, brush.view)) (members[Fate.of(i)] ??= []).push(area); });
    inMetres(brush);
    for (const [fate, areas] of Object.entries(members)) Strokes.cover(brush, FATES[fate], areas);
    if (brush.view.zoom >= 10) {
      for (const [fate, areas] of Object.entries(members)) {
        Strokes.coats(brush, areas, fate === "has" ? [[0.6, "rgba(255, 255, 255, 0.7)", []]] : [[1, "rgba(40, 40, 40, 0.55)", []]]);
      }
    }
    inPixels(brush);
  },
};

book.masts?.villages.village.forEach((village, row) => { if (village >= 0) Fate.rowOf[village] = row; });
const everyone = book.figures.find((f) => f.place === "outdoor" && f.operator === "*" && f.technology === "*");
if (everyone) [...everyone.grade].forEach((grade, i) => { if (grade === "c") Fate.bright.add(i); });
