// Puts the map of two runs together and answers the reader's hand.
const { map } = program;
const surface = new Surface([Panes.paint]);

/** Choose a village or commune (null: none): its card opens, and the map goes there when asked to. */
function choose(thing, zoom = false) {
  Choice.selected = thing;
  Tables.card();
  Tables.villages();
  surface.repaint();
  if (!thing) return;
  byId("side").scrollTop = 0;
  const area = thing.kind === "village" ? Panes.area(thing.index) : Panes.communes[thing.index];
  if (zoom && Number.isFinite(area.west)) map.fitBounds(boxBounds(area), { maxZoom: 13, padding: [60, 60], animate: false });
  announce(byId("card").innerText);
}

/** Every fixed word of the page in the current language. */
function translate() {
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  document.title = `${book.after.name} · ${t("Before and after")}`;
  fill(byId("title"), named(book.after.name));
  fill(byId("subtitle"), named(`${t("Before and after")}: ${runName("before")} → ${runName("after")}`));
  for (const side of SIDES) {
    const whole = `${t(side === "before" ? "Before" : "After")}: ${runName(side)}`;
    fill(byId(`name-${side}`), named(whole));
    byId(`name-${side}`).title = `${book[side].name} · ${t("made {when}", { when: dateTime(book[side].created) })}`;
  }
  byId("languages").setAttribute("aria-label", t("Language"));
  byId("side").setAttribute("aria-label", t("What changed"));
  byId("divider").setAttribute("aria-label", t("Divider between the earlier and the later run; arrow keys move it"));
  byId("map").setAttribute("aria-label", t("Map of both runs; arrow keys move it, plus and minus zoom. Every change is in the tables."));
  byId("map").setAttribute("role", "application");
  byId("synthetic").hidden = !book.synthetic;
  byId("synthetic").textContent = t("Synthetic data: no real place, person or carrier is shown.");
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === Words.language));
  for (const [name, title] of [["in", "Zoom in"], ["out", "Zoom out"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button.title = t(title);
    button.setAttribute("aria-label", t(title));
  }
}

function renderAll() {
  translate();
  Legend.render();
  Tables.render();
  Divider.set(Divider.percent);
}

map.on("click", (event) => {
  const { x, y } = toFrame(event.latlng);
  choose(Panes.at(x, y, event.containerPoint.x < (map.getSize().x * Divider.percent) / 100 ? "before" : "after"));
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && Choice.selected) choose(null); });
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    Words.set(button.dataset.language);
    renderAll();
  });
}

Words.set(book.language);
L.control.zoom({ position: "topleft" }).addTo(map);
L.control.scale({ imperial: false, maxWidth: 140, position: "bottomright" }).addTo(map);
surface.addTo(map);
renderAll();
// The strips above the map have their height now: only from here on is its middle its middle.
map.invalidateSize({ animate: false, pan: false });
Whole.show(map, Panes.communes);
map.setMinZoom(Math.max(0, map.getZoom() - 2));
Divider.start();
window.addEventListener("resize", () => surface.repaint());
requestAnimationFrame(() => performance.mark("first view"));

// For tests and for whoever builds on the page.
window.phusong = { map, book, surface, divider: Divider, choice: Choice, choose };
