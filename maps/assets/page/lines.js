// Roads, cables and the route of a chosen commune.
const Lines = {
  borders: shapes(book.communes.borders, false),
  rivers: book.rivers ? shapes(book.rivers.lines, false) : [],
  lakes: book.rivers ? shapes(book.rivers.areas, true) : [],
  roads: shapes(book.roads.lines, false),
  cables: book.cables ? shapes(book.cables.lines, false) : [],

  paintRivers(brush) {
    if (!State.shown.has("rivers")) return;
    const { pen, view } = brush;
    const lakes = Lines.lakes.filter((lake) => meets(lake, view));
    inMetres(brush);
    pen.fillStyle = WATER;
    for (const lake of lakes) pen.fill(lake.path, "evenodd");
    inPixels(brush);
    Strokes.lines(brush, Lines.rivers, [[view.zoom < 11 ? 2 : 3, "rgba(255, 255, 255, 0.6)", []], [view.zoom < 11 ? 1 : 1.6, WATER, []]], 1.6);
    if (view.zoom < 11) return;
    Lines.nameWater(brush, Lines.rivers, book.rivers.line_name);
    Lines.nameWater(brush, Lines.lakes, book.rivers.area_name);
  },

  /** A name in the middle of each water that has one. */
  nameWater(brush, waters, names) {
    const { view } = brush;
    waters.forEach((water, i) => {
      if (!names[i] || !water.parts.length || !meets(water, view)) return;
      const points = water.parts[0];
      const middle = 2 * Math.floor(points.length / 4);
      brush.labels.push({ x: view.px(points[middle]), y: view.py(points[middle + 1]), text: names[i], rank: 5, style: "water" });
    });
  },

  paintRoads(brush) {
    if (!State.shown.has("roads")) return;
    Strokes.lines(brush, Lines.roads, [[2.4, "rgba(255, 255, 255, 0.8)", []], [1.1, "#8d7b68", []]]);
  },

  /** lit: in service and connected to a point of presence; dark: in service only; planned: neither. */
  cableKind(i) {
    if (!book.cables.in_service[i]) return "planned";
    return book.cables.connected[i] ? "lit" : "dark";
  },

  paintCables(brush) {
    if (!State.shown.has("cables") || !book.cables) return;
    const kinds = { planned: [], dark: [], lit: [] };
    Lines.cables.forEach((line, i) => kinds[Lines.cableKind(i)].push(line));
    Strokes.lines(brush, kinds.planned, [[1.8, FIBRE.planned, [2, 4]]]);
    Strokes.lines(brush, kinds.dark, [[3.6, "#ffffff", []], [2, FIBRE.dark, [7, 4]]]);
    Strokes.lines(brush, kinds.lit, [[4, "#ffffff", []], [2.2, FIBRE.lit, []]]);
  },

  /** Sections whose cut isolates a commune, as a line laid over the cable. */
  paintBridges(brush) {
    if (!State.shown.has("weak") || !book.cables) return;
    const bridges = Lines.cables.filter((_, i) => book.cables.bridge[i] && book.cables.communes_behind[i] > 0);
    Strokes.lines(brush, bridges, [[6, "rgba(0, 0, 0, 0.85)", []], [3.4, "#f0e442", []]]);
  },

  paintRoute(brush) {
    const { selected } = State;
    if (!book.reach || !selected || selected.kind !== "commune") return;
    const routes = book.reach.route.filter((_, i) => book.reach.commune[i] === selected.index);
    Strokes.lines(brush, shapes(routes, false), [[8, "rgba(255, 255, 255, 0.9)", []], [4.5, "#000000", []], [2, "#56b4e9", []]]);
  },
};
