// The hand that draws: lines in coats, areas by verdict, and what lies under a point.
const MANY_POINTS = 6000;

const Strokes = {
  scratch: document.createElement("canvas").getContext("2d"),

  /** Areas of one verdict. */
  fill: (brush, grade, areas) => Strokes.cover(brush, GRADES[grade], areas),

  /** Areas of one colour, hatched where it says so; each on its own: one path of thousands takes a browser ten times as long. */
  cover({ pen, view, hatch }, { colour, alpha, hatched }, areas) {
    pen.fillStyle = colour;
    pen.globalAlpha = alpha;
    for (const area of areas) pen.fill(area.path, "evenodd");
    pen.globalAlpha = 1;
    if (!hatched) return;
    const k = 1 / (view.scale * view.ratio);
    hatch.setTransform(new DOMMatrix([k, 0, 0, k, 0, 0]));
    pen.fillStyle = hatch;
    for (const area of areas) pen.fill(area.path, "evenodd");
  },

  /** Index of the area that holds a point, or -1. */
  at(areas, x, y) {
    const point = { west: x, east: x, north: y, south: y };
    Strokes.scratch.setTransform(1, 0, 0, 1, 0, 0);
    return areas.findIndex((area) => meets(area, point) && Strokes.scratch.isPointInPath(area.path, x, y, "evenodd"));
  },

  lines(brush, lines, coats, least = 1) {
    const visible = lines.filter((line) => line.parts.length && meets(line, brush.view));
    if (!visible.length) return;
    inMetres(brush);
    Strokes.coats(brush, visible, coats, least);
    inPixels(brush);
  },

  /**
   * Coats of [width in pixels, colour, dashes], drawn in metres. Where the view holds very many
   * points only the top coat is drawn, as hairlines (or `least` pixels wide): browsers draw those
   * many times faster.
   */
  coats({ pen, view }, visible, coats, least = 1) {
    const points = visible.reduce((sum, line) => sum + line.size, 0);
    const crowded = points > MANY_POINTS;
    pen.lineJoin = crowded ? "bevel" : "round";
    pen.lineCap = "round";
    for (const [width, colour, dash] of crowded ? coats.slice(-1) : coats) {
      pen.strokeStyle = colour;
      pen.lineWidth = crowded ? (least > 1 ? least / view.scale : 1 / (view.scale * view.ratio)) : width / view.scale;
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
