// Roads, cables and the route of a chosen commune.
const MANY_POINTS = 6000;

const Lines = {
  borders: shapes(book.communes.borders, false),
  roads: shapes(book.roads.lines, false),
  cables: book.cables ? shapes(book.cables.lines, false) : [],
  routes: book.reach ? shapes(book.reach.route, false) : [],

  paintRoads(brush) {
    if (!State.shown.has("roads")) return;
    Lines.stroke(brush, Lines.roads, [[2.4, "rgba(255, 255, 255, 0.8)", []], [1.1, "#8d7b68", []]]);
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
    Lines.stroke(brush, kinds.planned, [[1.8, FIBRE.planned, [2, 4]]]);
    Lines.stroke(brush, kinds.dark, [[3.6, "#ffffff", []], [2, FIBRE.dark, [7, 4]]]);
    Lines.stroke(brush, kinds.lit, [[4, "#ffffff", []], [2.2, FIBRE.lit, []]]);
  },

  /** Sections whose cut isolates a commune, as a line laid over the cable. */
  paintBridges(brush) {
    if (!State.shown.has("weak") || !book.cables) return;
    const bridges = Lines.cables.filter((_, i) => book.cables.bridge[i] && book.cables.communes_behind[i] > 0);
    Lines.stroke(brush, bridges, [[6, "rgba(0, 0, 0, 0.85)", []], [3.4, "#f0e442", []]]);
  },

  paintRoute(brush) {
    const { selected } = State;
    if (!book.reach || !selected || selected.kind !== "commune") return;
    const lines = Lines.routes.filter((_, i) => book.reach.commune[i] === selected.index);
    Lines.stroke(brush, lines, [[8, "rgba(255, 255, 255, 0.9)", []], [4.5, "#000000", []], [2, "#56b4e9", []]]);
  },

  stroke(brush, lines, coats) {
    const visible = lines.filter((line) => line.parts.length && meets(line, brush.view));
    if (!visible.length) return;
    inMetres(brush);
    Lines.coats(brush, visible, coats);
    inPixels(brush);
  },

  /**
   * Coats of [width in pixels, colour, dashes], drawn in metres. Where the view holds very many
   * points only the top coat is drawn, as hairlines: browsers draw those many times faster.
   */
  coats({ pen, view }, visible, coats) {
    const points = visible.reduce((sum, line) => sum + line.size, 0);
    const crowded = points > MANY_POINTS;
    pen.lineJoin = crowded ? "bevel" : "round";
    pen.lineCap = "round";
    for (const [width, colour, dash] of crowded ? coats.slice(-1) : coats) {
      pen.strokeStyle = colour;
      pen.lineWidth = crowded ? 1 / (view.scale * view.ratio) : width / view.scale;
      pen.setLineDash(dash.map((d) => d / view.scale));
      for (const line of visible) pen.stroke(line.path);
    }
    pen.setLineDash([]);
    pen.lineCap = "butt";
  },

  /** Index of the nearest of the lines within some metres, or -1. */
  near(lines, x, y, reach_m) {
    let best = -1;
    let least = reach_m * reach_m;
    lines.forEach((line, index) => {
      if (x < line.west - reach_m || x > line.east + reach_m || y < line.north - reach_m || y > line.south + reach_m) return;
      for (const points of line.parts) {
        for (let i = 2; i < points.length; i += 2) {
          const d = segmentDistance(x, y, points[i - 2], points[i - 1], points[i], points[i + 1]);
          if (d < least) {
            least = d;
            best = index;
          }
        }
      }
    });
    return best;
  },
};

function segmentDistance(x, y, x0, y0, x1, y1) {
  const dx = x1 - x0, dy = y1 - y0;
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / length)) : 0;
  return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2;
}
