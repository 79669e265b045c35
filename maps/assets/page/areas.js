// Villages and communes: filled by verdict, outlined, and found under a point.
const Areas = {
  villages: shapes(book.villages.rings, true),
  communes: shapes(book.communes.rings, true),
  whole: new Map(),
  scratch: document.createElement("canvas").getContext("2d"),

  paintVillages(brush) {
    if (!State.shown.has("villages")) return;
    const figures = currentFigures();
    const { pen, view } = brush;
    const visible = [];
    Areas.villages.forEach((area, i) => { if (meets(area, view)) visible.push(i); });
    const paths = Areas.paths(figures, visible);
    const overSignal = State.signal !== "none" && pictureFor(State) !== null;
    inMetres(brush);
    for (const grade of ["c", "n", "h", "w"]) {
      const path = paths[grade];
      if (!path) continue;
      if (overSignal) {
        if (grade === "c" || grade === "n") continue;
        pen.strokeStyle = GRADES[grade].colour;
        pen.lineWidth = (grade === "w" ? 2.4 : 1.8) / view.scale;
        pen.stroke(path);
        continue;
      }
      pen.fillStyle = GRADES[grade].colour;
      pen.globalAlpha = grade === "c" ? 0.55 : 0.72;
      pen.fill(path, "evenodd");
      pen.globalAlpha = 1;
      if (GRADES[grade].hatched) {
        const k = 1 / (view.scale * view.ratio);
        brush.hatch.setTransform(new DOMMatrix([k, 0, 0, k, 0, 0]));
        pen.fillStyle = brush.hatch;
        pen.fill(path, "evenodd");
      }
    }
    if (view.zoom >= 10.5 || visible.length < 900) {
      pen.strokeStyle = overSignal ? "rgba(40, 40, 40, 0.35)" : "rgba(255, 255, 255, 0.8)";
      pen.lineWidth = (overSignal ? 0.6 : 0.8) / view.scale;
      pen.lineJoin = "round";
      for (const i of visible) pen.stroke(Areas.villages[i].path);
    }
    inPixels(brush);
  },

  /** One path a grade, over the visible villages; kept where all of them are visible. */
  paths(figures, visible) {
    const all = visible.length === Areas.villages.length;
    if (all && Areas.whole.has(figures)) return Areas.whole.get(figures);
    const paths = {};
    for (const i of visible) {
      const grade = figures ? figures.grade[i] : "n";
      (paths[grade] ??= new Path2D()).addPath(Areas.villages[i].path);
    }
    if (all) Areas.whole.set(figures, paths);
    return paths;
  },

  paintCommunes(brush) {
    if (!State.shown.has("borders")) return;
    const { pen, view } = brush;
    inMetres(brush);
    pen.lineJoin = "round";
    const visible = Areas.communes.filter((area) => meets(area, view));
    for (const [width, colour] of [[2.6, "rgba(255, 255, 255, 0.75)"], [1.1, "rgba(50, 50, 60, 0.9)"]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width / view.scale;
      for (const area of visible) pen.stroke(area.path);
    }
    inPixels(brush);
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
