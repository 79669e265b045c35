// The steps of a plan on the map: communes that get fibre, villages served alone, the chosen step.
const Steps = {
  /** A plan of masts and cables in one list; of masts alone the masts are the list. */
  joint: Boolean(book.masts?.communes.commune.length),

  count: () => (book.masts ? book.masts.steps.what.length : 0),

  /** Whether the plan says of every mast in which step it is built. */
  known: Boolean(book.masts?.sites.step.every((step) => step > 0)),

  /** The number by which a mast is called: that of its step, or its place in the list. */
  ofMast: (i) => (Steps.known ? book.masts.sites.step[i] : i + 1),

  mastName: (i) => `${Steps.ofMast(i)}. ${book.masts.sites.id[i]}`,

  /** Row of the plan's communes by commune of the map. */
  rowOf: {},

  /** gets: fibre by then; later: in a later year; stays: not in this plan. */
  commune(row) {
    const { status, year } = book.masts.communes;
    if (status[row] !== "built") return "stays";
    return Masting.stands(year[row]) ? "gets" : "later";
  },

  /** Rows of communes of one kind. */
  communes: (kind) => (book.masts ? book.masts.communes.commune.map((_, row) => row).filter((row) => Steps.commune(row) === kind) : []),

  /** Steps by then that end with a village served by itself. */
  alone: () => (book.masts ? book.masts.steps.what.map((_, i) => i)
    .filter((i) => ["repeater", "satellite"].includes(book.masts.steps.what[i]) && Masting.stands(book.masts.steps.year[i])) : []),

  paintCommunes(brush) {
    if (!book.masts || !State.shown.has("brought")) return;
    inPixels(brush);
    const { pen, view } = brush;
    const { communes } = book.masts;
    const size = view.zoom >= 9.5 ? 7.5 : 6;
    for (const kind of ["stays", "later", "gets"]) {
      for (const row of Steps.communes(kind)) {
        if (communes.x[row] === null) continue;
        const x = view.px(communes.x[row]), y = view.py(communes.y[row]);
        if (outside(x, y, view)) continue;
        Steps.centre(pen, x, y, size, kind);
        if (kind === "gets" && view.zoom >= 9) Steps.number(pen, x, y, communes.step[row]);
      }
    }
  },

  /** A house of the commune: filled where fibre comes, hollow where it comes later, crossed where it does not. */
  centre(pen, x, y, size, kind) {
    pen.lineJoin = "round";
    pen.lineWidth = 1.8;
    pen.strokeStyle = INK;
    pen.fillStyle = kind === "gets" ? PLANNED.cable : "#ffffff";
    pen.beginPath();
    pen.moveTo(x - size, y + size * 0.9);
    pen.lineTo(x - size, y - size * 0.25);
    pen.lineTo(x, y - size * 1.1);
    pen.lineTo(x + size, y - size * 0.25);
    pen.lineTo(x + size, y + size * 0.9);
    pen.closePath();
    pen.fill();
    pen.stroke();
    if (kind !== "stays") return;
    const d = size * 0.42;
    pen.beginPath();
    pen.moveTo(x - d, y - d * 0.6);
    pen.lineTo(x + d, y + d * 1.4);
    pen.moveTo(x + d, y - d * 0.6);
    pen.lineTo(x - d, y + d * 1.4);
    pen.stroke();
  },

  paintAlone(brush) {
    if (!book.masts || !State.shown.has("planned")) return;
    inPixels(brush);
    const { pen, view } = brush;
    const { steps } = book.masts;
    if (view.zoom < 9) return;
    for (const i of Steps.alone()) {
      if (steps.x[i] === null) continue;
      const x = view.px(steps.x[i]), y = view.py(steps.y[i]);
      if (!outside(x, y, view)) Steps.terminal(pen, x, y, view.zoom >= 10.5 ? 5.5 : 3.6, steps.what[i]);
    }
  },

  /** A square: a repeater; a dish: a satellite terminal. */
  terminal(pen, x, y, size, what) {
    pen.lineWidth = 1.3;
    pen.strokeStyle = INK;
    pen.fillStyle = PALETTE.fates[what];
    pen.beginPath();
    if (what === "repeater") pen.rect(x - size, y - size, 2 * size, 2 * size);
    else pen.arc(x, y - size * 0.3, size * 1.15, -0.35, Math.PI - 0.35);
    pen.closePath();
    pen.fill();
    pen.stroke();
  },

  number(pen, x, y, number) {
    pen.font = "700 11px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255, 255, 255, 0.95)";
    pen.strokeText(String(number), x + 9, y - 8);
    pen.fillStyle = INK;
    pen.fillText(String(number), x + 9, y - 8);
  },

  /** What a step builds: numbers of sites, hops, cables, and rows of villages and communes it serves. */
  parts(i) {
    const { sites, hops, lines, villages, communes } = book.masts;
    const of = (table) => table.step.map((step, n) => (step === i + 1 ? n : -1)).filter((n) => n >= 0);
    return { sites: of(sites), hops: of(hops), lines: of(lines), villages: of(villages), communes: of(communes) };
  },

  /** The chosen step: its cable and hops in yellow, whom it serves outlined, what it ends with ringed. */
  paintChosen(brush) {
    if (State.selected?.kind !== "step") return;
    const i = State.selected.index;
    const { steps, villages } = book.masts;
    const { hops, lines, villages: served } = Steps.parts(i);
    const areas = served.map((row) => Areas.villages[villages.village[row]]).filter((area) => area && meets(area, brush.view));
    inMetres(brush);
    Strokes.coats(brush, areas, [[5, "#ffffff", []], [2.6, INK, []]]);
    inPixels(brush);
    const built = [...lines.map((n) => Masting.cables[n]), ...hops.map((n) => Masting.hops[n])];
    Strokes.lines(brush, built, [[9, "#ffffff", []], [6.5, INK, []], [3.4, "#f0e442", []]]);
    if (steps.x[i] === null) return;
    Steps.ring(brush, steps.x[i], steps.y[i]);
  },

  ring({ pen, view }, mx, my) {
    for (const [width, colour] of [[5, "#ffffff"], [2.5, INK]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(view.px(mx), view.py(my), 15, 0, 2 * Math.PI);
      pen.stroke();
    }
  },

  /** The box round all that a step builds and whom it serves. */
  box(i) {
    const { steps, sites, villages } = book.masts;
    const at = (x, y) => (x === null ? null : { west: x, east: x, north: y, south: y });
    const found = Steps.parts(i);
    const parts = [
      at(steps.x[i], steps.y[i]),
      ...found.sites.map((n) => at(sites.x[n], sites.y[n])),
      ...found.lines.map((n) => Masting.cables[n]), ...found.hops.map((n) => Masting.hops[n]),
      ...found.villages.map((row) => Areas.villages[villages.village[row]]),
    ].filter((part) => part && Number.isFinite(part.west));
    return parts.length ? Whole.box(parts) : null;
  },

  /** The commune whose planned centre is near a point, or -1. */
  near(x, y, reach_m) {
    if (!book.masts) return -1;
    const row = Marks.near(book.masts.communes, x, y, reach_m);
    return row < 0 ? -1 : book.masts.communes.commune[row];
  },
};

book.masts?.communes.commune.forEach((commune, row) => { if (commune >= 0) Steps.rowOf[commune] = row; });
