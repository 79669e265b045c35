// Another scenario, or the study as it stands, left of a divider; what is drawn right of it.
const Beside = {
  /** Its name ("": as it stands); null: nothing is beside. */
  name: null,
  figures: [],
  sheet: null,
  overlay: null,
  started: false,
  asks: 0,

  title: () => (Beside.name ? Beside.name : t("as it stands")),

  /** Put a scenario beside (null: take it away). */
  async show(name) {
    Beside.name = name;
    if (name === null) Beside.leave();
    else await Beside.ask();
    Bench.render();
  },

  /** Its verdicts, under the definition and at the place that are chosen. */
  async ask() {
    const { name } = Beside;
    if (name === null) return;
    const mine = ++Beside.asks;
    const last = () => mine === Beside.asks && Beside.name === name; // a later question ends an earlier one
    const asked = { ...Bench.asked, place: State.place };
    const body = await Bench.trying(() => Server.ask(`beside?page=${Server.page}`, { name, definition: asked }), "refused");
    if (!last()) return;
    if (body === null) { // an edit came between
      setTimeout(() => { if (last()) Beside.ask(); }, 400);
      return;
    }
    if (body === "refused") {
      Beside.name = null;
      Beside.leave();
      return;
    }
    Beside.figures = body.defined.figures;
    Beside.sheet = Altered.sheet(body.drawn);
    Beside.begin();
    Beside.label();
    await Beside.picture();
    surface.repaint();
  },

  begin() {
    byId("canvas").classList.add("compared");
    if (Beside.started) return;
    Beside.started = true;
    Legend.open = false; // it would lie over half of the left side
    Legend.render();
    byId("canvas").append(
      make("p", { class: "pane-name pane-before", id: "name-before" }), make("p", { class: "pane-name pane-after", id: "name-after" }),
      make("div", { class: "divider", id: "divider", role: "slider", tabindex: "0", "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100" },
        make("span", { class: "grip", "aria-hidden": "true" }, "◂▸")));
    Divider.start();
    surface.on("painted", Beside.cut);
  },

  leave() {
    byId("canvas").classList.remove("compared");
    Beside.overlay?.remove();
    Beside.overlay = null;
    Pictures.overlay?.getElement().style.removeProperty("clip-path");
    surface.repaint();
  },

  label() {
    if (!Beside.started) return;
    fill(byId("name-before"), named(Beside.title()));
    fill(byId("name-after"), named(t("drawn: {name}", { name: quoted(Draft.scenario.name ?? "") })));
    byId("divider").setAttribute("aria-label", t("Divider between {left} and what is drawn; arrow keys move it", { left: quoted(Beside.title()) }));
    Divider.set(Divider.percent);
  },

  /** Villages by verdict, each side with its own. */
  paint(brush) {
    if (Beside.name === null || !Beside.figures.length) {
      Areas.paintVillages(brush);
      return;
    }
    Divider.half("before", brush, () => Beside.as({ figures: Beside.figures }, () => Areas.paintVillages(brush)));
    Divider.half("after", brush, () => Areas.paintVillages(brush));
  },

  /** Do something with parts of the book in the place of what is drawn. */
  as(parts, work) {
    const drawn = Object.fromEntries(Object.keys(parts).map((name) => [name, book[name]]));
    Object.assign(book, parts);
    try {
      return work();
    } finally {
      Object.assign(book, drawn);
    }
  },

  /** The signal picture of the left side. */
  async picture() {
    const choice = { ...State };
    const shown = Beside.overlay?.options.shows;
    if (shown?.sheet === Beside.sheet && ["signal", "operator", "technology", "place"].every((key) => shown[key] === choice[key])) {
      Beside.cut();
      return;
    }
    Beside.overlay?.remove();
    Beside.overlay = null;
    if (Beside.name === null || !Beside.sheet || !hasPicture(choice)) return;
    const { sheet } = Beside;
    const { layers, signal, parts } = sheet;
    await Rasters.load(choice);
    const canvas = make("canvas", { "aria-hidden": "true" });
    const { planes, kept } = Rasters;
    Beside.as({ layers, signal }, () => {
      Rasters.planes = Altered.planes.map((plane, i) => plane && i < layers.length && Altered.over(plane, i, parts));
      Rasters.kept = { key: "", plane: null };
      try {
        if (Rasters.members(choice).length && Rasters.ready(choice)) Pictures.paint(canvas, choice);
      } finally {
        Object.assign(Rasters, { planes, kept });
      }
    });
    if (Beside.name === null || Beside.sheet !== sheet) return;
    Beside.overlay?.remove();
    Beside.overlay = new Sheet(canvas, book.frame.bounds, { pane: "signal", className: "signal-picture signal-beside", shows: { ...choice, sheet } }).addTo(map);
    Beside.overlay.setOpacity(State.opacity / 100);
    Beside.cut();
  },

  /** Cut both pictures at the divider. */
  cut() {
    if (Beside.name === null) return;
    const canvas = byId("canvas").getBoundingClientRect();
    const edge = canvas.left + (canvas.width * Divider.percent) / 100;
    for (const [overlay, left] of [[Beside.overlay, true], [Pictures.overlay, false]]) {
      const node = overlay?.getElement();
      if (!node) continue;
      const box = node.getBoundingClientRect();
      const share = Math.max(0, Math.min(100, (100 * (edge - box.left)) / Math.max(box.width, 1)));
      node.style.clipPath = left ? `inset(0 ${100 - share}% 0 0)` : `inset(0 0 0 ${share}%)`;
    }
  },
};

PAINTERS[PAINTERS.indexOf(Areas.paintVillages)] = Beside.paint;

// Whatever shows the picture of what is drawn shows the other one too.
const pictureDrawn = Pictures.update;
Pictures.update = async (on) => {
  await pictureDrawn(on);
  await Beside.picture();
};
