// The book as a scenario alters it: as it stands, and on it what the server says differs.
const Altered = {
  stands: {
    sites: book.sites, cells: book.cells, figures: book.figures, indicators: book.indicators, layers: book.layers, signal: book.signal,
    cables: book.cables, pops: book.pops, reach: book.reach, weak: book.weak, edges: book.studio.edges,
    villages: Object.fromEntries(["nearest_site", "nearest_site_km", "flags"].map((name) => [name, book.villages[name]])),
  },
  /** Planes of the rasters as they stand, and by carrier and technology what lies over them. */
  planes: [],
  parts: new Map(),
  /** The last answers: what was drawn, seen and defined. */
  seen: null,
  defined: null,

  key: ({ operator, technology }) => `${operator}/${technology}`,

  /** New pictures: planes that were read are laid over, those that were not are when they are. */
  drawn(body) {
    const now = Altered.sheet(body);
    Object.assign(book, { layers: now.layers, signal: now.signal });
    Altered.parts = now.parts;
    Altered.planes.length = Math.min(Altered.planes.length, Altered.stands.layers.length);
    Rasters.planes = [];
    Altered.planes.forEach((plane, i) => { if (plane) Rasters.planes[i] = Altered.over(plane, i); });
    for (const i of [...Rasters.loading.keys()]) if (i >= Altered.stands.layers.length || !Altered.planes[i]) Rasters.loading.delete(i);
    Altered.repaint();
  },

  /** Layers, their legend and what lies over them, of an answer. */
  sheet(body) {
    const known = new Set(Altered.stands.layers.map(Altered.key));
    const fresh = body.layers.filter((layer) => !known.has(Altered.key(layer))).map(({ operator, technology }) => ({ operator, technology }));
    return {
      layers: [...Altered.stands.layers, ...fresh],
      signal: { ...Altered.stands.signal, ...body.signal, tints: Altered.tints(body.signal.cell.length, fresh) },
      parts: new Map(body.layers.map((layer) => [Altered.key(layer), layer.parts])),
    };
  },

  /** Colours of best-server areas: new servers take turns. */
  tints(servers, fresh) {
    const letters = "abcdefghijkl";
    const padded = (of) => Array.from({ length: servers + 1 }, (_, who) => (who === 0 ? "." : of[who] && of[who] !== "." ? of[who] : letters[who % letters.length])).join("");
    const tints = Altered.stands.signal.tints;
    return [...tints.map((tint) => ({ ...tint, of: padded(tint.of) })), ...fresh.map((layer) => ({ ...layer, of: padded("") }))];
  },

  /** A plane with what lies over it; the plane itself stays as it stands. */
  over(plane, i, over = Altered.parts) {
    const parts = over.get(Altered.key(book.layers[i])) ?? [];
    if (!parts.length) return plane;
    const now = { ...plane, level: plane.level.slice(), server: plane.server.slice(), left: plane.left && plane.left.slice() };
    for (const part of parts) Altered.lay(now, part);
    return now;
  },

  lay(plane, { x, y, width, height, level, server, left }) {
    const levels = bytesOf(level), servers = new Uint16Array(bytesOf(server).buffer), spreads = left && bytesOf(left);
    for (let row = 0; row < height; row += 1) {
      const at = (y + row) * plane.width + x, from = row * width;
      plane.level.set(levels.subarray(from, from + width), at);
      plane.server.set(servers.subarray(from, from + width), at);
      if (spreads && plane.left) plane.left.set(spreads.subarray(from, from + width), at);
    }
  },

  /** Verdicts, indicators and lists of a scenario. */
  see(body) {
    Altered.seen = body;
    for (const name of ["sites", "cells"]) book[name] = body[name];
    for (const name of ["cables", "pops", "reach", "weak", "edges"]) book[name] = body[name] ?? Altered.stands[name];
    Lines.cables = book.cables ? shapes(book.cables.lines, false) : [];
    for (const [name, values] of Object.entries(Altered.stands.villages)) book.villages[name] = patched(values, body.villages.rows, body.villages[name]);
    Masts.gather();
    Altered.refigure();
  },

  define(body) {
    Altered.defined = body;
    Altered.refigure();
  },

  /** Put the figures together: as they stand, as the scenario has them, under the chosen definition. */
  refigure() {
    const rows = book.villages.code.length;
    const other = new Map((Altered.seen?.figures ?? []).map((entry) => [figureKey(entry), entry]));
    const figures = Altered.stands.figures.map((entry) => {
      const patch = other.get(figureKey(entry));
      other.delete(figureKey(entry));
      return patch ? { ...entry, ...Object.fromEntries(Object.entries(patch.columns).map(([name, values]) => [name, patched(entry[name], patch.rows, values)])) } : entry;
    });
    for (const { place, operator, technology, columns } of other.values()) figures.push({ place, operator, technology, ...columns });
    const at = new Map(figures.map((entry, i) => [figureKey(entry), i]));
    for (const entry of Altered.defined?.figures ?? []) {
      const place = at.get(figureKey(entry));
      const defined = Altered.whole(entry, place === undefined ? {} : figures[place], rows);
      if (place === undefined) figures.push(defined);
      else figures[place] = defined;
    }
    book.figures = figures;
    book.indicators = Altered.defined?.indicators ?? Altered.seen?.indicators ?? Altered.stands.indicators;
    JUDGED.clear();
    for (const entry of figures) JUDGED.add(entry.place);
    refill(OPERATORS, anyFirst([...new Set(figures.map((f) => f.operator))]));
    refill(TECHNOLOGIES, anyFirst(Object.keys(TECHNOLOGY).filter((name) => figures.some((f) => f.technology === name))));
    renderAll();
    surface.repaint();
  },

  /** Figures under another definition: what does not follow from it stays, what is not looked up is left open. */
  whole(defined, known, rows) {
    const blank = () => new Array(rows).fill(null);
    const { weight } = book.villages;
    const moves = defined.technology === "*";
    return {
      ...known, ...defined, unserved_expected: blank(), ...(known.expected ? { expected: blank() } : {}),
      area: defined.served.map((share, i) => (weight.names[weight.of[i]] === "area" ? share : null)),
      best: known.best && !moves ? known.best : blank(),
      ...(known.level && moves ? { median: blank() } : {}),
    };
  },

  /** All figures of one village under another definition, for its card. */
  detail(row, entries) {
    for (const { columns, ...about } of entries) {
      const entry = book.figures.find((figures) => figureKey(figures) === figureKey(about));
      for (const [name, values] of Object.entries(columns)) {
        if (entry?.[name] && typeof entry[name] !== "string") entry[name][row] = values[0];
      }
    }
    Card.render();
  },

  repaint() {
    Rasters.kept = { key: "", plane: null };
    Pictures.overlay?.remove();
    Pictures.overlay = null;
    Pictures.update(map);
    surface.repaint();
  },
};

const figureKey = ({ place, operator, technology }) => `${place}/${operator}/${technology}`;

const refill = (list, values) => list.splice(0, list.length, ...values);

/** Values (a list, or a string of letters) with some rows replaced. */
function patched(values, rows, others) {
  const now = [...(values ?? [])];
  rows.forEach((row, k) => { now[row] = others[k]; });
  return typeof values === "string" ? now.join("") : now;
}

// Planes are kept as they stand when they are read; a carrier that is new has nothing to read.
const readAsItStands = Rasters.read;
Rasters.read = async (i) => {
  if (i < Altered.stands.layers.length) await readAsItStands(i);
  else {
    await Rasters.load({ operator: Altered.stands.layers[0].operator, technology: Altered.stands.layers[0].technology });
    const { width, height, left } = Altered.planes[0];
    Rasters.planes[i] = { width, height, level: new Uint8Array(width * height), server: new Uint16Array(width * height), left: left && new Uint8Array(width * height) };
  }
  Altered.planes[i] = Rasters.planes[i];
  Rasters.planes[i] = Altered.over(Altered.planes[i], i);
};
