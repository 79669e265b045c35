// The card of one chosen thing: its figures, and what they mean.
const Card = {
  titles: {
    village: "Village", commune: "Commune", site: "Tower", cable: "Cable section", pop: "Point of presence",
    weak: "Single point of failure", gap: "Gap in the cable drawing", finding: "Problem in the data",
    stage: "Stage of the extension", measured: "Measured place", point: "Point on the map",
    mast: "Mast to build", step: "Step of the plan", event: "Loss", pair: "Two losses at once", remedy: "Remedy", ring: "Two cuts of one ring",
  },

  render() {
    const card = byId("card");
    const selected = State.selected ?? (Spot.found() ? { kind: "point" } : null);
    card.hidden = !selected;
    document.body.classList.toggle("has-card", Boolean(selected));
    if (!selected) {
      fill(card);
      return;
    }
    const [name, ...body] = Card[selected.kind](selected.index);
    card.setAttribute("aria-label", `${t(Card.titles[selected.kind])}: ${name}`);
    fill(card,
      make("div", { class: "card-head" },
        make("div", {}, make("p", { class: "kind" }, t(Card.titles[selected.kind])), make("h2", {}, named(name, NONE))),
        make("button", { type: "button", class: "close", "aria-label": t("Close"), title: t("Close"), onclick: () => select(null) }, "×")),
      Spot.facts(), ...body);
  },

  /** A place where nothing lies that has a card of its own. */
  point() {
    const { lat, lng } = State.spot;
    return [`${lat.toFixed(5)}, ${lng.toFixed(5)}`];
  },

  village(i) {
    const v = book.villages;
    const figures = currentFigures();
    const grade = figures ? figures.grade[i] : "n";
    const commune = v.commune[i];
    return [v.name[i] || v.code[i],
      make("p", { class: "where" }, t("Code {code}", { code: v.code[i] }), " · ",
        commune < 0 ? t("outside every commune") : link({ kind: "commune", index: commune }, book.communes.name[commune])),
      SiteCard.village(i),
      LossCard.village(i),
      book.losses ? null : verdictChip(grade, Legend.choice()),
      figures ? facts([
        [t("People"), Card.people(i)],
        [v.weight.names[v.weight.of[i]] === "area" ? t("Area served") : t("People served"), percent(figures.served[i])],
        [t("Area served"), v.weight.names[v.weight.of[i]] === "area" ? null : percent(figures.area[i])],
        figures.expected ? [t("Expected share"), percent(figures.expected[i])] : null,
        [t("People without service"), number(figures.unserved[i], 1)],
        [t("People without service (expected)"), number(figures.unserved_expected[i], 1)],
        figures.level ? [t("Level at the centre"), unit(figures.level[i], 1, "dBm")] : null,
        [t("Probability at the centre"), percent(figures.chance[i])],
        figures.median ? [t("Median level"), unit(figures.median[i], 1, "dBm")] : null,
        [t("Best server"), Card.server(figures.best[i])],
        [t("Nearest site"), Card.nearest(i)],
        figures.circle ? [t("Circles would claim"), percent(figures.circle[i])] : null,
        [t("Area"), unit(v.area_km2[i], 2, "km²")],
      ]) : LossCard.plain(i) ?? make("p", { class: "hint" }, noFigures()),
      book.figures.length ? Card.everyCarrier(i) : null,
      v.flags[i] ? make("p", { class: "flag" }, t("Remarks on the record: {flags}", { flags: v.flags[i].split(/\s+/).map((f) => t(FLAGS[f] ?? f)).join(", ") })) : null,
      make("details", {}, make("summary", {}, t("What do these figures mean?")), Facts.definitionList()),
    ];
  },

  people(i) {
    const v = book.villages;
    if (v.people[i] === null) return t("unknown");
    const source = { census: t("census"), raster: t("population raster") }[v.people_source.names[v.people_source.of[i]]];
    return source ? `${number(v.people[i])} (${source})` : number(v.people[i]);
  },

  server(cell) {
    if (cell === null) return null;
    if (cell < 0) return t("none");
    const cells = book.cells;
    const about = `${quoted(cells.operators[cells.operator[cell]])} ${TECHNOLOGY[cells.technologies[cells.technology[cell]]] ?? ""}`;
    return cells.site[cell] < 0 ? named(cells.id[cell]) : link({ kind: "site", index: cells.site[cell] }, `${cells.id[cell]} (${about})`);
  },

  nearest(i) {
    const site = book.sites.id.indexOf(book.villages.nearest_site[i]);
    const far = unit(book.villages.nearest_site_km[i], 2, "km");
    return site < 0 ? far : make("span", {}, link({ kind: "site", index: site }, book.sites.id[site]), `, ${far}`);
  },

  /** The verdict of every carrier, so that nobody has to switch to compare. */
  everyCarrier(i) {
    const rows = OPERATORS.map((operator) => make("tr", {}, make("th", { scope: "row" }, named(carrierName(operator))),
      TECHNOLOGIES.map((technology) => {
        const figures = book.figures.find((f) => f.place === State.place && f.operator === operator && f.technology === technology);
        if (!figures) return make("td", {}, NONE);
        const grade = figures.grade[i];
        return make("td", {}, make("span", { class: `dot dot-${grade}`, title: t(GRADES[grade].label) }),
          make("span", { class: "unseen" }, t(GRADES[grade].label)), " ", number(figures.served[i]));
      })));
    return scrolling(make("table", { class: "grid carriers" },
      make("caption", {}, t("Share served, every carrier (%)")),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t("Carrier")),
        TECHNOLOGIES.map((name) => make("th", { scope: "col" }, name === "*" ? t("Counted") : technologyName(name))))),
      make("tbody", {}, rows)));
  },

  commune(i) {
    const inside = book.villages.commune.map((c, v) => (c === i ? v : -1)).filter((v) => v >= 0);
    const figures = currentFigures();
    const counts = { c: 0, h: 0, w: 0, n: 0 };
    for (const v of inside) counts[figures ? figures.grade[v] : "n"] += 1;
    return [book.communes.name[i] || book.communes.code[i],
      make("p", { class: "where" }, t("Code {code}", { code: book.communes.code[i] })),
      book.masts ? StepCard.commune(i) : null,
      make("h3", {}, t("Villages: {choice}", { choice: Legend.choice() })),
      inside.length ? facts(["c", "h", "w", "n"].filter((g) => counts[g] || g !== "n")
        .map((g) => [t(GRADES[g].label), t("{part} of {whole}", { part: number(counts[g]), whole: number(inside.length) })]))
        : make("p", { class: "hint" }, t("no village lies in this commune")),
      make("h3", {}, t("Fibre to the centre")),
      book.reach ? Card.reach(i) : make("p", { class: "hint" }, t("fibre was not assessed in this run")),
    ];
  },

  reach(commune) {
    const r = book.reach;
    const centres = r.commune.map((c, row) => (c === commune ? row : -1)).filter((row) => row >= 0);
    if (!centres.length) return make("p", { class: "hint" }, t("no centre is known for this commune"));
    return centres.map((row) => make("div", {},
      centres.length > 1 ? make("h4", {}, named(r.name[row], NONE)) : null,
      make("p", { class: r.reached[row] ? "chip chip-good" : "chip chip-bad" }, r.reached[row] ? t("Fibre arrives") : t("Fibre does not arrive")),
      facts([
        r.reached[row] ? null : [t("Why"), Words.pick(r.why[row])],
        r.reached[row] ? [t("Point of presence"), Card.pop_name(r.pop[row])] : null,
        r.reached[row] ? [t("Route length"), unit(r.route_km[row], 2, "km")] : null,
        r.reached[row] ? [t("From the cable to the centre"), unit(r.drop_m[row], 0, "m")] : null,
        r.loss_db[row] === null ? null : [t("Optical loss"), unit(r.loss_db[row], 2, "dB")],
        r.optical_class[row] ? [t("Best optical class"), r.optical_class[row]] : null,
        r.margin_db[row] === null ? null : [t("Margin left"), unit(r.margin_db[row], 2, "dB")],
        r.splices[row] === null ? null : [t("Splices"), number(r.splices[row])],
        r.reached[row] ? [t("Way in"), r.single_route[row] ? t("one route only: one cut isolates it") : t("more than one route")] : null,
        r.reached[row] && r.single_route[row] ? [t("Sections without alternative"), number(r.bridges_on_route[row])] : null,
        r.reached[row] || r.nearest_cable_m[row] === null ? null : [t("Nearest cable"), unit(r.nearest_cable_m[row], 0, "m")],
        r.reached[row] || r.nearest_connected_m[row] === null ? null : [t("Nearest connected cable"), unit(r.nearest_connected_m[row], 0, "m")],
        r.reached[row] || r.nearest_pop_km[row] === null ? null : [t("Nearest point of presence"), unit(r.nearest_pop_km[row], 2, "km")],
      ])));
  },

  pop_name(id) {
    const index = book.pops.id.indexOf(id);
    return index < 0 ? named(id, NONE) : link({ kind: "pop", index }, book.pops.name[index] || id);
  },

  site(i) {
    const c = book.cells;
    const rows = Masts.cellsOf[i].map((cell) => make("tr", { class: Masts.counts(cell) ? null : "faint" },
      make("td", {}, make("span", { class: "dot", style: { background: carrierColour(c.operator[cell]) } }), " ", named(c.operators[c.operator[cell]])),
      make("td", {}, TECHNOLOGY[c.technologies[c.technology[cell]]] ?? ""),
      make("td", {}, number(c.freq_mhz[cell])),
      make("td", {}, c.azimuth_deg[cell] === null ? t("all round") : `${number(c.azimuth_deg[cell])}°`),
      make("td", {}, `${number(c.height_m[cell], 0)} m${c.assumed[cell].includes("h") ? " *" : ""}`),
      make("td", {}, `${number(c.eirp_dbm[cell], 1)}${c.assumed[cell].includes("e") ? " *" : ""}`),
      make("td", {}, c.in_service[cell] ? t("yes") : t("no"))));
    const assumed = Masts.cellsOf[i].some((cell) => c.assumed[cell]);
    const villages = book.villages.nearest_site.filter((id) => id === book.sites.id[i]).length;
    return [book.sites.id[i],
      book.sites.inside[i] ? null : make("p", { class: "flag" }, t("This tower stands outside the communes of the study.")),
      facts([[t("Cells"), number(rows.length)], [t("Villages it is the nearest to"), number(villages)],
        [t("Hangs on"), Card.hangsOn(i)]]),
      scrolling(make("table", { class: "grid" },
        make("thead", {}, make("tr", {}, [t("Carrier"), t("Tech."), "MHz", t("Azimuth"), t("Height"), "EIRP dBm", t("In service")].map((h) => make("th", { scope: "col" }, h)))),
        make("tbody", {}, rows))),
      assumed ? make("p", { class: "hint" }, t("* assumed by the study: the tower's record does not say")) : null,
    ];
  },

  /** What feeds a tower, one line a record; null where the study does not say. */
  hangsOn(i) {
    const records = book.sites.backhaul[i];
    if (!records.length) return null;
    return make("span", {}, records.flatMap(([medium, upstream], n) => [n ? make("br") : null,
      ...(upstream ? Card.filled(medium === "fibre" ? t("fibre, from {name}") : t("microwave, from {name}"), Card.feeder(upstream)) : [t("fibre that passes")])]));
  },

  feeder(name) {
    const index = book.sites.id.indexOf(name);
    return index < 0 ? Card.pop_name(name) : link({ kind: "site", index }, name);
  },

  /** A sentence with a node in place of {name}. */
  filled(text, node) {
    const [before, after] = text.split("{name}");
    return [before, node, after];
  },

  cable(i) {
    const c = book.cables;
    const kind = { lit: t("In service, connected to a point of presence"), dark: t("In service, not connected"), planned: t("Not in service") }[Lines.cableKind(i)];
    return [c.id[i],
      make("p", { class: Lines.cableKind(i) === "lit" ? "chip chip-good" : "chip chip-bad" }, kind),
      facts([
        [t("Owner"), named(c.owners[c.owner[i]], NONE)],
        [t("Status in the file"), named(c.statuses[c.status[i]], NONE)],
        [t("Length along the ground"), unit(c.length_m[i], 0, "m")],
        [t("If it is cut"), c.bridge[i] && c.communes_behind[i]
          ? t("{count} commune(s) lose fibre", { count: number(c.communes_behind[i]) }) : t("no commune loses fibre")],
        c.bridge[i] && c.people_behind[i] ? [t("People behind it"), number(c.people_behind[i])] : null,
      ])];
  },

  pop(i) {
    const reached = book.reach ? book.reach.pop.filter((id, row) => id === book.pops.id[i] && book.reach.reached[row]).length : null;
    return [book.pops.name[i] || book.pops.id[i],
      facts([[t("Code"), named(book.pops.id[i])], reached === null ? null : [t("Commune centres it feeds"), number(reached)]])];
  },

  weak(i) {
    const w = book.weak;
    return [t(WEAK_NAMES[w.element[i]], { id: w.id[i] }),
      facts([
        [t("Communes that lose fibre"), number(w.count[i])],
        !w.count[i] || w.people[i] === null ? null : [t("People in them"), number(w.people[i])],
        w.known ? [t("Towers that go dark"), number(w.sites[i].length)] : null,
      ]),
      Card.darkened(t("Communes"), "commune", w.communes[i], book.communes.name),
      Card.darkened(t("Towers"), "site", w.sites[i], book.sites.id)];
  },

  darkened(title, kind, rows, names) {
    const known = rows.filter((row) => row >= 0);
    if (!known.length) return null;
    return make("div", {}, make("h3", {}, title),
      make("ul", { class: `links links-${kind}` }, known.map((index) => make("li", {}, link({ kind, index }, names[index])))));
  },

  stage(i) {
    const s = book.extension.stages;
    const built = book.extension.lines;
    const rows = Extension.linesOf(i).map((n) => make("tr", {},
      make("th", { scope: "row" }, named([wayName(built.kind[n]), built.surface[n], built.road[n]].filter(Boolean).join(", "))),
      Plan.cells([number(built.length_m[n]), number(built.usd[n])])));
    return [`${s.stage[i]}. ${s.name[i] || Plan.commune(s.commune[i])}`,
      s.commune[i] < 0 ? null : make("p", { class: "where" }, link({ kind: "commune", index: s.commune[i] }, Plan.commune(s.commune[i]))),
      facts([
        [t("Cost"), dollars(s.usd[i])], [t("Length along the ground"), unit(s.km[i], 2, "km")], [t("People"), number(s.people[i])],
        [t("USD in all"), dollars(s.usd_total[i])], [t("Length in all"), unit(s.km_total[i], 2, "km")], [t("People in all"), number(s.people_total[i])],
      ]),
      Plan.table(t("Lines of this stage"), [t("Way"), "m", "USD"], rows)];
  },

  measured(i) {
    const m = book.measured;
    const residual = m.residual[i];
    const site = book.sites.id.indexOf(m.sites[m.site[i]]);
    const cell = m.cells[m.cell[i]];
    const sight = m.sight[i] === "clear" ? t("line of sight") : m.sight[i] === "obstructed" ? t("obstructed") : m.sight[i];
    return [`${number(m.level[i], 1)} dBm`,
      make("p", { class: "where" }, t(RESIDUAL_CLASSES[Measured.part(residual)].label)),
      facts([
        [t("Measured"), unit(m.level[i], 1, "dBm")],
        [t("Predicted"), unit(m.predicted[i], 1, "dBm")],
        [t("Difference"), `${residual > 0 ? "+" : ""}${unit(residual, 1, "dB")}`],
        [t("Carrier"), named(m.operators[m.operator[i]], NONE)],
        [t("Technology"), named(TECHNOLOGY[m.technologies[m.technology[i]]] ?? m.technologies[m.technology[i]], NONE)],
        [t("Serving cell"), site < 0 ? named(cell, NONE) : link({ kind: "site", index: site }, cell)],
        [t("Sight"), named(sight, NONE)],
        [t("Row of the file"), number(m.row[i])],
        m.rows[i] > 1 ? [t("Rows of this place and carrier"), number(m.rows[i])] : null,
        m.files.length ? [t("File"), named(m.files.join(", "))] : null,
        m.date ? [t("Calibrated"), named(m.date)] : null,
      ])];
  },

  gap(i) {
    const g = book.gaps;
    return [t("Gap of {metres} m", { metres: number(g.gap_m[i], 1) }),
      facts([[t("Between"), named(`${g.a[i]} – ${g.b[i]}`)], [t("Place"), `${g.lat[i]}, ${g.lon[i]}`],
        [t("To ask the owner"), Words.pick(g.suggestion[i])]])];
  },

  finding(i) {
    const f = book.findings;
    const rule = f.rules[f.rule[i]];
    return [f.subject[i] || Words.pick(rule.title),
      make("p", { class: f.severity[i] === "info" ? "chip" : "chip chip-bad" }, `${f.rule[i]} · ${t(SEVERITY_NAMES[f.severity[i]])}`),
      facts([[t("Rule"), Words.pick(rule.title)], [t("Found"), Words.pick(f.detail[i])], [t("Where"), named(Words.pick(f.where[i]), NONE)],
        [t("What the program does"), Words.pick(rule.effect)], [t("To mend it"), Words.pick(rule.mend)]])];
  },
};

const WEAK_NAMES = {
  edge: "Cable section {id}", node: "Joint {id}", pop: "Point of presence {id}",
  tail: "Tail of a point of presence {id}", group: "Shared duct or pole line {id}",
};

const FLAGS = {
  geometry_repaired: "outline repaired",
  code_disambiguated: "code was used twice",
  outside_communes: "outside every commune",
  area_assumed: "outline assumed",
  no_people_on_raster: "no people on the raster",
  off_grid: "outside the terrain",
  partly_off_grid: "partly outside the terrain",
  centre_off_grid: "centre outside the terrain",
};

function verdictChip(grade, choice) {
  return make("p", { class: `verdict verdict-${grade}` }, make("strong", {}, t(GRADES[grade].label)), make("span", {}, choice));
}

function link(thing, text) {
  return make("button", { type: "button", class: "link", onclick: () => select(thing, { zoom: true }) }, named(text, NONE));
}
