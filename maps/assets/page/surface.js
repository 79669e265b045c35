// One canvas that moves with the map and is painted by the layers in order, bottom to top.
const Surface = L.Renderer.extend({
  initialize(painters) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.12 });
    this.painters = painters;
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.className = "surface";
    this._container.setAttribute("aria-hidden", "true");
    this.pen = this._container.getContext("2d");
    this.hatch = paleAreaPattern(this.pen);
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._container;
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = Math.round(size.x * this.ratio);
    this._container.height = Math.round(size.y * this.ratio);
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this.paint();
  },

  /** Where the frame's metres lie on the canvas at the current view. */
  view() {
    const zoom = this._zoom ?? this._map.getZoom();
    const scale = (256 * 2 ** zoom) / (2 * HALF_TURN_M);
    const origin = this._map.getPixelOrigin().add(this._bounds.min);
    const left = (book.frame.west + HALF_TURN_M) * scale - origin.x;
    const top = (HALF_TURN_M - book.frame.north) * scale - origin.y;
    const size = this._bounds.getSize();
    return {
      zoom, scale, left, top, ratio: this.ratio, width: size.x, height: size.y,
      west: -left / scale, north: -top / scale,
      east: (size.x - left) / scale, south: (size.y - top) / scale,
      px: (x) => x * scale + left,
      py: (y) => y * scale + top,
    };
  },

  paint() {
    if (!this._map || !this._bounds) return;
    const view = this.view();
    const pen = this.pen;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this._container.width, this._container.height);
    const brush = { pen, view, hatch: this.hatch, labels: [] };
    for (const painter of this.painters) painter(brush);
    this.fire("painted");
  },

  /** Paint once in the next frame, however often it is asked for. */
  repaint() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      if (this._map && !this._map._animatingZoom) this.paint();
    });
  },
});

/** Draw in frame metres; give line widths as pixels divided by view.scale. */
function inMetres({ pen, view }) {
  const k = view.scale * view.ratio;
  pen.setTransform(k, 0, 0, k, view.left * view.ratio, view.top * view.ratio);
}

/** Draw in pixels of the screen. */
function inPixels({ pen, view }) {
  pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
}
