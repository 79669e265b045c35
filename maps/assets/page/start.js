// Puts the parts together and answers the reader's hand.
const { map } = program;
const surface = new Surface(PAINTERS);

/** Choose a thing (null: none): its card opens, and the map goes there when asked to. */
function select(thing, { zoom = false, spot = null } = {}) {
  State.change({ selected: thing, spot });
  showTab(thing ? "side" : document.body.dataset.tab === "side" ? "map" : document.body.dataset.tab);
  if (!thing) return;
  if (zoom) goTo(thing);
  announce(byId("card").getAttribute("aria-label"));
  byId("card").focus({ preventScroll: true });
  byId("side").scrollTop = 0;
}

function goTo(thing) {
  const area = { village: Areas.villages, commune: Areas.communes, cable: Lines.cables }[thing.kind]?.[thing.index]
    ?? (thing.kind === "stage" ? Extension.box(thing.index) : null) ?? (thing.kind === "weak" ? Masts.darkBox(thing.index) : null)
    ?? (thing.kind === "step" ? Steps.box(thing.index) : null) ?? (thing.kind === "mast" ? Masting.box(thing.index) : null) ?? (thing.kind === "event" ? Outages.box(thing.index) : null)
    ?? (thing.kind === "remedy" ? Remedies.box(thing.index) : null) ?? (thing.kind === "ring" ? Rings.box(thing.index) : null)
    ?? (thing.kind === "pair" ? Outages.pairBox(thing.index) : null);
  // Beside the legend, not under it; a card that opens over the map has to stand first.
  const beside = { paddingTopLeft: [40 + Math.min(Legend.room(), map.getSize().x / 2), 40], paddingBottomRight: [40, 40], animate: false };
  if (area && Number.isFinite(area.west)) {
    map.fitBounds(boxBounds(area), { maxZoom: 14, ...beside });
    return;
  }
  const place = placeOf(thing);
  if (!place || place.x === null) return;
  const point = toLatLng(place.x, place.y);
  map.fitBounds(L.latLngBounds(point, point), { maxZoom: Math.max(map.getZoom(), 13), ...beside });
}

function showTab(name) {
  document.body.dataset.tab = name;
  for (const button of byId("tabs").children) button.setAttribute("aria-pressed", String(button.dataset.tab === name));
  map.invalidateSize({ animate: false, pan: false });
}

/** What the page is about: a run, or what was planned or followed on one. */
const SUBJECT = Steps.joint ? { subtitle: "Where to build: masts and cables in one list", tab: "Plan" }
  : book.masts ? { subtitle: "Where to build: masts with their backhaul and power", tab: "Plan" }
  : book.losses ? { subtitle: "What breaks together: losses followed to villages and people", tab: "Losses" }
    : { subtitle: "Mobile coverage by village, fibre by commune", tab: "Village list" };

/** Every fixed word of the page in the current language. */
function translate() {
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  document.title = `${book.study.name} · ${t("Mobile coverage and fibre")}`;
  fill(byId("title"), named(book.study.name));
  byId("subtitle").textContent = [t(SUBJECT.subtitle), book.study.period].filter(Boolean).join(" · ");
  byId("search").placeholder = t("Find a village, commune or tower");
  byId("search").setAttribute("aria-label", t("Find a village, commune or tower"));
  byId("languages").setAttribute("aria-label", t("Language"));
  byId("papers").setAttribute("aria-label", t("Print"));
  byId("sizes").setAttribute("aria-label", t("Size of the text"));
  byId("large").title = t("Large text");
  byId("large").setAttribute("aria-label", t("Large text"));
  byId("panel").setAttribute("aria-label", t("Figures and layers"));
  byId("side").setAttribute("aria-label", t("Card and village list"));
  byId("tabs").setAttribute("aria-label", t("Parts of the page"));
  byId("map").setAttribute("aria-label", t("Map; arrow keys move it, plus and minus zoom. Everything on it can be found by the search and the village list."));
  byId("map").setAttribute("role", "application");
  byId("synthetic").hidden = !book.study.synthetic;
  byId("synthetic").textContent = t("Synthetic data: no real place, person or carrier is shown.");
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === Words.language));
  for (const button of document.querySelectorAll("[data-paper]")) button.textContent = t("Print {sheet}", { sheet: button.dataset.paper });
  byId("tabs").querySelector("[data-tab=side]").textContent = t(SUBJECT.tab);
  zoomButtons();
}

