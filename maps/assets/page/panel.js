// The left panel: figures, switches and layers.
const Panel = {
  render(program) {
    fill(byId("panel"),
      make("section", { "aria-labelledby": "panel-figures" }, make("h2", { id: "panel-figures" }, t("Figures to report")),
        State.place === "outdoor" ? null : make("p", { class: "hint" }, t("These figures are of the verdict outdoors.")), Facts.indicators()),
      // One choice of each is none: of a pass that asked nothing about signal there is no network to choose.
      !book.figures.length && !book.signal && (book.masts || book.losses) ? null : make("section", { "aria-labelledby": "panel-network" }, make("h2", { id: "panel-network" }, t("Network shown")),
        Panel.choice("operator", t("Carrier"), OPERATORS, carrierName),
        Panel.choice("technology", t("Technology"), TECHNOLOGIES, technologyName),
        Panel.place(), Panel.signal()),
      make("section", { "aria-labelledby": "panel-layers" }, make("h2", { id: "panel-layers" }, t("Layers")),
        OFFERED.map(Panel.layer), program.tiles ? Panel.tiles(program) : null),
      make("section", { class: "about" },
        make("details", {}, make("summary", {}, t("Definitions and assumptions")), Facts.definitionList()),
        Panel.findings(),
        make("p", { class: "hint" }, Facts.origin())));
  },

  /** Outdoors, in a vehicle, indoors; what was not judged there says how to get it. */
  place() {
    const missing = book.figures.length > 0 && !JUDGED.has(State.place);
    return make("div", {}, Panel.choice("place", t("Where the phone is"), Object.keys(PLACES), (place) => t(PLACES[place])),
      missing ? make("p", { class: "hint", id: "place-missing" }, howToJudge(State.place)) : null);
  },

  choice(key, title, values, name) {
    return make("fieldset", {}, make("legend", {}, title), make("div", { class: "choices" }, values.map((value) => make("label", { class: "choice" },
      make("input", { type: "radio", name: key, value, checked: State[key] === value, onchange: () => State.change({ [key]: value }) }),
      make("span", {}, named(name(value)))))));
  },

  signal() {
    if (!book.signal || !book.layers.length) {
      return make("p", { class: "hint" }, t("Signal pictures: none, the rasters were not computed in this run."));
    }
    const quantities = { none: "None", ...QUANTITIES };
    return make("fieldset", {}, make("legend", {}, t("Signal picture")),
      make("div", { class: "choices choices-long" }, Object.entries(quantities).map(([value, title]) => make("label", { class: "choice" },
        make("input", { type: "radio", name: "signal", value, checked: State.signal === value, onchange: () => State.change({ signal: value }) }),
        make("span", {}, t(title))))),
      make("label", { class: "slider" }, make("span", {}, t("Opacity")),
        make("input", { type: "range", id: "opacity", min: 10, max: 100, step: 5, value: State.opacity, disabled: State.signal === "none",
          oninput: (event) => State.change({ opacity: Number(event.target.value) }) })));
  },

  layer(layer) {
    const count = layer.count();
    const reason = count ? null : layer.empty();
    return make("label", { class: count ? "tick" : "tick tick-empty" },
      make("input", { type: "checkbox", "data-layer": layer.id, checked: State.shown.has(layer.id) && count > 0, disabled: count === 0,
        onchange: (event) => State.show(layer.id, event.target.checked) }),
      make("span", {}, t(layer.title)),
      count ? make("span", { class: "count" }, number(count)) : make("span", { class: "reason" }, t("empty: {reason}", { reason })));
  },

  tiles(program) {
    return make("label", { class: "tick" },
      make("input", { type: "checkbox", id: "online", checked: program.map.hasLayer(program.tiles), onchange: (event) => {
        if (event.target.checked) program.tiles.addTo(program.map);
        else program.tiles.remove();
      } }),
      make("span", {}, t("Street map from the network (© OpenStreetMap contributors)")));
  },

  findings() {
    const f = book.findings;
    if (!f.total) return make("p", { class: "hint" }, t("Data checks: nothing wrong was found."));
    const most = 100;
    return make("details", {}, make("summary", {}, t("Problems found in the data ({count})", { count: number(f.total) })),
      make("ul", { class: "findings" }, f.kinds.slice(0, most).map((kind) => Panel.kind(kind))),
      f.kinds.length > most ? make("p", { class: "hint" }, t("The first {count} kinds are listed; all are in checks.csv.", { count: number(most) })) : null);
  },

  /** Findings of one kind: the first of them, how many they are and what differs. */
  kind({ first: i, count, values }) {
    const f = book.findings;
    const differing = Words.pick(values);
    return make("li", { class: `finding-${f.severity[i]}` },
      make("strong", {}, f.rule[i]), " ",
      make("button", { type: "button", class: "link", onclick: () => select({ kind: "finding", index: i }, { zoom: true }) },
        named(f.subject[i] || Words.pick(f.rules[f.rule[i]].title))),
      make("span", {}, ` ${Words.pick(f.detail[i])}`),
      count > 1 ? make("span", { class: "hint" }, differing
        ? ` (${t("{count} of this kind: {values}", { count: number(count), values: differing })})`
        : ` (${t("{count} of this kind", { count: number(count) })})`) : null);
  },
};
