// Both runs on one canvas: the earlier left of the divider, the later right of it.
const Panes = {
  shapes: { after: shapes(book.villages.rings, true), before: null },
  communes: shapes(book.communes.rings, true),
  borders: shapes(book.communes.borders, false),

  villages(side, brush) {
    const areas = Panes.shapes[side];
    const visible = areas.map((_, i) => i).filter((i) => book.villages[side][i] !== "-" && meets(areas[i], brush.view));
    inMetres(brush);
    for (const grade of ["c", "n", "h", "w"]) {
      Strokes.fill(brush, grade, visible.filter((i) => book.villages[side][i] === grade).map((i) => areas[i]));
    }
    if (brush.view.zoom >= 10.5 || visible.length < 900) {
      Strokes.coats(brush, visible.map((i) => areas[i]), [[0.8, "rgba(255, 255, 255, 0.8)", []]]);
    }
    inPixels(brush);
  },

  centres(side, brush) {
    const source = book.centres[SIDES.indexOf(side)];
    if (!Choice.shown.has("centres") || !source) return;
    const size = brush.view.zoom >= 10 ? 6 : 4.5;
    Marks.each(brush, source, (pen, x, y, i) => Marks.centre(pen, x, y, size, Boolean(source.reached[i])));
  },

  paint(brush) {
    for (const side of SIDES) Divider.half(side, brush, Panes.villages);
    if (Choice.shown.has("borders")) {
      Strokes.lines(brush, Panes.borders, [[2.6, "rgba(255, 255, 255, 0.75)", []], [1.1, "rgba(50, 50, 60, 0.9)", []]]);
    }
    if (Choice.shown.has("changed")) Panes.changed(brush);
    Panes.chosen(brush);
    for (const side of SIDES) Divider.half(side, brush, Panes.centres);
    if (Choice.shown.has("names")) Panes.names(brush);
    inPixels(brush);
  },

  /** Villages whose verdict moved, outlined on both sides: full for better, dashed for worse. */
  changed(brush) {
    const rows = (names) => book.villages.change.map((change, i) => (names.includes(change) ? Panes.area(i) : null)).filter(Boolean);
    Strokes.lines(brush, rows(["gained", "better"]), [[4, "#ffffff", []], [2, INK, []]]);
    Strokes.lines(brush, rows(["lost", "worse"]), [[4, "#ffffff", []], [2, INK, [5, 4]]]);
  },

  chosen(brush) {
    if (!Choice.selected) return;
    const { kind, index } = Choice.selected;
    const area = kind === "village" ? Panes.area(index) : Panes.communes[index];
    Strokes.lines(brush, [area], [[8, "#ffffff", []], [5, INK, []], [2, "#f0e442", []]]);
  },

  names(brush) {
    Panes.communes.forEach((area, i) => {
      if (brush.view.zoom < 8.5 || !meets(area, brush.view)) return;
      brush.labels.push({
        x: brush.view.px((area.west + area.east) / 2), y: brush.view.py((area.north + area.south) / 2),
        text: book.communes.name[i], rank: 1, style: "commune",
      });
    });
    inPixels(brush);
    Labels.place(brush);
  },

  /** The outline of a village: the later run's, the earlier one's where it is gone. */
  area: (i) => (Panes.shapes.after[i].size ? Panes.shapes.after[i] : Panes.shapes.before[i]),

  /** What lies under a point on the side of the divider it is on; null when nothing does. */
  at(x, y, side) {
    const index = Panes.shapes[side].findIndex((area, i) => book.villages[side][i] !== "-" && Strokes.at([area], x, y) === 0);
    if (index >= 0) return { kind: "village", index };
    const commune = Strokes.at(Panes.communes, x, y);
    return commune < 0 ? null : { kind: "commune", index: commune };
  },
};

Panes.shapes.before = Panes.shapes.after.map((area, i) => (i in book.villages.earlier ? shape(book.villages.earlier[i], true) : area));
