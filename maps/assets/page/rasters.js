// The signal rasters: level, server and what measurements leave of the spread, of every carrier and
// technology, taken out of the page when first asked for; the best of several, the probability and
// the way indoors follow from them.
const Rasters = {
  planes: [],
  loading: new Map(),
  kept: { key: "", plane: null },

  /** Layers that make up a choice: a carrier of all, the counted technologies for any. */
  members({ operator, technology }) {
    const counted = technology === "*" ? book.study.technologies : [technology];
    return book.layers.map((layer, i) => ((operator === "*" || layer.operator === operator) && counted.includes(layer.technology) ? i : -1))
      .filter((i) => i >= 0);
  },

  ready: (choice) => Rasters.members(choice).every((i) => Rasters.planes[i]),

  async load(choice) {
    await Promise.all(Rasters.members(choice).map((i) => {
      if (!Rasters.loading.has(i)) Rasters.loading.set(i, Rasters.read(i));
      return Rasters.loading.get(i);
    }));
  },

  async read(i) {
    const tightened = book.signal.all_left > 0;
    const names = ["level", "server", ...(tightened ? ["spread"] : [])];
    const [levels, servers, spreads] = await Promise.all(names.map((name) => Rasters.pixels(`${name}-${i}`)));
    const { width, height } = levels;
    const level = new Uint8Array(width * height);
    const server = new Uint16Array(width * height);
    const left = tightened ? new Uint8Array(width * height) : null;
    for (let p = 0, q = 0; p < level.length; p += 1, q += 4) {
      level[p] = levels.data[q];
      server[p] = servers.data[q] * 256 + servers.data[q + 1];
      if (left) left[p] = spreads.data[q];
    }
    Rasters.planes[i] = { width, height, level, server, left };
  },

  async pixels(id) {
    const image = new Image();
    image.src = `data:image/png;base64,${byId(id).textContent.trim()}`;
    await image.decode();
    const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  },

  /** The best server of a choice, place by place: over carriers by level, over technologies by odds. */
  best(choice) {
    const members = Rasters.members(choice);
    if (members.length === 1) return Rasters.planes[members[0]];
    const key = `${choice.operator}/${choice.technology}`;
    if (Rasters.kept.key !== key) Rasters.kept = { key, plane: Rasters.combine(members.map((i) => Rasters.planes[i]), choice.technology === "*") };
    return Rasters.kept.plane;
  },

  combine(planes, byOdds) {
    const { kind, threshold_dbm, sigma_db, zero_dbm, all_left } = book.signal;
    const worth = new Float32Array(threshold_dbm.length * 256);
    threshold_dbm.forEach((threshold, k) => {
      for (let b = 0; b < 256; b += 1) {
        worth[k * 256 + b] = byOdds ? (b - zero_dbm - threshold) / Math.max(sigma_db[k], 1e-6) : b;
      }
    });
    const { width, height } = planes[0];
    const level = new Uint8Array(width * height);
    const server = new Uint16Array(width * height);
    const left = planes[0].left && new Uint8Array(width * height);
    const most = new Float32Array(width * height).fill(-Infinity);
    for (const plane of planes) {
      for (let p = 0; p < level.length; p += 1) {
        const who = plane.server[p];
        if (!who) continue;
        let value = worth[kind[who - 1] * 256 + plane.level[p]];
        if (left && byOdds) value *= all_left / plane.left[p];
        if (value <= most[p]) continue;
        most[p] = value;
        level[p] = plane.level[p];
        server[p] = who;
        if (left) left[p] = plane.left[p];
      }
    }
    return { width, height, level, server, left };
  },

  /** What serves a point: cell, level and probability at the chosen place; null where nothing does. */
  at(latlng, choice) {
    const plane = Rasters.best(choice);
    const [[south, west], [north, east]] = book.frame.bounds;
    const corner = toFrame(L.latLng(north, west));
    const far = toFrame(L.latLng(south, east));
    const { x, y } = toFrame(latlng);
    const column = Math.floor(((x - corner.x) / (far.x - corner.x)) * plane.width);
    const row = Math.floor(((y - corner.y) / (far.y - corner.y)) * plane.height);
    if (column < 0 || row < 0 || column >= plane.width || row >= plane.height) return null;
    const pixel = row * plane.width + column;
    const who = plane.server[pixel];
    if (!who) return null;
    const kind = book.signal.kind[who - 1];
    const level = plane.level[pixel] - book.signal.zero_dbm - Rasters.entry(choice.place, kind);
    const probability = Rasters.chance(level, choice.place, kind, plane.left?.[pixel]);
    return { cell: book.signal.cell[who - 1], level, probability };
  },

  entry: (place, kind) => book.signal.places[place].loss_db[kind],

  /** Probability of service; of the spread outdoors `left` steps are left, that of the way in stays. */
  chance(level, place, kind, left) {
    const { all_left, sigma_db, places } = book.signal;
    const share = all_left > 0 ? left / all_left : 1;
    const sigma = Math.hypot(sigma_db[kind] * share, places[place].sigma_db[kind]);
    const above = level - book.signal.threshold_dbm[kind];
    return sigma > 0 ? normal(above / sigma) : Number(above >= 0);
  },
};

/** The normal distribution function (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function normal(z) {
  const u = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI))
    * u * (0.31938153 + u * (-0.356563782 + u * (1.781477937 + u * (-1.821255978 + u * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}
