// Towers, and their cells as sectors in the direction they look.
const Masts = {
  cellsOf: [],

  /** Find the cells of every site: at first, and when the book has other sites. */
  gather() {
    Masts.cellsOf = book.sites.id.map(() => []);
    book.cells.site.forEach((site, cell) => { if (site >= 0) Masts.cellsOf[site].push(cell); });
  },

  /** Whether a cell belongs to the chosen carrier and technology. */
  counts(cell) {
    const cells = book.cells;
    const operator = cells.operators[cells.operator[cell]];
    const technology = cells.technologies[cells.technology[cell]];
    return (State.operator === "*" || operator === State.operator)
      && (State.technology === "*" ? book.study.technologies.includes(technology) : technology === State.technology);
  },

  /** Sites that hold a cell of the choice. */
  chosen() {
    const sites = [];
    Masts.cellsOf.forEach((cells, site) => {
      if (book.sites.x[site] !== null && cells.some(Masts.counts)) sites.push(site);
    });
    return sites;
  },

  paint(brush) {
    if (!State.shown.has("masts")) return;
    const { pen, view } = brush;
    const sectors = view.zoom >= 10.5;
    const radius = Math.min(26, 8 + (view.zoom - 10.5) * 4.5);
    for (const site of Masts.chosen()) {
      const x = view.px(book.sites.x[site]);
      const y = view.py(book.sites.y[site]);
      if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) continue;
      const cells = Masts.cellsOf[site].filter(Masts.counts);
      if (sectors) cells.forEach((cell) => Masts.sector(pen, x, y, radius, cell));
      Masts.tower(pen, x, y, view.zoom >= 9.5 ? 5 : 3.4, Masts.colour(cells), cells.some((c) => book.cells.in_service[c]));
      if (view.zoom >= 13) brush.labels.push({ x, y: y + 14, text: book.sites.id[site], rank: 3, style: "site" });
    }
  },

  /** Towers that the chosen loss, or single point of failure, darkens. */
  dark() {
    const { selected } = State;
    if (Outages.any()) return [...Outages.dark().sites].filter((site) => book.sites.x[site] !== null);
    return selected?.kind === "weak" ? book.weak.sites[selected.index].filter((site) => site >= 0 && book.sites.x[site] !== null) : [];
  },

  /** The point of failure and all the towers it darkens; null when it darkens none. */
  darkBox(index) {
    const sites = book.weak.sites[index].filter((site) => site >= 0 && book.sites.x[site] !== null);
    if (!sites.length) return null;
    const xs = sites.map((site) => book.sites.x[site]), ys = sites.map((site) => book.sites.y[site]);
    if (book.weak.x[index] !== null) {
      xs.push(book.weak.x[index]);
      ys.push(book.weak.y[index]);
    }
    return { west: Math.min(...xs), north: Math.min(...ys), east: Math.max(...xs), south: Math.max(...ys) };
  },

  /** A crossed ring round each, whatever layers are on. */
  paintDark({ pen, view }) {
    for (const site of Masts.dark()) {
      const x = view.px(book.sites.x[site]), y = view.py(book.sites.y[site]);
      if (outside(x, y, view)) continue;
      Masts.darkMark(pen, x, y, view.zoom >= 9.5 ? 9 : 6);
    }
  },

  darkMark(pen, x, y, size) {
    for (const [width, colour] of [[5, "#ffffff"], [2.4, GRADES.w.colour]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.moveTo(x - 0.71 * size, y + 0.71 * size);
      pen.lineTo(x + 0.71 * size, y - 0.71 * size);
      pen.stroke();
    }
  },

  /** The carrier's colour; ink where carriers share the mast. */
  colour(cells) {
    const operators = new Set(cells.map((cell) => book.cells.operator[cell]));
    return operators.size === 1 ? carrierColour([...operators][0]) : INK;
  },

  sector(pen, x, y, radius, cell) {
    const colour = carrierColour(book.cells.operator[cell]);
    const azimuth = book.cells.azimuth_deg[cell];
    pen.beginPath();
    if (azimuth === null) {
      pen.arc(x, y, radius * 0.8, 0, 2 * Math.PI);
    } else {
      const middle = ((azimuth - 90) * Math.PI) / 180;
      const half = (Math.min(book.cells.beam_deg[cell], 120) * Math.PI) / 360;
      pen.moveTo(x, y);
      pen.arc(x, y, radius, middle - half, middle + half);
      pen.closePath();
    }
    if (book.cells.in_service[cell]) {
      pen.globalAlpha = 0.35;
      pen.fillStyle = colour;
      pen.fill();
      pen.globalAlpha = 1;
    } else {
      pen.setLineDash([2, 2]);
    }
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    pen.stroke();
    pen.setLineDash([]);
  },

  tower(pen, x, y, size, colour, lit) {
    pen.beginPath();
    pen.moveTo(x, y - size * 1.3);
    pen.lineTo(x + size, y + size * 0.8);
    pen.lineTo(x - size, y + size * 0.8);
    pen.closePath();
    pen.fillStyle = lit ? colour : "#ffffff";
    pen.strokeStyle = lit ? "#ffffff" : colour;
    pen.lineWidth = 1.2;
    pen.fill();
    pen.stroke();
  },
};

Masts.gather();
