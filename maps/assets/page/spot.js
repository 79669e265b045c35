// What serves the point that was clicked: the cell, its level and the probability of service.
const Spot = {
  /** The rasters of the choice are read once a point asks for them. */
  async follow() {
    if (!State.spot || !book.signal || Rasters.ready(State)) return;
    await Rasters.load(State);
    Card.render();
    surface.repaint();
  },

  /** Where nothing lies, the card opens if some cell is heard there. */
  async open() {
    await Spot.follow();
    if (State.selected || !Spot.found()) return;
    showTab("side");
    announce(byId("card").getAttribute("aria-label"));
  },

  found() {
    if (!State.spot || !book.signal || !Rasters.members(State).length || !Rasters.ready(State)) return undefined;
    return Rasters.at(State.spot, State);
  },

  facts() {
    const found = Spot.found();
    if (found === undefined) return null;
    const title = make("h3", {}, t("At the point clicked: {choice}", { choice: Legend.choice() }));
    if (!found) return make("div", { class: "spot" }, title, make("p", {}, t("No cell is heard here.")));
    return make("div", { class: "spot" }, title, facts([
      [t("Best server"), Card.server(found.cell)],
      [t("Level"), t("about {level} dBm", { level: number(found.level) })],
      [t("Probability of service"), percent(100 * found.probability, 0)],
      [t("Counts as served"), found.probability >= book.study.probability ? t("yes") : t("no")],
    ]));
  },

  /** A line from the point to the mast that serves it. */
  paint(brush) {
    const found = Spot.found();
    if (!found) return;
    const site = book.cells.site[found.cell];
    const { pen, view } = brush;
    const { x, y } = toFrame(State.spot);
    const [px, py] = [view.px(x), view.py(y)];
    for (const [width, colour, dash] of [[4, "#ffffff", []], [2, INK, [6, 4]]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.setLineDash(dash);
      pen.beginPath();
      if (site >= 0 && book.sites.x[site] !== null) {
        pen.moveTo(px, py);
        pen.lineTo(view.px(book.sites.x[site]), view.py(book.sites.y[site]));
      }
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.beginPath();
    pen.arc(px, py, 5, 0, 2 * Math.PI);
    pen.fillStyle = INK;
    pen.strokeStyle = "#ffffff";
    pen.fill();
    pen.stroke();
  },
};
