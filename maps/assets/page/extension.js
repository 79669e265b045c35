// Cable that is planned: drawn by order of building, dark first; second routes beside it.
const STAGE_COLOURS = ["#7a0177", "#c51b8a", "#f768a1", "#fbb4b9"];
const RING_COLOUR = "#00708a";

const Extension = {
  lines: book.extension ? shapes(book.extension.lines.lines, false) : [],
  rings: book.extension?.rings ? shapes(book.extension.rings.lines.lines, false) : [],
  /** Where each stage arrives: the centre it is built for. */
  places: { x: [], y: [] },

  /** The colour class of a stage: stages in order, in as many even parts as there are colours. */
  part(stage) {
    const count = book.extension.stages.stage.length;
    return Math.min(STAGE_COLOURS.length - 1, Math.floor(((stage - 1) * Math.min(count, STAGE_COLOURS.length)) / count));
  },

  /** [first stage, last stage] of each colour class in use. */
  parts() {
    const limits = [];
    for (const stage of book.extension.stages.stage) {
      const part = Extension.part(stage);
      limits[part] = [limits[part]?.[0] ?? stage, stage];
    }
    return limits;
  },

  paint(brush) {
    if (State.shown.has("rings")) {
      Strokes.lines(brush, Extension.rings, [[5, "#ffffff", []], [3, RING_COLOUR, [1, 6]]]);
    }
    if (!State.shown.has("extension")) return;
    const stages = book.extension.lines.stage;
    STAGE_COLOURS.forEach((colour, part) => {
      const members = Extension.lines.filter((_, i) => Extension.part(stages[i]) === part);
      Strokes.lines(brush, members, [[6.4, "#ffffff", []], [4.6, INK, []], [3, colour, []]]);
    });
    Extension.paintChosen(brush);
  },

  /** Last of all: a number that a name covers tells nothing. */
  paintBadges(brush) {
    if (!State.shown.has("extension")) return;
    inPixels(brush);
    Extension.places.x.forEach((mx, i) => {
      if (mx === null) return;
      const x = brush.view.px(mx), y = brush.view.py(Extension.places.y[i]);
      if (!outside(x, y, brush.view)) Extension.badge(brush.pen, x, y, book.extension.stages.stage[i]);
    });
  },

  paintChosen(brush) {
    if (State.selected?.kind !== "stage") return;
    const chosen = Extension.linesOf(State.selected.index).map((i) => Extension.lines[i]);
    Strokes.lines(brush, chosen, [[9, "#ffffff", []], [6.5, INK, []], [3, "#f0e442", []]]);
  },

  linesOf(index) {
    const stage = book.extension.stages.stage[index];
    return book.extension.lines.stage.map((s, i) => (s === stage ? i : -1)).filter((i) => i >= 0);
  },

  /** The number of a stage on the colour of its line. */
  badge(pen, x, y, stage) {
    const part = Extension.part(stage);
    pen.beginPath();
    pen.arc(x, y, 9, 0, 2 * Math.PI);
    pen.fillStyle = STAGE_COLOURS[part];
    pen.strokeStyle = INK;
    pen.lineWidth = 1.4;
    pen.fill();
    pen.stroke();
    pen.fillStyle = part < 2 ? "#ffffff" : INK;
    pen.font = "700 10px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(String(stage), x, y + 0.5);
  },

  /** The box round a stage's lines and its centre. */
  box(index) {
    const parts = Extension.linesOf(index).map((i) => Extension.lines[i]);
    const x = Extension.places.x[index], y = Extension.places.y[index];
    if (x !== null) parts.push({ west: x, east: x, north: y, south: y });
    return {
      west: Math.min(...parts.map((p) => p.west)), east: Math.max(...parts.map((p) => p.east)),
      north: Math.min(...parts.map((p) => p.north)), south: Math.max(...parts.map((p) => p.south)),
    };
  },

  /** Index of the stage whose centre or line is near a point, or -1. */
  near(x, y, reach_m) {
    const centre = Marks.near(Extension.places, x, y, reach_m);
    if (centre >= 0) return centre;
    const line = Strokes.near(Extension.lines, x, y, reach_m * 0.6);
    return line < 0 ? -1 : book.extension.stages.stage.indexOf(book.extension.lines.stage[line]);
  },
};

for (const stage of book.extension?.stages.stage ?? []) {
  const target = book.extension.targets.stage.indexOf(stage);
  Extension.places.x.push(target < 0 ? null : book.extension.targets.x[target]);
  Extension.places.y.push(target < 0 ? null : book.extension.targets.y[target]);
}
