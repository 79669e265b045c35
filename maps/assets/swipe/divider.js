// The divider between two sides of the map: dragged by hand, moved by keys, told to screen readers.
const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };

const Divider = {
  percent: 50,

  /** Where it stands on the canvas, which reaches beyond the map's edges; whole pixels cut clean. */
  x() {
    const left = map.layerPointToContainerPoint(surface._bounds.min).x;
    return Math.round((map.getSize().x * Divider.percent) / 100 - left);
  },

  set(percent_) {
    Divider.percent = Math.max(0, Math.min(100, percent_));
    const node = byId("divider");
    node.style.left = `${Divider.percent}%`;
    node.setAttribute("aria-valuenow", String(Math.round(Divider.percent)));
    node.setAttribute("aria-valuetext", t("{share} of the map shows the earlier run", { share: percent(Divider.percent, 0) }));
    surface.repaint();
  },

  /** Draw one side, cut off at the divider. */
  half(side, brush, draw) {
    const { pen, view } = brush;
    const edge = Divider.x();
    inPixels(brush);
    pen.save();
    pen.beginPath();
    if (side === "before") pen.rect(0, 0, edge, view.height);
    else pen.rect(edge, 0, view.width - edge, view.height);
    pen.clip();
    draw(side, brush);
    pen.restore();
  },

  start() {
    const node = byId("divider");
    const follow = (event) => {
      const box = byId("canvas").getBoundingClientRect();
      Divider.set((100 * (event.clientX - box.left)) / box.width);
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      node.focus();
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => { if (node.hasPointerCapture(event.pointerId)) follow(event); });
    node.addEventListener("keydown", (event) => {
      if (event.key in STEPS) Divider.set(Divider.percent + STEPS[event.key]);
      else if (event.key === "Home") Divider.set(0);
      else if (event.key === "End") Divider.set(100);
      else return;
      event.preventDefault();
    });
    // A drag of the map moves the canvas under the divider, which stays.
    map.on("move", () => surface.repaint());
    Divider.set(Divider.percent);
  },
};
