// Villages and communes: filled by verdict, outlined, and found under a point.
const Areas = {
  villages: shapes(book.villages.rings, true),
  communes: shapes(book.communes.rings, true),
  scratch: document.createElement("canvas").getContext("2d"),

  paintVillages(brush) {
    if (!State.shown.has("villages")) return;
    const figures = currentFigures();
    const { pen, view } = brush;
    const visible = [];
    Areas.villages.forEach((area, i) => { if (meets(area, view)) visible.push(i); });
    const outlined = State.signal !== "none" && pictureFor(State) !== null;
    inMetres(brush);
    for (const grade of ["c", "n", "h", "w"]) {
      const members = visible.filter((i) => (figures ? figures.grade[i] : "n") === grade);
      if (!outlined) Areas.fillGrade(brush, grade, members);
      else if (grade === "h" || grade === "w") {
        Lines.coats(brush, members.map((i) => Areas.villages[i]), [[grade === "w" ? 2.6 : 2, GRADES[grade].colour, []]]);
      }
    }
    if (!outlined && (view.zoom >= 10.5 || visible.length < 900)) {
      Lines.coats(brush, visible.map((i) => Areas.villages[i]), [[0.8, "rgba(255, 255, 255, 0.8)", []]]);
    }
    inPixels(brush);
  },

  /** Each village on its own: one path of thousands takes a browser ten times as long. */
  fillGrade({ pen, view, hatch }, grade, members) {
    pen.fillStyle = GRADES[grade].colour;
    pen.globalAlpha = GRADES[grade].alpha;
    for (const i of members) pen.fill(Areas.villages[i].path, "evenodd");
    pen.globalAlpha = 1;
    if (!GRADES[grade].hatched) return;
    const k = 1 / (view.scale * view.ratio);
    hatch.setTransform(new DOMMatrix([k, 0, 0, k, 0, 0]));
    pen.fillStyle = hatch;
    for (const i of members) pen.fill(Areas.villages[i].path, "evenodd");
  },

  paintCommunes(brush) {
    if (!State.shown.has("borders")) return;
    Lines.stroke(brush, Lines.borders, [[2.6, "rgba(255, 255, 255, 0.75)", []], [1.1, "rgba(50, 50, 60, 0.9)", []]]);
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

  at(areas, x, y) {
    const point = { west: x, east: x, north: y, south: y };
    Areas.scratch.setTransform(1, 0, 0, 1, 0, 0);
    return areas.findIndex((area) => meets(area, point) && Areas.scratch.isPointInPath(area.path, x, y, "evenodd"));
  },
};
