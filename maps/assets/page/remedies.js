// What mends losses for its cost, and rings that two cuts part: listed beside the map, the chosen one drawn.
const REMEDIES = {
  battery: { title: "Longer batteries", colour: "#e69f00" },
  hop: { title: "Spare microwave hop", colour: PALETTE.planned.hop },
  route: { title: "Second route of cable", colour: PALETTE.planned.cable },
};

const REMEDY_COLUMNS = [
  { key: "rank", title: "Remedy", value: (r, i) => i },
  { key: "step", title: "Step", value: (r, i) => r.step[i] ?? Infinity },
  { key: "life", title: "Cost", down: true, value: (r, i) => r.life[i] },
  { key: "saved", title: "Person-hours saved a year", down: true, value: (r, i) => r.saved[i] },
];

const Remedies = {
  lines: book.losses ? shapes(book.losses.remedies.lines, false) : [],
  sort: "rank",
  down: false,

  name(i) {
    const r = book.losses.remedies;
    const where = r.commune[i] >= 0 ? Plan.commune(r.commune[i]) : quoted(r.where[i]);
    if (r.kind[i] === "hop") return t("Hop {a} – {b}", { a: where, b: quoted(r.by[i]) });
    if (r.kind[i] === "route") return t("Second route to {place}", { place: where });
    return t("Batteries for {feeder}: {sites}", { feeder: quoted(r.by[i]), sites: where });
  },

  mark: (i) => drawn((pen) => Remedies.draw(pen, 11, 11, 7, book.losses.remedies.kind[i])),

  /** A battery, two masts with a beam between them, or a cable. */
  draw(pen, x, y, size, kind) {
    pen.lineJoin = "round";
    pen.strokeStyle = INK;
    pen.fillStyle = REMEDIES[kind].colour;
    pen.lineWidth = 1.5;
    if (kind === "battery") {
      pen.beginPath();
      pen.rect(x - size, y - size * 0.6, 1.7 * size, size * 1.2);
      pen.rect(x + size * 0.7, y - size * 0.28, size * 0.35, size * 0.56);
      pen.fill();
      pen.stroke();
      return;
    }
    pen.strokeStyle = REMEDIES[kind].colour;
    pen.lineWidth = 3;
    pen.setLineDash(kind === "hop" ? [4, 2.5] : []);
    pen.beginPath();
    pen.moveTo(x - size, y + size * 0.55);
    pen.lineTo(x + size, y - size * 0.55);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = INK;
    for (const end of [-1, 1]) {
      pen.beginPath();
      pen.arc(x + end * size, y - end * size * 0.55, 2.2, 0, 2 * Math.PI);
      pen.fill();
    }
  },

  /** Where the batteries stand, or the ends of what is built. */
  places(i) {
    const r = book.losses.remedies;
    const sites = [...r.site[i], r.kind[i] === "hop" ? r.from[i] : -1].filter((row) => row >= 0).map((row) => [book.sites.x[row], book.sites.y[row], book.sites.id[row]]);
    const pops = r.pop[i].map((row) => [book.pops.x[row], book.pops.y[row], book.pops.id[row]]);
    const found = [...sites, ...pops].filter(([x]) => x !== null);
    return found.length || r.x[i] === null || r.kind[i] !== "battery" ? found : [[r.x[i], r.y[i], ""]];
  },

  /** The remedies of the order of building, where they are wanted, and the chosen one. */
  drawnNow() {
    const r = book.losses.remedies;
    const rows = State.shown.has("remedies") ? r.step.map((step, i) => (step === null ? -1 : i)).filter((i) => i >= 0) : [];
    const chosen = State.selected?.kind === "remedy" ? State.selected.index : -1;
    return { rows: rows.filter((i) => i !== chosen), chosen };
  },

  paint(brush) {
    if (!book.losses) return;
    const { rows, chosen } = Remedies.drawnNow();
    for (const i of rows) Remedies.paintOne(brush, i, false);
    if (chosen >= 0) Remedies.paintOne(brush, chosen, true);
  },

  paintOne(brush, i, chosen) {
    const { kind, step } = book.losses.remedies;
    const { colour } = REMEDIES[kind[i]];
    const dash = kind[i] === "hop" ? [8, 4] : [];
    if (kind[i] !== "battery") Strokes.lines(brush, [Remedies.lines[i]], chosen ? [[10, "#ffffff", []], [7, INK, []], [4, colour, dash]] : [[4.6, "#ffffff", []], [2.6, colour, dash]]);
    inPixels(brush);
    const { pen, view } = brush;
    Remedies.places(i).forEach(([mx, my, name], n) => {
      const x = view.px(mx), y = view.py(my);
      if (outside(x, y, view)) return;
      if (kind[i] === "battery") Remedies.draw(pen, x, y, chosen ? 10 : 7, "battery");
      else if (chosen) Remedies.end(pen, x, y);
      if (chosen && name) brush.labels.push({ x, y: y + 18, text: name, rank: 0, style: "commune" });
      if (n === 0 && step[i] !== null) Steps.number(pen, x, y, step[i]);
    });
  },

  end(pen, x, y) {
    pen.beginPath();
    pen.arc(x, y, 6, 0, 2 * Math.PI);
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = INK;
    pen.lineWidth = 2.4;
    pen.fill();
    pen.stroke();
  },

  box(i) {
    const at = ([x, y]) => ({ west: x, east: x, north: y, south: y });
    const parts = [Remedies.lines[i], ...Remedies.places(i).map(at)].filter((part) => part && Number.isFinite(part.west));
    return parts.length ? Whole.box(parts) : null;
  },

  render() {
    const r = book.losses.remedies;
    if (!r.kind.length) return make("p", { class: "hint" }, t("No remedies were looked for, or none saves anything: phusong cascade --remedies 10."));
    const column = REMEDY_COLUMNS.find((c) => c.key === Remedies.sort);
    const rows = r.kind.map((_, i) => i).sort((a, b) => {
      const by = column.value(r, a) === column.value(r, b) ? 0 : column.value(r, a) < column.value(r, b) ? -1 : 1;
      return (Remedies.down ? -1 : 1) * by || a - b;
    });
    const head = REMEDY_COLUMNS.map((c, n) => make("th", { scope: "col", class: n ? "numeric" : null,
      "aria-sort": c.key === Remedies.sort ? (Remedies.down ? "descending" : "ascending") : "none" },
    make("button", { type: "button", class: "sorter", "data-sort": `remedy-${c.key}`, onclick: () => Remedies.by(c) },
      t(c.title), c.key === Remedies.sort ? (Remedies.down ? " ▼" : " ▲") : "")));
    return make("details", { id: "loss-remedies" }, make("summary", {}, t("What mends most for its cost ({count})", { count: number(r.kind.length) })),
      make("p", { class: "hint" }, t("All single losses take {total} person-hours a year, by the hours the study expects each to last. Most saved per cost first; the step is the order to build in, each given those before it.", {
        total: number(r.toll.signal + r.toll.fibre) })),
      scrolling(make("table", { class: "grid losses", id: "plan-remedies" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows.map(Remedies.row)))),
      make("p", { class: "hint" }, t("Cost over {years} years, {currency}.", { years: number(r.horizon_years), currency: r.currency })));
  },

  row(i) {
    const r = book.losses.remedies;
    const chosen = State.selected?.kind === "remedy" && State.selected.index === i;
    return make("tr", { "data-remedy": i, class: chosen ? "chosen" : null },
      make("th", { scope: "row" }, Remedies.mark(i), " ", link({ kind: "remedy", index: i }, Remedies.name(i))),
      Plan.cells([r.step[i] === null ? "" : number(r.step[i]), number(r.life[i]), number(r.saved[i])]));
  },

  by(column) {
    Remedies.down = Remedies.sort === column.key ? !Remedies.down : Boolean(column.down);
    Remedies.sort = column.key;
    Plan.render();
    byId("plan-remedies").querySelector(`[data-sort="remedy-${column.key}"]`).focus();
  },

  /** The first to build, in one tile. */
  tile() {
    const r = book.losses.remedies;
    const first = r.step.indexOf(1);
    if (first < 0) return null;
    return make("div", { class: "tile tile-wide" }, make("span", {}, t("First to build")), make("strong", {}, link({ kind: "remedy", index: first }, Remedies.name(first))),
      make("span", {}, t("saves {hours} person-hours a year for {cost} over {years} years", {
        hours: number(r.saved_added[first]), cost: unit(r.life_added[first], 0, r.currency), years: number(r.horizon_years) })));
  },
};

