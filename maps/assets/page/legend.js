// The legend: only what is shown now, drawn by the same hands as the map.
const Legend = {
  open: window.innerWidth > 1000,

  /** Pixels of the map's left side that the open legend takes; none where it is not shown. */
  room() {
    const { offsetLeft, offsetWidth } = byId("legend");
    return Legend.open && offsetWidth ? offsetLeft + offsetWidth : 0;
  },

  render() {
    const groups = [
      Legend.planned(), Legend.fate(), Legend.losses(), Legend.villages(), Legend.signal(), Legend.masts(), Legend.cables(), Legend.extension(), Legend.measured(), Legend.centres(), Legend.others(),
    ].flat().filter(Boolean);
    const body = groups.length ? groups : [make("p", { class: "hint" }, t("Nothing is switched on."))];
    fill(
      byId("legend"),
      make("button", {
        type: "button", class: "legend-fold", "aria-expanded": String(Legend.open), "aria-controls": "legend-body",
        onclick: () => {
          Legend.open = !Legend.open;
          Legend.render();
          document.querySelector(".legend-fold").focus();
        },
      }, t("Legend")),
      make("div", { id: "legend-body", tabindex: "0", class: Legend.open ? "legend-body" : "legend-body folded" }, body),
    );
    byId("legend").setAttribute("aria-label", t("Legend"));
  },

  group(title, rows, note) {
    return make("div", { class: "legend-group" }, make("h3", {}, title),
      make("ul", {}, rows.map(([swatch, text]) => make("li", {}, swatch, make("span", {}, text)))),
      note ? make("p", { class: "hint" }, note) : null);
  },

  choice: () => [quoted(carrierName(State.operator)), technologyName(State.technology), State.place === "outdoor" ? "" : t(PLACES[State.place])].filter(Boolean).join(" · "),

  villages() {
    if (!State.shown.has("villages")) return null;
    const figures = currentFigures();
    if (!figures) {
      return Legend.group(t("Villages: {choice}", { choice: Legend.choice() }),
        [[areaSwatch("n"), t(GRADES.n.label)]], noFigures());
    }
    const counts = { c: 0, h: 0, w: 0, n: 0 };
    for (const grade of figures.grade) counts[grade] += 1;
    const outlined = hasPicture(State);
    const total = figures.grade.length;
    const rows = ["c", "h", "w", "n"].filter((g) => counts[g] || g !== "n").map((grade) => [
      areaSwatch(grade, outlined),
      t("{verdict}: {count} ({share})", {
        verdict: t(GRADES[grade].label), count: number(counts[grade]), share: percent((100 * counts[grade]) / total).replace(" ", "\u00a0"),
      }),
    ]);
    return Legend.group(t("Villages: {choice}", { choice: Legend.choice() }), rows,
      outlined ? t("Outlined while a signal picture is shown.") : null);
  },

  signal() {
    if (State.signal === "none") return null;
    const title = t(QUANTITIES[State.signal]);
    if (!hasPicture(State)) {
      return make("div", { class: "legend-group" }, make("h3", {}, title),
        make("p", { class: "hint" }, t("There is no picture of this for the chosen carrier and technology.")));
    }
    const steps = stepsOf(State);
    const colours = book.signal.colours[State.signal];
    if (!steps.length) {
      return Legend.group(title, [], t("One colour is the area of one cell; the colours only tell neighbours apart."));
    }
    const rows = steps.map((_, i) => [boxSwatch(colours[i], State.opacity / 100), classText(steps, i, State.signal)]).reverse();
    const threshold = book.study.thresholds_dbm[State.technology === "*" ? book.study.technologies[0] : State.technology];
    return Legend.group(`${title} (${State.signal === "level" ? "dBm" : "%"})`, rows,
      State.signal === "level" ? t("Service is taken to work from {level} dBm.", { level: number(threshold) })
        : t("A place counts as served from {share}.", { share: percent(100 * book.study.probability, 0) }));
  },

  masts() {
    if (!State.shown.has("masts")) return null;
    const cells = book.cells;
    const seen = cells.operators.map((name, i) => [name, i])
      .filter(([name]) => State.operator === "*" || name === State.operator);
    const rows = seen.map(([name, i]) => [
      drawn((pen) => { sectorSample(pen, carrierColour(i)); Masts.tower(pen, 11, 12, 4.5, carrierColour(i), true); }), named(name),
    ]);
    if (State.operator === "*" && cells.operators.length > 1) {
      rows.push([drawn((pen) => Masts.tower(pen, 11, 12, 5, INK, true)), t("Shared by carriers")]);
    }
    return rows.length ? Legend.group(t("Towers and sectors"), rows) : null;
  },

  cables() {
    if (!State.shown.has("cables") || !book.cables) return null;
    const kinds = new Set(book.cables.in_service.map((_, i) => Lines.cableKind(i)));
    const rows = [
      ["lit", FIBRE.lit, [], t("In service, connected to a point of presence")],
      ["dark", FIBRE.dark, [7, 4], t("In service, not connected")],
      ["planned", FIBRE.planned, [2, 4], t("Not in service")],
    ].filter(([kind]) => kinds.has(kind)).map(([, colour, dash, text]) => [lineSwatch(colour, dash), text]);
    return Legend.group(t("Fibre cables"), rows);
  },

  extension() {
    const rows = State.shown.has("extension") ? Extension.parts().map(([first, last], part) => [
      lineSwatch(STAGE_COLOURS[part], []),
      first === last ? t("Stage {stage}", { stage: number(first) }) : t("Stages {first} to {last}", { first: number(first), last: number(last) }),
    ]) : [];
    if (State.shown.has("rings")) rows.push([lineSwatch(RING_COLOUR, [1, 4]), t("Second route")]);
    return rows.length ? Legend.group(t("Planned extension"), rows) : null;
  },

  /** Masts that are planned, and what joins them. */
  planned() {
    if (!book.masts) return null;
    const rows = [];
    if (State.shown.has("planned")) {
      for (const [kind, name] of Object.entries(MAST_NAMES)) {
        const count = Masting.count(kind);
        if (count) rows.push([drawn((pen) => Masting.mark(pen, 11, 11, 7, kind)), `${t(name)}: ${number(count)}`]);
      }
    }
    if (State.shown.has("planned")) {
      for (const what of ["repeater", "satellite"]) {
        const count = Steps.alone().filter((i) => book.masts.steps.what[i] === what).length;
        if (count) rows.push([drawn((pen) => Steps.terminal(pen, 11, 11, 6, what)), `${t(STEP_NAMES[what])}: ${number(count)}`]);
      }
    }
    if (State.shown.has("brought")) {
      const centres = { gets: "Commune that gets fibre", later: "Gets fibre in a later year", stays: "Commune that stays without fibre" };
      for (const [kind, name] of Object.entries(centres)) {
        const count = Steps.communes(kind).length;
        if (count) rows.push([drawn((pen) => Steps.centre(pen, 11, 11.5, 7, kind)), `${t(name)}: ${number(count)}`]);
      }
    }
    if (State.shown.has("hops")) rows.push([lineSwatch(PLANNED.hop, [6, 3]), t("Microwave hop")]);
    if (State.shown.has("newcable")) rows.push([lineSwatch(PLANNED.cable, []), t("New cable")]);
    if (State.shown.has("power") && Masting.standing.length) rows.push([lineSwatch(PLANNED.power, [7, 2, 2, 2]), t("Power line; bold: new")]);
    return rows.length ? Legend.group(t(Steps.joint ? "To build" : "Masts to build"), rows) : null;
  },

  fate() {
    if (!book.masts || !State.shown.has("fate")) return null;
    const counts = Fate.counts();
    return Legend.group(t("Villages: what becomes of them"), Object.entries(FATES).filter(([fate]) => counts[fate]).map(([fate, coat]) => [
      coatSwatch(coat), `${t(coat.label)}: ${number(counts[fate])}`]));
  },

  /** Losses by kind; villages by exposure, or by what the chosen loss leaves. */
  losses() {
    if (!book.losses) return [];
    const rows = [];
    if (State.shown.has("losses")) {
      const kinds = new Set(Losses.rows().map(Outages.kind));
      for (const [kind, { title }] of Object.entries(LOSS_KINDS)) if (kinds.has(kind)) rows.push([Losses.swatch(kind), t(title)]);
    }
    const groups = rows.length ? [Legend.group(t("Losses, larger: more people"), rows)] : [];
    const { rows: built, chosen } = Remedies.drawnNow();
    const kinds = Object.keys(REMEDIES).filter((kind) => [...built, chosen].some((i) => book.losses.remedies.kind[i] === kind));
    if (kinds.length) groups.push(Legend.group(t("Remedies, by step"), kinds.map((kind) => [drawn((pen) => Remedies.draw(pen, 11, 11, 7, kind)), t(REMEDIES[kind].title)])));
    if (Outages.any()) {
      groups.push(Legend.group(t("In the chosen loss"), [
        ...(Rings.chosen() < 0 ? [] : [[drawn((pen) => Rings.mark(pen, 11, 11, 7)), t("Section that is cut")]]),
        [coatSwatch(Outages.coat("w")), t("Village without signal")], [coatSwatch(Outages.coat("h")), t("Village partly served")],
        [coatSwatch(Outages.coat("part")), t("Some people lose signal")],
        [drawn((pen) => Masts.darkMark(pen, 11, 11, 6)), t("Tower that goes dark")], [lineSwatch(GRADES.w.colour, [6, 3]), t("Commune without fibre")],
      ]));
    } else if (State.shown.has("exposure")) {
      const from = (part) => number(EXPOSED_FROM[part]);
      groups.push(Legend.group(t("Losses that take a village's signal"), [
        ...(book.losses.today ? [[coatSwatch(Outages.coat("dark")), t("Without signal today")]] : []),
        [coatSwatch(Outages.coat(-1)), book.losses.today ? t("none") : t("none, or dark today")], ...EXPOSED_FROM.map((least, part) => [coatSwatch(Outages.coat(part)),
          part + 1 === EXPOSED_FROM.length ? t("{from} and more", { from: from(part) })
            : EXPOSED_FROM[part + 1] - least === 1 ? from(part) : t("{from} to {to}", { from: from(part), to: number(EXPOSED_FROM[part + 1] - 1) })])]));
    }
    return groups;
  },

  measured() {
    if (!State.shown.has("measured") || !book.measured) return null;
    const shown = Measured.chosen();
    if (!shown.length) return null;
    const counts = RESIDUAL_CLASSES.map(() => 0);
    for (const i of shown) counts[Measured.part(book.measured.residual[i])] += 1;
    const rows = RESIDUAL_CLASSES.map(({ label }, part) => [
      drawn((pen) => Measured.mark(pen, 11, 11, 6, part)), `${t(label)}: ${number(counts[part])}`,
    ]).reverse();
    const kept = book.measured.row.length;
    return Legend.group(t("Measured against predicted"), rows, kept < book.measured.total
      ? t("{kept} of {total} places are drawn.", { kept: number(kept), total: number(book.measured.total) }) : null);
  },

  centres() {
    const rows = [];
    if (State.shown.has("centres")) {
      if (book.reach) {
        const reached = book.reach.reached.filter(Boolean).length;
        const missing = book.reach.reached.length - reached;
        rows.push([drawn((pen) => Marks.centre(pen, 11, 11, 6, true)), t("Centre with fibre: {count}", { count: number(reached) })]);
        rows.push([drawn((pen) => Marks.centre(pen, 11, 11, 6, false)), t("Centre without fibre: {count}", { count: number(missing) })]);
      } else {
        rows.push([drawn((pen) => Marks.centre(pen, 11, 11, 6, null)), t("Centre (fibre not assessed)")]);
      }
    }
    if (State.shown.has("pops")) rows.push([drawn((pen) => Marks.pop(pen, 11, 11, 7)), t("Point of presence")]);
    return rows.length ? Legend.group(t("Communes and fibre"), rows) : null;
  },

  others() {
    const rows = [];
    if (State.shown.has("weak") && book.weak) {
      rows.push([drawn((pen) => Marks.weak(pen, 11, 11, 6)), t("A cut here isolates a commune")]);
    }
    if (State.shown.has("gaps") && book.gaps) rows.push([drawn((pen) => Marks.gap(pen, 11, 11, 7)), t("Gap in the cable drawing")]);
    if (State.shown.has("findings")) {
      const severities = new Set(book.findings.severity.filter((_, i) => book.findings.x[i] !== null));
      for (const severity of ["error", "warning", "info"]) {
        if (severities.has(severity)) rows.push([drawn((pen) => Marks.finding(pen, 11, 12, 7, severity)), t(SEVERITY_NAMES[severity])]);
      }
    }
    if (State.shown.has("rivers")) rows.push([lineSwatch(WATER, []), t("River or lake")]);
    if (State.shown.has("roads")) rows.push([lineSwatch("#8d7b68", []), t("Road")]);
    if (State.shown.has("borders")) rows.push([lineSwatch("#32323c", []), t("Commune border")]);
    const few = State.shown.has("roads") && Lines.roads.length < book.roads.total;
    return rows.length ? Legend.group(t("Other marks"), rows, few
      ? t("{kept} of {total} roads are drawn, the main ones.", { kept: number(Lines.roads.length), total: number(book.roads.total) }) : null) : null;
  },
};

const SEVERITY_NAMES = { error: "Error in the data", warning: "Warning about the data", info: "Remark on the data" };
