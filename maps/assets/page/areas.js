// Villages and communes: filled by verdict, outlined, and found under a point.
const Areas = {
  villages: shapes(book.villages.rings, true),
  communes: shapes(book.communes.rings, true),

  paintVillages(brush) {
    if (!State.shown.has("villages")) return;
    const figures = currentFigures();
    const { pen, view } = brush;
    const visible = [];
    Areas.villages.forEach((area, i) => { if (meets(area, view)) visible.push(i); });
    const outlined = hasPicture(State);
    inMetres(brush);
    for (const grade of ["c", "n", "h", "w"]) {
      const members = visible.filter((i) => (figures ? figures.grade[i] : "n") === grade);
      if (!outlined) Strokes.fill(brush, grade, members.map((i) => Areas.villages[i]));
      else if (grade === "h" || grade === "w") {
        Strokes.coats(brush, members.map((i) => Areas.villages[i]), [[grade === "w" ? 2.6 : 2, GRADES[grade].colour, []]]);
      }
    }
    if (!outlined && (view.zoom >= 10.5 || visible.length < 900)) {
      Strokes.coats(brush, visible.map((i) => Areas.villages[i]), [[0.8, "rgba(255, 255, 255, 0.8)", []]]);
    }
    inPixels(brush);
  },

  paintCommunes(brush) {
    if (!State.shown.has("borders")) return;
    Strokes.lines(brush, Lines.borders, [[2.6, "rgba(255, 255, 255, 0.75)", []], [1.1, "rgba(50, 50, 60, 0.9)", []]]);
  },

  paintSelected(brush) {
    const { selected } = State;
    if (!selected) return;
    const area = selected.kind === "village" ? Areas.villages[selected.index]
      : selected.kind === "commune" ? Areas.communes[selected.index] : null;
    if (!area) return;
    const { pen, view } = brush;
    inMetres(brush);
    pen.lineJoin = "round";
    for (const [width, colour] of [[6, "#ffffff"], [3, INK]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width / view.scale;
      pen.stroke(area.path);
    }
    inPixels(brush);
  },
};
