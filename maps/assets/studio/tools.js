// What the hand holds: placing a mast, and the handles of masts that are placed.
const Tools = {
  /** "mast": the next click on the map places one; null: clicks choose things as ever. */
  mode: null,
  like: null,

  hold(mode, like = null) {
    Tools.mode = Tools.mode === mode && !like ? null : mode;
    Tools.like = like;
    document.body.classList.toggle("placing", Tools.mode !== null);
    if (Tools.mode) {
      showTab("map");
      announce(t("Click the map where the mast is to stand; Escape stops."));
    }
    Bench.render();
  },

  /** Whether a click was taken. */
  click(latlng) {
    if (Tools.mode !== "mast") return false;
    const { like } = Tools;
    Tools.hold(null);
    Draft.place(latlng, like);
    return true;
  },
};

// One handle a mast that is placed: dragged by hand or touch, moved by the arrow keys.
const Handles = {
  marks: new Map(),
  STEP_M: 30,

  show() {
    const wanted = new Map(Draft.masts().filter((mast) => mast.longitude !== undefined).map((mast) => [mast.site_id, mast]));
    for (const [site, mark] of Handles.marks) {
      if (wanted.has(site)) continue;
      mark.remove();
      Handles.marks.delete(site);
    }
    for (const [site, mast] of wanted) {
      const place = L.latLng(mast.latitude, mast.longitude);
      const mark = Handles.marks.get(site) ?? Handles.make(site, place);
      if (!mark.dragging?._draggable?._moving && !mark.getLatLng().equals(place)) mark.setLatLng(place);
      const node = mark.getElement();
      node.classList.toggle("handle-chosen", site === Draft.chosen);
      node.setAttribute("aria-label", t("Mast {name}: drag it, or move it with the arrow keys", { name: quoted(site) }));
      node.setAttribute("aria-pressed", String(site === Draft.chosen));
    }
  },

  make(site, place) {
    const icon = L.divIcon({ className: "handle", iconSize: [34, 34], iconAnchor: [17, 17] });
    const mark = L.marker(place, { icon, draggable: true, keyboard: true, autoPan: true, bubblingMouseEvents: false }).addTo(map);
    mark.on("click", () => Handles.choose(site));
    mark.on("dragstart", () => { Draft.chosen = site; });
    mark.on("dragend", () => Draft.move(site, mark.getLatLng()));
    const node = mark.getElement();
    node.dataset.mast = site;
    node.setAttribute("role", "button");
    node.addEventListener("keydown", (event) => Handles.key(event, site, mark));
    Handles.marks.set(site, mark);
    return mark;
  },

  choose(site) {
    Draft.chosen = site;
    showTab("side");
    Handles.show();
    Bench.render();
  },

  key(event, site, mark) {
    const ways = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    if (event.key === "Enter" || event.key === " ") Handles.choose(site);
    else if (event.key === "Delete") Draft.remove(site);
    else if (ways[event.key]) {
      const [east, north] = ways[event.key];
      const { lat, lng } = mark.getLatLng();
      const step = Handles.STEP_M / 111320;
      const place = L.latLng(lat + north * step, lng + (east * step) / Math.cos((lat * Math.PI) / 180));
      mark.setLatLng(place);
      Draft.move(site, place);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  },
};
