// Masts that are planned: drawn with what joins them to fibre and to power, as far as the year goes.
const PLANNED = PALETTE.planned;

const MAST_NAMES = { new: "New mast", climbed: "Standing mast, climbed", relay: "Relay: passes on, serves nobody" };

const Masting = {
  hops: book.masts ? shapes(book.masts.hops.lines, false) : [],
  cables: book.masts ? shapes(book.masts.lines.lines, false) : [],
  power: book.masts ? shapes(book.masts.power.lines, false) : [],
  standing: book.masts ? shapes(book.masts.power.standing, false) : [],

  /** new: to be built; climbed: stands already; relay: of either kind, for others only. */
  kind(i) {
    const { role, kind } = book.masts.sites;
    if (role[i] === "relays") return "relay";
    return kind[i] === "existing" ? "climbed" : "new";
  },

  /** The years of the plan; one where no years were asked for. */
  last: book.masts ? Math.max(1, ...book.masts.years.year) : 1,

  /** The year whose end is shown. */
  year: () => Math.min(State.year || Masting.last, Masting.last),

  stands: (year) => year <= Masting.year(),

  /** Rows of what stands by then. */
  built: (years) => years.map((_, i) => i).filter((i) => Masting.stands(years[i])),

  count: (kind) => book.masts ? book.masts.sites.id.filter((_, i) => Masting.kind(i) === kind && Masting.stands(book.masts.sites.year[i])).length : 0,

  paintLines(brush) {
    if (!book.masts) return;
    const { hops, lines, power, sites } = book.masts;
    if (State.shown.has("power")) {
      Strokes.lines(brush, Masting.standing, [[1, PLANNED.power, [7, 3, 1.5, 3]]]);
      const there = power.site.map((site, i) => (Masting.stands(sites.year[site]) ? Masting.power[i] : null)).filter(Boolean);
      Strokes.lines(brush, there, [[4.6, "#ffffff", []], [2.6, PLANNED.power, [9, 3, 2, 3]]]);
    }
    if (State.shown.has("newcable")) {
      Strokes.lines(brush, Masting.built(lines.year).map((i) => Masting.cables[i]), [[6.4, "#ffffff", []], [4.6, INK, []], [3, PLANNED.cable, []]]);
    }
    if (State.shown.has("hops")) {
      const there = Masting.built(hops.year);
      Strokes.lines(brush, there.map((i) => Masting.hops[i]), [[4.6, "#ffffff", []], [2.2, PLANNED.hop, [8, 4]]]);
      if (brush.view.zoom >= 11) for (const i of there) Masting.nameHop(brush, i);
    }
  },

  /** How long a hop is, in its middle. */
  nameHop(brush, i) {
    const { west, east, north, south } = Masting.hops[i];
    const text = unit(book.masts.hops.length_km[i], 1, "km");
    brush.labels.push({ x: brush.view.px((west + east) / 2), y: brush.view.py((north + south) / 2), text, rank: 3, style: "site" });
  },

  /** Lines from the chosen mast to whom it serves, or from the chosen village to what serves it. */
  paintServed(brush) {
    if (!book.masts || !State.selected) return;
    const pairs = State.selected.kind === "mast" ? Fate.servedBy(State.selected.index).map((row) => [State.selected.index, row])
      : State.selected.kind === "village" ? Fate.mastsOf(Fate.rowOf[State.selected.index] ?? -1).map((site) => [site, Fate.rowOf[State.selected.index]]) : [];
    const { pen, view } = brush;
    const { sites, villages } = book.masts;
    for (const [width, colour] of [[4, "#ffffff"], [1.8, INK]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      for (const [site, row] of pairs) {
        const village = villages.village[row];
        if (village < 0 || book.villages.x[village] === null || sites.x[site] === null) continue;
        pen.moveTo(view.px(sites.x[site]), view.py(sites.y[site]));
        pen.lineTo(view.px(book.villages.x[village]), view.py(book.villages.y[village]));
      }
      pen.stroke();
    }
  },

  /** After the names: most masts stand in villages, whose names would cover them. */
  paint(brush) {
    if (!book.masts || !State.shown.has("planned")) return;
    inPixels(brush);
    const { pen, view } = brush;
    const { sites } = book.masts;
    const size = view.zoom >= 9.5 ? 8.5 : 6.5;
    for (const i of Masting.built(sites.year).reverse()) {
      if (sites.x[i] === null) continue;
      const x = view.px(sites.x[i]), y = view.py(sites.y[i]);
      if (outside(x, y, view)) continue;
      const fresh = Masting.last > 1 && sites.year[i] === Masting.year();
      Masting.mark(pen, x, y, fresh ? size * 1.15 : size, Masting.kind(i));
    }
  },

  /** Last of all: the number of a mast, its place in the order of the list. */
  paintNumbers(brush) {
    if (!book.masts || !State.shown.has("planned")) return;
    const { sites } = book.masts;
    inPixels(brush);
    if (brush.view.zoom < 9) return;
    const { pen, view } = brush;
    pen.font = "700 11px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const i of Masting.built(sites.year)) {
      if (sites.x[i] === null) continue;
      const x = view.px(sites.x[i]) + 9, y = view.py(sites.y[i]) - 8;
      if (outside(x, y, view)) continue;
      pen.lineWidth = 3.5;
      pen.strokeStyle = "rgba(255, 255, 255, 0.95)";
      pen.strokeText(String(Steps.ofMast(i)), x, y);
      pen.fillStyle = INK;
      pen.fillText(String(Steps.ofMast(i)), x, y);
    }
  },

  /** A filled triangle: to build; one on a round plate: stands; a diamond: a relay. */
  mark(pen, x, y, size, kind) {
    pen.lineJoin = "round";
    pen.strokeStyle = INK;
    pen.fillStyle = PLANNED[kind];
    pen.lineWidth = 1.8;
    pen.beginPath();
    if (kind === "relay") {
      pen.moveTo(x, y - size);
      pen.lineTo(x + size * 0.85, y);
      pen.lineTo(x, y + size);
      pen.lineTo(x - size * 0.85, y);
      pen.closePath();
    } else if (kind === "climbed") {
      pen.arc(x, y, size * 0.95, 0, 2 * Math.PI);
    } else {
      Masting.triangle(pen, x, y, size);
    }
    pen.fill();
    pen.stroke();
    if (kind !== "climbed") return;
    pen.beginPath();
    Masting.triangle(pen, x, y, size * 0.5);
    pen.fillStyle = INK;
    pen.fill();
  },

  triangle(pen, x, y, size) {
    pen.moveTo(x, y - size * 1.15);
    pen.lineTo(x + size, y + size * 0.8);
    pen.lineTo(x - size, y + size * 0.8);
    pen.closePath();
  },

  /** The box round a mast, whom it serves and what it hangs on. */
  box(i) {
    const { sites, hops } = book.masts;
    const parts = Fate.servedBy(i).map((row) => Areas.villages[book.masts.villages.village[row]]).filter(Boolean);
    hops.to.forEach((to, n) => { if (to === i) parts.push(Masting.hops[n]); });
    if (sites.x[i] !== null) parts.push({ west: sites.x[i], east: sites.x[i], north: sites.y[i], south: sites.y[i] });
    return parts.length ? Whole.box(parts) : null;
  },

  /** Index of the nearest mast that stands by then, or -1. */
  near(x, y, reach_m) {
    const { sites } = book.masts;
    const rows = Masting.built(sites.year);
    const index = Marks.near({ x: rows.map((i) => sites.x[i]), y: rows.map((i) => sites.y[i]) }, x, y, reach_m);
    return index < 0 ? -1 : rows[index];
  },
};
