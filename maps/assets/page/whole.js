// The whole of an area, as large as the map can show it with no land under the legend.
const Whole = {
  margin: 10,
  pixels: 300,

  /** Show areas (with path and box, as the codec makes them) whole, clear of the legend. */
  show(map, areas) {
    const drawn = areas.filter((area) => Number.isFinite(area.west));
    const box = drawn.length ? Whole.box(drawn) : Whole.frame();
    const size = map.getSize();
    const legend = Whole.legend(size);
    const land = Whole.land(box, drawn);
    const [middle, raised] = [0.5, 1].map((up) => Whole.largest(map, land, size, legend, up));
    // Out of the middle only where that shows the area clearly larger.
    const { zoom, x, y } = raised.zoom - middle.zoom > 0.12 ? raised : middle;
    map.setView(toLatLng(x, y), zoom, { animate: false });
  },

  /** The largest zoom, and the middle of the map for it, at which no land lies under the legend. */
  largest(map, land, size, legend, up) {
    const { box } = land;
    const step = map.options.zoomSnap;
    const room = Math.min((size.x - 2 * Whole.margin) / (box.east - box.west), (size.y - 2 * Whole.margin) / (box.south - box.north));
    const most = Math.min(Math.floor(Math.log2(room * 2 * HALF_TURN_M / 256) / step), map.getMaxZoom() / step);
    // Beside or above the legend it always fits: two zooms smaller is far below either.
    for (let k = most; k > most - 2 / step; k -= 1) {
      const found = Whole.place(land, size, legend, k * step, up);
      if (found) return found;
    }
    return { zoom: (most - 2 / step) * step, x: (box.west + box.east) / 2, y: (box.north + box.south) / 2 };
  },

  /** Where the middle of the map is at a zoom, the area in the middle or as far right as it goes; null: land is covered. */
  place(land, size, legend, zoom, up) {
    const { box } = land;
    const scale = (256 * 2 ** zoom) / (2 * HALF_TURN_M);
    const spare = { x: size.x - (box.east - box.west) * scale - 2 * Whole.margin, y: size.y - (box.south - box.north) * scale - 2 * Whole.margin };
    const south = box.south + (Whole.margin + up * spare.y) / scale;
    for (const right of [0.5, 1]) {
      const west = box.west - (Whole.margin + right * spare.x) / scale;
      const under = { west, south, east: west + legend.x / scale, north: south - legend.y / scale };
      if (!Whole.covers(under, land)) return { zoom, x: west + size.x / 2 / scale, y: south - size.y / 2 / scale };
    }
    return null;
  },

  /** The land drawn small and read back: asking paths for points takes a browser a thousand times as long. */
  land(box, areas) {
    const scale = Whole.pixels / Math.max(box.east - box.west, box.south - box.north);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.ceil((box.east - box.west) * scale));
    canvas.height = Math.max(1, Math.ceil((box.south - box.north) * scale));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.setTransform(scale, 0, 0, scale, -box.west * scale, -box.north * scale);
    for (const area of areas) pen.fill(area.path, "evenodd");
    return { box, scale, width: canvas.width, height: canvas.height, data: pen.getImageData(0, 0, canvas.width, canvas.height).data };
  },

  /** Whether any land lies in a box. */
  covers(under, { box, scale, width, height, data }) {
    const east = Math.min(width, Math.ceil((under.east - box.west) * scale));
    const south = Math.min(height, Math.ceil((under.south - box.north) * scale));
    for (let y = Math.max(0, Math.floor((under.north - box.north) * scale)); y < south; y += 1) {
      for (let x = Math.max(0, Math.floor((under.west - box.west) * scale)); x < east; x += 1) {
        if (data[4 * (y * width + x) + 3]) return true;
      }
    }
    return false;
  },

  /** Pixels of the map's corner below left that the legend takes; never so many that nothing is left. */
  legend(size) {
    const { offsetLeft, offsetTop, offsetWidth } = byId("legend");
    return { x: Math.min(offsetLeft + offsetWidth, 0.7 * size.x), y: Math.min(size.y - offsetTop, 0.7 * size.y) };
  },

  box: (areas) => ({
    west: Math.min(...areas.map((a) => a.west)), east: Math.max(...areas.map((a) => a.east)),
    north: Math.min(...areas.map((a) => a.north)), south: Math.max(...areas.map((a) => a.south)),
  }),

  frame() {
    const [[south, west], [north, east]] = book.frame.bounds;
    const [a, b] = [toFrame(L.latLng(north, west)), toFrame(L.latLng(south, east))];
    return { west: a.x, north: a.y, east: b.x, south: b.y };
  },
};
