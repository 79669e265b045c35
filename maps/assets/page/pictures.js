// The signal picture: the rasters coloured by class, laid under the outlines.
const QUANTITIES = {
  level: "Level of the best server",
  probability: "Probability of service",
  server: "Best-server areas",
};

const hasPicture = (choice) => choice.signal !== "none" && Boolean(book.signal) && Rasters.members(choice).length > 0;

/** Lower edges of the classes of a quantity; none for servers. */
function stepsOf({ signal, technology }) {
  if (signal === "level") return book.signal.steps.level[technology];
  return signal === "probability" ? book.signal.steps.probability : [];
}

/** The range of one class: level in dBm, probability in percent. */
function classText(steps, index, quantity) {
  const named = quantity === "level" ? (v) => number(v) : (v) => number(v * 100);
  return index + 1 < steps.length
    ? t("{from} to {to}", { from: named(steps[index]), to: named(steps[index + 1]) })
    : t("{from} and more", { from: named(steps[index]) });
}

/** A canvas that lies on the map as a picture does. */
const Sheet = L.ImageOverlay.extend({
  _initImage() {
    this._image = this._url;
    this._image.className = `leaflet-image-layer leaflet-zoom-animated ${this.options.className}`;
    this._image.onselectstart = L.Util.falseFn;
    this._image.onmousemove = L.Util.falseFn;
  },
});

const Pictures = {
  overlay: null,

  /** Show what is chosen; rasters that are not read yet are read first. */
  async update(map) {
    const choice = { ...State };
    if (!hasPicture(choice)) {
      Pictures.overlay?.remove();
      Pictures.overlay = null;
      return;
    }
    if (!Rasters.ready(choice)) {
      await Rasters.load(choice);
      if (["operator", "technology", "place", "signal"].some((key) => State[key] !== choice[key])) return;
    }
    const key = [choice.signal, choice.operator, choice.technology, choice.place].join("/");
    if (Pictures.overlay?.getElement().dataset.picture !== key) {
      Pictures.overlay?.remove();
      const canvas = make("canvas", { "data-picture": key, "aria-hidden": "true" });
      Pictures.paint(canvas, choice);
      Pictures.overlay = new Sheet(canvas, book.frame.bounds, { pane: "signal", className: "signal-picture" }).addTo(map);
    }
    Pictures.overlay.setOpacity(State.opacity / 100);
  },

  paint(canvas, choice) {
    const plane = Rasters.best(choice);
    [canvas.width, canvas.height] = [plane.width, plane.height];
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(plane.width, plane.height);
    const out = new Uint32Array(image.data.buffer);
    const { level, server, left } = plane;
    if (choice.signal === "server") {
      const colours = Pictures.tints(choice);
      for (let p = 0; p < out.length; p += 1) out[p] = colours[server[p]];
    } else {
      const { kind } = book.signal;
      const tables = new Map();
      const byLeft = left && choice.signal === "probability";
      let steps, colours;
      for (let p = 0; p < out.length; p += 1) {
        if (!server[p]) continue;
        const here = byLeft ? left[p] : book.signal.all_left;
        if (here !== steps) {
          steps = here;
          if (!tables.has(steps)) tables.set(steps, Pictures.classes(choice, steps));
          colours = tables.get(steps);
        }
        out[p] = colours[kind[server[p] - 1] * 256 + level[p]];
      }
    }
    pen.putImageData(image, 0, 0);
  },

  /** A pixel by server: neighbouring areas differ. */
  tints({ operator, technology }) {
    const colours = book.signal.colours.server.map(pixel);
    const { of } = book.signal.tints.find((tint) => tint.operator === operator && tint.technology === technology);
    const table = new Uint32Array(book.signal.cell.length + 1);
    for (let who = 1; who < of.length; who += 1) if (of[who] !== ".") table[who] = colours[of.charCodeAt(who) - 97];
    return table;
  },

  /** A pixel by kind of server and level outdoors, `left` of the spread; nothing below the first class. */
  classes(choice, left) {
    const { threshold_dbm, zero_dbm } = book.signal;
    const colours = book.signal.colours[choice.signal].map(pixel);
    const steps = stepsOf(choice);
    const table = new Uint32Array(threshold_dbm.length * 256);
    threshold_dbm.forEach((_, kind) => {
      for (let b = 1; b < 256; b += 1) {
        const there = b - zero_dbm - Rasters.entry(choice.place, kind);
        const value = choice.signal === "level" ? there : Rasters.chance(there, choice.place, kind, left);
        const index = steps.findLastIndex((step) => value >= step);
        if (index >= 0) table[kind * 256 + b] = colours[index];
      }
    });
    return table;
  },
};

/** #rrggbb as the four bytes of a pixel, in this machine's order. */
function pixel(colour) {
  const bytes = new Uint8Array([1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)).concat(255));
  return new Uint32Array(bytes.buffer)[0];
}
