// The address after # keeps the view, the switches and the chosen thing.
const KINDS = ["village", "commune", "site", "cable", "pop", "weak", "gap", "finding", "stage", "measured", "mast", "step", "event", "pair", "remedy", "ring"];

const Permalink = {
  timer: null,

  text(map) {
    const centre = map.getCenter();
    const parts = new URLSearchParams();
    parts.set("carrier", State.operator);
    parts.set("technology", State.technology);
    parts.set("place", State.place);
    parts.set("signal", State.signal);
    parts.set("opacity", String(State.opacity));
    parts.set("layers", [...State.shown].sort().join("."));
    parts.set("lang", Words.language);
    if (Large.on) parts.set("text", "large");
    if (State.year) parts.set("year", String(State.year));
    if (Losses.hidden.size) parts.set("without", [...Losses.hidden].sort().join("."));
    if (Losses.hours !== null) parts.set("hours", String(Losses.hours));
    if (State.selected) parts.set("chosen", `${State.selected.kind}.${codeOf(State.selected)}`);
    return `#${Number(map.getZoom().toFixed(2))}/${centre.lat.toFixed(5)}/${centre.lng.toFixed(5)}/${parts}`;
  },

  write(map) {
    clearTimeout(Permalink.timer);
    Permalink.timer = setTimeout(() => history.replaceState(null, "", Permalink.text(map)), 250);
  },

  /** Take over what the address says; parts that name nothing here are left alone. */
  read(map) {
    const match = /^#([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)\/(.*)$/.exec(location.hash);
    if (!match) return false;
    const [zoom, lat, lng] = match.slice(1, 4).map(Number);
    const parts = new URLSearchParams(match[4]);
    const one = (key, allowed, otherwise) => (allowed.includes(parts.get(key)) ? parts.get(key) : otherwise);
    Words.set(one("lang", ["vi", "en"], Words.language));
    State.operator = one("carrier", OPERATORS, "*");
    State.technology = one("technology", TECHNOLOGIES, "*");
    State.place = one("place", Object.keys(PLACES), "outdoor");
    State.signal = one("signal", ["none", ...Object.keys(QUANTITIES)], "none");
    State.opacity = Math.min(100, Math.max(10, Number(parts.get("opacity")) || 70));
    if (parts.has("layers")) {
      const known = OFFERED.map((layer) => layer.id);
      State.shown = new Set(parts.get("layers").split(".").filter((id) => known.includes(id)));
    }
    Large.set(parts.get("text") === "large");
    State.year = Math.min(Masting.last, Math.max(0, Math.trunc(Number(parts.get("year"))) || 0));
    if (book.losses) {
      const hours = Number(parts.get("hours"));
      Object.assign(Losses, { shown: null, hidden: new Set((parts.get("without") ?? "").split(".").filter((kind) => kind in LOSS_KINDS)),
        hours: book.losses.events.hours.includes(hours) ? hours : null });
    }
    State.selected = Permalink.chosen(parts.get("chosen") ?? "");
    const somewhere = [zoom, lat, lng].every(Number.isFinite) && L.latLngBounds(book.frame.bounds).pad(0.5).contains([lat, lng]);
    if (somewhere) map.setView([lat, lng], zoom, { animate: false });
    return true;
  },

  chosen(text) {
    const dot = text.indexOf(".");
    const kind = text.slice(0, dot);
    if (!KINDS.includes(kind)) return null;
    const index = (codesOf(kind) ?? []).indexOf(text.slice(dot + 1));
    return index < 0 ? null : { kind, index };
  },
};

/** What names the things of a kind: codes stay the same from run to run, rows do not. */
function codesOf(kind) {
  return {
    village: book.villages.code, commune: book.communes.code, site: book.sites.id, pop: book.pops.id,
    cable: book.cables?.id.map((_, i) => String(i)), weak: book.weak?.id,
    gap: book.gaps?.x.map((_, i) => String(i)), finding: book.findings.rule.map((_, i) => String(i)),
    stage: book.extension?.stages.stage.map(String), measured: book.measured?.row.map(String),
    mast: book.masts?.sites.id, step: book.masts?.steps.id.map((id, i) => `${book.masts.steps.what[i]}.${id}`), event: book.losses?.events.id.map(lossCode),
    remedy: book.losses?.remedies.kind.map((kind, i) => [kind, book.losses.remedies.where[i], book.losses.remedies.by[i]].join(".")),
    ring: book.losses?.rings.a.map((a, i) => `${a}+${book.losses.rings.b[i]}`),
    pair: book.losses?.pairs.a.map((a, i) => [a, book.losses.pairs.b[i]].map(lossCode).join("+")),
  }[kind];
}

/** What a loss is, what it is called, and for how long: ranks change from run to run. */
const lossCode = (event, index) => {
  const { id, hours } = book.losses.events;
  const i = typeof event === "number" ? event : index;
  return [Outages.element(i), id[i], hours[i]].filter((part) => part !== null).join(".");
};

const codeOf = ({ kind, index }) => codesOf(kind)[index];
