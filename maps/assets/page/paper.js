// Printing: the page is laid out as the sheet it will be, so that the map is drawn at that size.
const SHEETS = { A4: "A4 landscape", A3: "A3 landscape" };

const Paper = {
  sheet: "A4",
  on: false,
  before: null,

  start(map) {
    for (const button of document.querySelectorAll("[data-paper]")) {
      button.addEventListener("click", () => {
        Paper.lay(map, button.dataset.paper);
        window.print();
        Paper.lift(map);
      });
    }
    // The browser's own print command comes here without a choice of sheet.
    window.addEventListener("beforeprint", () => { if (!Paper.on) Paper.lay(map, Paper.sheet); });
    window.addEventListener("afterprint", () => Paper.lift(map));
  },

  lay(map, sheet) {
    Paper.sheet = sheet;
    Paper.on = true;
    Paper.before = { centre: map.getCenter(), zoom: map.getZoom(), snap: map.options.zoomSnap, legend: Legend.open };
    const bounds = Paper.inside(map.getBounds());
    Legend.open = true;
    Legend.render();
    byId("paper-size").textContent = `@page { size: ${SHEETS[sheet]}; margin: 8mm; }`;
    document.body.classList.add("paper", `paper-${sheet}`);
    fill(byId("paper-notes"),
      make("p", {}, Facts.definitions().slice(0, 3).join(" ")),
      make("p", {}, Facts.origin()));
    map.invalidateSize({ animate: false, pan: false });
    Paper.fitLegend();
    map.options.zoomSnap = 0;
    map.fitBounds(bounds, { animate: false, padding: [6, 6] });
  },

  /** A sheet does not scroll: a legend longer than the sheet is drawn smaller. */
  fitLegend() {
    const body = byId("legend-body");
    body.style.zoom = Math.min(1, body.clientHeight / body.scrollHeight);
  },

  /** What of the view lies over the study: paper is not spent on the empty ground beside it. */
  inside(view) {
    const frame = L.latLngBounds(book.frame.bounds);
    if (!view.intersects(frame)) return view;
    return L.latLngBounds(
      [Math.max(view.getSouth(), frame.getSouth()), Math.max(view.getWest(), frame.getWest())],
      [Math.min(view.getNorth(), frame.getNorth()), Math.min(view.getEast(), frame.getEast())],
    );
  },

  lift(map) {
    if (!Paper.on) return;
    Paper.on = false;
    document.body.classList.remove("paper", "paper-A4", "paper-A3");
    byId("paper-size").textContent = "";
    Legend.open = Paper.before.legend;
    Legend.render();
    map.options.zoomSnap = Paper.before.snap;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(Paper.before.centre, Paper.before.zoom, { animate: false });
  },
};
