// Points: commune centres, points of presence, gaps of the drawing, weak points, findings.
const Marks = {
  paintCentres(brush) {
    if (!State.shown.has("centres")) return;
    const { pen, view } = brush;
    const size = view.zoom >= 10 ? 6 : 4.5;
    const source = book.reach ?? book.centres;
    source.x.forEach((mx, i) => {
      if (mx === null) return;
      const x = view.px(mx), y = view.py(source.y[i]);
      if (outside(x, y, view)) return;
      Marks.centre(pen, x, y, size, book.reach ? Boolean(book.reach.reached[i]) : null);
    });
  },

  /** A disc where fibre arrives, a crossed square where it does not, a ring where nobody asked. */
  centre(pen, x, y, size, reached) {
    pen.lineWidth = 1.6;
    pen.beginPath();
    if (reached === false) pen.rect(x - size, y - size, 2 * size, 2 * size);
    else pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fillStyle = reached === null ? "#ffffff" : reached ? REACH.reached : REACH.missing;
    pen.strokeStyle = reached === null ? INK : "#ffffff";
    pen.fill();
    pen.stroke();
    if (reached === false) {
      const d = size * 0.5;
      pen.beginPath();
      pen.moveTo(x - d, y - d);
      pen.lineTo(x + d, y + d);
      pen.moveTo(x + d, y - d);
      pen.lineTo(x - d, y + d);
      pen.stroke();
    }
  },

  paintPops(brush) {
    if (!State.shown.has("pops")) return;
    const { pen, view } = brush;
    book.pops.x.forEach((mx, i) => {
      if (mx === null) return;
      const x = view.px(mx), y = view.py(book.pops.y[i]);
      if (outside(x, y, view)) return;
      Marks.pop(pen, x, y, 7);
      if (view.zoom >= 10.5) brush.labels.push({ x, y: y + 16, text: book.pops.name[i] || book.pops.id[i], rank: 2, style: "site" });
    });
  },

  pop(pen, x, y, size) {
    pen.beginPath();
    for (let corner = 0; corner < 6; corner += 1) {
      const angle = (corner * Math.PI) / 3;
      pen[corner ? "lineTo" : "moveTo"](x + size * Math.cos(angle), y + size * Math.sin(angle));
    }
    pen.closePath();
    pen.fillStyle = "#0b5d3b";
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 1.8;
    pen.fill();
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, size * 0.35, 0, 2 * Math.PI);
    pen.fillStyle = "#ffffff";
    pen.fill();
  },

  paintGaps(brush) {
    if (!State.shown.has("gaps") || !book.gaps) return;
    Marks.each(brush, book.gaps, (pen, x, y) => Marks.gap(pen, x, y, 7));
  },

  gap(pen, x, y, size) {
    for (const [width, colour] of [[5, "#ffffff"], [2.4, "#b1005a"]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, size, 0.6, Math.PI - 0.6);
      pen.moveTo(x + size * Math.cos(-0.6), y + size * Math.sin(-0.6));
      pen.arc(x, y, size, -0.6, -Math.PI + 0.6, true);
      pen.stroke();
    }
  },

  paintWeak(brush) {
    if (!State.shown.has("weak") || !book.weak) return;
    Marks.each(brush, book.weak, (pen, x, y) => Marks.weak(pen, x, y, 6));
  },

  weak(pen, x, y, size) {
    pen.beginPath();
    pen.moveTo(x, y - size);
    pen.lineTo(x + size, y);
    pen.lineTo(x, y + size);
    pen.lineTo(x - size, y);
    pen.closePath();
    pen.fillStyle = "#f0e442";
    pen.strokeStyle = "#000000";
    pen.lineWidth = 1.6;
    pen.fill();
    pen.stroke();
  },

  paintFindings(brush) {
    if (!State.shown.has("findings")) return;
    Marks.each(brush, book.findings, (pen, x, y, i) => Marks.finding(pen, x, y, 7, book.findings.severity[i]));
  },

  finding(pen, x, y, size, severity) {
    pen.beginPath();
    pen.moveTo(x, y - size);
    pen.lineTo(x + size, y + size * 0.8);
    pen.lineTo(x - size, y + size * 0.8);
    pen.closePath();
    pen.fillStyle = SEVERITY[severity];
    pen.strokeStyle = "#000000";
    pen.lineWidth = 1.2;
    pen.lineJoin = "round";
    pen.fill();
    pen.stroke();
    pen.fillStyle = severity === "warning" ? "#000000" : "#ffffff";
    pen.fillRect(x - 0.9, y - size * 0.4, 1.8, size * 0.62);
    pen.fillRect(x - 0.9, y + size * 0.4, 1.8, 1.8);
  },

  /** A cross-hair on a chosen thing that is a point. */
  paintSelected(brush) {
    const place = State.selected && placeOf(State.selected);
    if (!place || place.x === null || ["village", "commune", "step", "remedy", "ring"].includes(State.selected.kind)) return;
    const { pen, view } = brush;
    const x = view.px(place.x), y = view.py(place.y);
    for (const [width, colour] of [[5, "#ffffff"], [2.5, INK]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, 14, 0, 2 * Math.PI);
      pen.stroke();
    }
  },

  each({ pen, view }, source, draw) {
    source.x.forEach((mx, i) => {
      if (mx === null) return;
      const x = view.px(mx), y = view.py(source.y[i]);
      if (!outside(x, y, view)) draw(pen, x, y, i);
    });
  },

  /** Index of the nearest point within some metres, or -1. */
  near(source, x, y, reach_m) {
    let best = -1;
    let least = reach_m * reach_m;
    source.x.forEach((mx, i) => {
      if (mx === null) return;
      const d = (mx - x) ** 2 + (source.y[i] - y) ** 2;
      if (d <= least) {
        least = d;
        best = i;
      }
    });
    return best;
  },
};

const outside = (x, y, view) => x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20;

/** Where a chosen thing lies, in frame metres. */
function placeOf({ kind, index }) {
  const sources = {
    site: book.sites, gap: book.gaps, weak: book.weak, finding: book.findings, pop: book.pops, village: book.villages,
    stage: Extension.places, measured: book.measured, mast: book.masts?.sites, step: book.masts?.steps, event: book.losses?.events, remedy: book.losses?.remedies, ring: book.losses?.rings,
  };
  const source = sources[kind];
  return source ? { x: source.x[index], y: source.y[index] } : null;
}