const Rings = {
  name: (i) => `${quoted(book.losses.rings.a[i])} + ${quoted(book.losses.rings.b[i])}`,

  chosen: () => (State.selected?.kind === "ring" ? State.selected.index : -1),

  /** All that goes dark when both sections are cut. */
  of(i) {
    const { communes, sites, villages } = book.losses.rings;
    return { communes: Outages.rows(communes[i]), sites: Outages.rows(sites[i]), villages: Outages.set(villages[i]) };
  },

  /** Both cuts of the chosen pair: a short section is not seen without its mark. */
  paint(brush) {
    const i = Rings.chosen();
    if (i < 0) return;
    const r = book.losses.rings;
    inPixels(brush);
    for (const [mx, my, id] of [[r.x[i], r.y[i], r.a[i]], [r.x_b[i], r.y_b[i], r.b[i]]]) {
      if (mx === null) continue;
      const x = brush.view.px(mx), y = brush.view.py(my);
      if (outside(x, y, brush.view)) continue;
      Rings.mark(brush.pen, x, y, 10);
      brush.labels.push({ x, y: y - 20, text: t("Cable section {id}", { id: quoted(id) }), rank: 0, style: "commune" });
    }
  },

  /** A disc in the colour of cables, crossed out. */
  mark(pen, x, y, size) {
    pen.beginPath();
    pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fillStyle = LOSS_KINDS.cable.colour;
    pen.strokeStyle = INK;
    pen.lineWidth = 1.8;
    pen.fill();
    pen.stroke();
    const d = size * 0.5;
    pen.lineWidth = 2.4;
    pen.beginPath();
    pen.moveTo(x - d, y - d);
    pen.lineTo(x + d, y + d);
    pen.moveTo(x + d, y - d);
    pen.lineTo(x - d, y + d);
    pen.stroke();
  },

  cables: (i) => book.losses.rings.cables[i].filter((row) => row >= 0).map((row) => Lines.cables[row]),

  box(i) {
    const { communes, villages } = Rings.of(i);
    const parts = [...Rings.cables(i), ...communes.map((row) => Areas.communes[row]), ...villages.map(({ row }) => Areas.villages[row])]
      .filter((part) => part && Number.isFinite(part.west));
    return parts.length ? Whole.box(parts) : null;
  },

  render() {
    const r = book.losses.rings;
    if (!r.a.length) return null;
    return make("details", { id: "loss-rings" }, make("summary", {}, t("Two cuts of one ring ({count})", { count: number(r.a.length) })),
      make("p", { class: "hint" }, t("Each section is harmless by itself; both at once cut off what lies between. Of every ring the two that take most.")),
      Plan.table("", [t("Two sections"), t("People"), t("Communes")], r.a.map((_, i) => make("tr", {
        "data-ring": i, class: Rings.chosen() === i ? "chosen" : null },
      make("th", { scope: "row" }, link({ kind: "ring", index: i }, Rings.name(i)),
        make("span", { class: "below" }, t("of {count} sections of the ring", { count: number(r.sections[i]) }))),
      Plan.cells([number(r.people[i]), number(Outages.rows(r.communes[i]).length)]))), { class: "grid losses", id: "plan-rings" }));
  },
};
