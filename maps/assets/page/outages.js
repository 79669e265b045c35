// What goes dark when something fails: read from the book's differences, drawn for the chosen loss.
const LOSS_KINDS = {
  cable: { title: "Cables", colour: "#f0e442", elements: ["edge", "tail", "group"] },
  joint: { title: "Joints", colour: "#ffffff", elements: ["node"] },
  pop: { title: "Points of presence", colour: "#009e73", elements: ["pop"] },
  site: { title: "Towers", colour: "#56b4e9", elements: ["site"] },
  hazard: { title: "Hazard areas", colour: "#cc79a7", elements: ["hazard"] },
  feeder: { title: "Power feeders", colour: "#e69f00", elements: ["feeder"] },
};

/** Fewest losses of each class of exposure. */
const EXPOSED_FROM = [1, 2, 5, 10];

const Outages = {
  sets: [],
  hazards: book.losses ? shapes(book.losses.hazards, true) : [],

  /** Rows from differences. */
  rows(steps) {
    let row = 0;
    return steps.map((step) => (row += step));
  },

  kind(event) {
    const element = Outages.element(event);
    return Object.keys(LOSS_KINDS).find((kind) => LOSS_KINDS[kind].elements.includes(element)) ?? "cable";
  },

  element: (event) => book.losses.events.elements[book.losses.events.element[event]],

  /** The villages of a set, each with its grade before and after and the people who lose signal (null: not known). */
  set(number) {
    const { village, before, after, people } = book.losses.sets[number];
    return Outages.sets[number] ??= Outages.rows(village).map((row, n) => ({
      row, before: before[n], after: after[n], people: people[n] < 0 ? null : people[n] }));
  },

  of(event) {
    const { communes, sites, villages } = book.losses.outages;
    const outage = book.losses.events.outage[event];
    return { communes: Outages.rows(communes[outage]), sites: Outages.rows(sites[outage]), villages: Outages.set(villages[outage]) };
  },

  /** The events of the chosen thing: one, two of a pair, or none. */
  chosen() {
    const { selected } = State;
    if (!book.losses || !selected) return [];
    if (selected.kind === "event") return [selected.index];
    if (selected.kind === "pair") return [book.losses.pairs.a[selected.index], book.losses.pairs.b[selected.index]].filter((event) => event >= 0);
    return [];
  },

  /** Whether a loss is chosen: an event, two of them, or two cuts of a ring. */
  any: () => Boolean(book.losses) && (Outages.chosen().length > 0 || Rings.chosen() >= 0),

  /** All that the chosen losses darken, each thing once; of two grades of a village the worse. */
  dark() {
    const whole = { communes: new Set(), sites: new Set(), villages: new Map() };
    const lost = Outages.chosen().map(Outages.of);
    if (Rings.chosen() >= 0) lost.push(Rings.of(Rings.chosen()));
    for (const { communes, sites, villages } of lost) {
      for (const row of communes) whole.communes.add(row);
      for (const row of sites) whole.sites.add(row);
      for (const village of villages) {
        const known = whole.villages.get(village.row);
        if (!known || GRADE_ORDER.indexOf(village.after) < GRADE_ORDER.indexOf(known.after)) whole.villages.set(village.row, village);
      }
    }
    return whole;
  },

  /** By village: how many things there are any one of which takes its signal; a feeder is one, whatever its hours. */
  exposure() {
    if (Outages.exposed) return Outages.exposed;
    const counts = new Array(Areas.villages.length).fill(0);
    const things = new Map();
    book.losses.events.id.forEach((id, event) => {
      const key = `${Outages.element(event)} ${id}`;
      if (!things.has(key)) things.set(key, new Set());
      for (const { row, before, after } of Outages.of(event).villages) if (before !== after) things.get(key).add(row);
    });
    for (const rows of things.values()) for (const row of rows) counts[row] += 1;
    Outages.exposed = counts;
    return counts;
  },

  /** The class of a village, -1: no single loss takes its signal. */
  part: (count) => EXPOSED_FROM.filter((least) => count >= least).length - 1,

  paintVillages(brush) {
    if (!book.losses) return;
    const chosen = Outages.any();
    const parts = new Map();
    const put = (key, area) => { if (!parts.has(key)) parts.set(key, []); parts.get(key).push(area); };
    const { villages } = Outages.dark();
    const counts = State.shown.has("exposure") ? Outages.exposure() : null;
    Areas.villages.forEach((area, i) => {
      if (!meets(area, brush.view)) return;
      const dark = villages.get(i);
      if (dark) put(dark.before === dark.after ? "part" : dark.after, area);
      else if (chosen) put("rest", area);
      else if (counts) put(counts[i] || book.losses.today[i] !== "w" ? Outages.part(counts[i]) : "dark", area);
    });
    inMetres(brush);
    for (const [key, areas] of parts) Strokes.cover(brush, Outages.coat(key), areas);
    const touched = [...parts].filter(([key]) => !["rest", "dark", -1].includes(key)).flatMap(([, areas]) => areas);
    Strokes.coats(brush, touched, [[chosen ? 1.4 : 0.6, chosen ? "rgba(30, 30, 30, 0.8)" : "rgba(255, 255, 255, 0.8)", []]]);
    inPixels(brush);
  },

  /** How villages of a part are covered: by what is left in the chosen loss, or by exposure. */
  coat(key) {
    if (key === "rest" || key === -1) return { colour: "#dfe3e6", alpha: 0.55, hatched: false };
    if (key === "dark") return { colour: "#5b6470", alpha: 0.6, hatched: true };
    if (key === "part") return { colour: GRADES.h.colour, alpha: 0.3, hatched: false };
    return key in GRADES ? GRADES[key] : { colour: PALETTE.exposure[key], alpha: 0.72, hatched: false };
  },

  /** The place itself: cables that are cut, the area of a hazard. */
  paintCut(brush) {
    const chosen = Outages.chosen();
    if (!Outages.any()) return;
    const { events } = book.losses;
    const areas = chosen.map((event) => Outages.hazards[events.hazard[event]]).filter(Boolean);
    inMetres(brush);
    Strokes.cover(brush, { colour: LOSS_KINDS.hazard.colour, alpha: 0.45, hatched: true }, areas);
    Strokes.coats(brush, areas, [[4.4, "#ffffff", []], [2.2, INK, [6, 3]]]);
    inPixels(brush);
    const cut = chosen.flatMap((event) => events.cables[event]).map((i) => Lines.cables[i]);
    if (Rings.chosen() >= 0) cut.push(...Rings.cables(Rings.chosen()));
    Strokes.lines(brush, cut, [[10, "#ffffff", []], [7.5, INK, []], [4, LOSS_KINDS.cable.colour, []]]);
    const communes = [...Outages.dark().communes].map((i) => Areas.communes[i]).filter((area) => meets(area, brush.view));
    inMetres(brush);
    Strokes.coats(brush, communes, [[4.6, "#ffffff", []], [2.2, GRADES.w.colour, [10, 4]]]);
    inPixels(brush);
  },

  paintEvents(brush) {
    if (!book.losses || !State.shown.has("losses")) return;
    const { pen, view } = brush;
    const { events } = book.losses;
    const chosen = new Set(Outages.chosen());
    // Of a whole province the marks shrink, or they hide what they stand upon.
    const shrunk = view.zoom >= 9.5 ? 1 : 0.7;
    // Small ones last, so that they are seen upon large ones; the chosen upon all.
    const order = [...Losses.rows()].sort((a, b) => chosen.has(a) - chosen.has(b) || a - b);
    pen.globalAlpha = chosen.size || ["remedy", "ring"].includes(State.selected?.kind) ? 0.35 : 0.92;
    for (const event of order) {
      if (events.x[event] === null) continue;
      const x = view.px(events.x[event]), y = view.py(events.y[event]);
      if (outside(x, y, view)) continue;
      if (chosen.has(event)) pen.globalAlpha = 1;
      const size = shrunk * Outages.size(event);
      Outages.mark(pen, x, y, chosen.has(event) ? Math.max(8, size) : size, Outages.kind(event));
      if (chosen.has(event)) brush.labels.push({ x, y: y - 20, text: Losses.name(event), rank: 0, style: "commune" });
    }
    pen.globalAlpha = 1;
  },

  /** Half the width of a mark: its area grows with the people. */
  size(event) {
    const { people } = book.losses.events;
    const most = Math.max(1, people[0] ?? 1);
    return 2.8 + 10.5 * Math.sqrt(Math.max(0, people[event] ?? 0) / most);
  },

  /** Cables are discs, joints small rings, points of presence hexagons, towers triangles, hazards squares, feeders diamonds. */
  mark(pen, x, y, size, kind) {
    pen.beginPath();
    const corners = { pop: 6, site: 3, hazard: 4, feeder: 4 }[kind];
    if (!corners) pen.arc(x, y, size * (kind === "joint" ? 0.8 : 1), 0, 2 * Math.PI);
    else {
      const turned = { pop: 0, site: -Math.PI / 2, hazard: Math.PI / 4, feeder: 0 }[kind];
      for (let corner = 0; corner < corners; corner += 1) {
        const angle = turned + (corner * 2 * Math.PI) / corners;
        pen[corner ? "lineTo" : "moveTo"](x + size * 1.15 * Math.cos(angle), y + size * 1.15 * Math.sin(angle));
      }
      pen.closePath();
    }
    pen.fillStyle = LOSS_KINDS[kind].colour;
    pen.strokeStyle = INK;
    pen.lineWidth = kind === "joint" ? 2 : 1.3;
    pen.lineJoin = "round";
    pen.fill();
    pen.stroke();
  },

  /** The box round a loss and all it darkens. */
  box(event) {
    const { events } = book.losses;
    const { communes, sites, villages } = Outages.of(event);
    const at = (x, y) => ({ west: x, east: x, north: y, south: y });
    const parts = [
      ...villages.map(({ row }) => Areas.villages[row]),
      ...communes.map((row) => Areas.communes[row]),
      ...events.cables[event].map((i) => Lines.cables[i]),
      ...sites.filter((row) => book.sites.x[row] !== null).map((row) => at(book.sites.x[row], book.sites.y[row])),
      Outages.hazards[events.hazard[event]],
      events.x[event] === null ? null : at(events.x[event], events.y[event]),
    ].filter((part) => part && Number.isFinite(part.west));
    return parts.length ? Whole.box(parts) : null;
  },

  /** The box round both losses of a pair. */
  pairBox(pair) {
    const boxes = [book.losses.pairs.a[pair], book.losses.pairs.b[pair]].filter((event) => event >= 0).map(Outages.box).filter(Boolean);
    return boxes.length ? Whole.box(boxes) : null;
  },

  /** Index of the nearest shown event within some metres, the worst of those at one place; or -1. */
  near(x, y, reach_m) {
    const rows = [...Losses.rows()].reverse();
    const { events } = book.losses;
    const index = Marks.near({ x: rows.map((i) => events.x[i]), y: rows.map((i) => events.y[i]) }, x, y, reach_m);
    return index < 0 ? -1 : rows[index];
  },
};