function zoomButtons() {
  for (const [name, title] of [["in", "Zoom in"], ["out", "Zoom out"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button.title = t(title);
    button.setAttribute("aria-label", t(title));
  }
}

function renderAll() {
  translate();
  Panel.render(program);
  Legend.render();
  Card.render();
  Years.render();
  Plan.render();
  List.render();
}

State.on((changed) => {
  const network = ["operator", "technology", "place"].some((key) => changed.has(key));
  if (network || changed.has("signal") || changed.has("opacity")) Pictures.update(map);
  if (network || changed.has("signal")) {
    const focus = document.activeElement;
    const key = focus?.name ? `input[name="${focus.name}"]:checked` : null;
    Panel.render(program);
    if (key) document.querySelector(key)?.focus();
    List.limit = 60;
  }
  if (changed.has("year")) Years.update();
  Legend.render();
  if (network || ["selected", "spot", "signal", "year"].some((key) => changed.has(key))) Card.render();
  if (changed.has("selected") || changed.has("year")) Plan.render();
  if (network || changed.has("selected")) List.render();
  surface.repaint();
  Permalink.write(map);
  if (changed.has("spot") || network) Spot.follow();
});

map.on("click", (event) => {
  // What the hand holds comes first, where the page is one to draw on.
  if (program.hand?.(event.latlng)) return;
  const { x, y } = toFrame(event.latlng);
  const scale = (2 * HALF_TURN_M) / (256 * 2 ** map.getZoom());
  const thing = thingAt(x, y, scale, event.originalEvent.pointerType === "touch");
  select(thing, { spot: event.latlng });
  if (!thing) Spot.open();
});
let settling = null;
map.on("moveend", () => {
  clearTimeout(settling);
  // The list follows once the map rests: a drag or a zoom of several steps stays smooth.
  settling = setTimeout(() => { if (List.inView && !Paper.on) List.render(); }, 250);
  Permalink.write(map);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && (State.selected || State.spot) && document.activeElement !== byId("search")) select(null);
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    Words.set(button.dataset.language);
    Losses.shown = null;
    Search.forget();
    renderAll();
    surface.repaint();
    Permalink.write(map);
  });
}
for (const button of byId("tabs").children) button.addEventListener("click", () => showTab(button.dataset.tab));

List.map = map;
Words.set(book.language);
L.control.zoom({ position: "topleft" }).addTo(map);
L.control.scale({ imperial: false, maxWidth: 140, position: "bottomright" }).addTo(map);
if (program.tiles) L.control.attribution({ prefix: false }).addTo(map);
translate();
// The bars above the map have their height now: only from here on is its middle its middle.
map.invalidateSize({ animate: false, pan: false });
Legend.render();
Whole.show(map, Areas.communes);
map.setMinZoom(Math.max(0, map.getZoom() - 2));
Large.start(map);
Permalink.read(map);
surface.addTo(map);
Search.start();
Paper.start(map);
renderAll();
showTab(State.selected ? "side" : "map");
Pictures.update(map);
window.addEventListener("hashchange", () => {
  if (!Permalink.read(map)) return;
  renderAll();
  Pictures.update(map);
  surface.repaint();
});
requestAnimationFrame(() => performance.mark("first view"));

// For tests and for whoever builds on the page: what is shown now, and the map that shows it.
window.phusong = { map, state: State, book, surface, find: Search.find, select, paper: Paper };
