// What the hand holds: placing a mast, and the handles of masts that are placed.
const Tools = {
  /** "mast": the next click on the map places one; "cable": each adds a point; null: clicks choose. */
  mode: null,
  like: null,
  /** Points of the cable that is being drawn, and the line through them on the map. */
  points: [],
  line: null,

  SAYS: {
    mast: "Click the map where the mast is to stand; Escape stops.",
    cable: "Click from point to point, then finish; Escape stops.",
  },

  hold(mode, like = null) {
    Tools.mode = Tools.mode === mode && !like ? null : mode;
    Tools.like = like;
    Tools.points = [];
    Tools.line?.remove();
    Tools.line = null;
    document.body.classList.toggle("placing", Tools.mode !== null);
    if (Tools.mode) {
      showTab("map");
      announce(t(Tools.SAYS[Tools.mode]));
    }
    Bench.render();
  },

  /** Whether a click was taken. */
  click(latlng) {
    if (Tools.mode === "cable") {
      Tools.points.push(latlng);
      if (Tools.line) Tools.line.addLatLng(latlng);
      else Tools.line = L.polyline([latlng], { color: "#b34700", weight: 3, dashArray: "6 5", interactive: false, renderer: L.svg() }).addTo(map);
      Bench.render();
      return true;
    }
    if (Tools.mode !== "mast") return false;
    const { like } = Tools;
    Tools.hold(null);
    Draft.place(latlng, like);
    return true;
  },

  /** The cable that was drawn, along the roads. */
  async finish() {
    const { points } = Tools;
    Tools.hold(null);
    const way = await Bench.trying(() => Server.ask("cable", { points: points.map(({ lat, lng }) => [degrees(lng), degrees(lat)]) }));
    if (!way) return;
    announce(t("{km} km of cable, {share} of it along roads", { km: number(way.km, 1), share: percent(100 * way.along_roads, 0) }));
    Draft.lay(way.points);
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
