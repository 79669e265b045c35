// The panel beside the map: what is drawn, what follows from it, and what else may be asked.
const Bench = {
  /** Progress of the work on the last edit; null: nothing is being worked on. */
  working: null,
  failed: null,
  /** What a loss darkens: { names, title, found, villages }; null: nothing is asked. */
  loss: null,
  sight: null,
  looked: 0,
  saying: null,
  most: 12,

  render() {
    const place = byId("studio");
    place.hidden = false;
    kept(place, () => fill(place,
      make("div", { class: "studio-head" }, make("h2", {}, t("Studio")), Bench.status()),
      Bench.problems(),
      Bench.tools(),
      Bench.mast(), Bench.cables(), Bench.chosen(),
      Bench.results(), Bench.definition(), Bench.shelf()));
    place.setAttribute("aria-label", t("Studio"));
  },

  resting: null,

  /** Say anew how far the work is. */
  restate() {
    document.querySelector(".studio-status")?.replaceWith(Bench.status());
  },

  status() {
    const busy = Bench.working;
    return make("p", { class: "hint studio-status", role: "status", "data-busy": busy || Draft.sending ? "yes" : "no" },
      !Server.there ? t("not connected") : busy ? t("{what}: {done} of {total}", { what: Words.pick(busy.title), done: number(busy.done), total: number(busy.total) })
        : Draft.sending || !Altered.seen ? t("working …") : t("up to date"));
  },

  problems() {
    const said = [Server.there ? null : t("The studio does not answer; it may have been stopped."), Draft.refused,
      Bench.failed && Words.pick(Bench.failed), Draft.state.unsaved && Words.pick(Draft.state.unsaved), Bench.saying].filter(Boolean);
    return said.map((text) => make("p", { class: "flag", role: "alert" }, text));
  },

  button(title, onclick, more = {}) {
    return make("button", { type: "button", class: "tool", onclick, ...more }, title);
  },

  tools() {
    return make("div", { class: "studio-tools" },
      Bench.button(t("Place a mast"), () => Tools.hold("mast"), { id: "tool-mast", "aria-pressed": String(Tools.mode === "mast") }),
      book.reach ? Bench.button(t("Draw a cable"), () => Tools.hold("cable"), { id: "tool-cable", "aria-pressed": String(Tools.mode === "cable") }) : null,
      Tools.mode === "cable" && Tools.points.length > 1 ? Bench.button(t("Finish the cable"), Tools.finish, { id: "tool-finish" }) : null,
      Bench.button(t("Undo"), () => Draft.step("undo"), { id: "tool-undo", disabled: Draft.state.undo === 0, "aria-keyshortcuts": "Control+Z" }),
      Bench.button(t("Redo"), () => Draft.step("redo"), { id: "tool-redo", disabled: Draft.state.redo === 0, "aria-keyshortcuts": "Control+Y" }),
      Tools.mode ? make("p", { class: "hint" }, t(Tools.SAYS[Tools.mode])) : null);
  },

  // A mast that is placed.

  mast() {
    const masts = Draft.masts();
    if (!masts.length) return null;
    const mast = Draft.chosen && Draft.mast(Draft.chosen);
    return make("section", { class: "studio-part" },
      make("h3", {}, t("Masts placed")),
      make("div", { class: "studio-tools" }, [...new Set(masts.map((one) => one.site_id))].map((site) =>
        Bench.button(named(site), () => { Draft.chosen = site; Handles.show(); Bench.render(); }, { id: `mast-${site}`, "aria-pressed": String(site === Draft.chosen) }))),
      mast ? Bench.form(mast) : make("p", { class: "hint" }, t("Choose one to raise, turn or copy it; drag it on the map.")));
  },

  form(mast) {
    const site = mast.site_id;
    const set = (values) => Draft.set(site, values);
    const sectors = mast.azimuths_deg ?? [0, 120, 240];
    return make("div", { class: "studio-form", id: "mast-form" },
      Bench.choice("operator", t("Carrier"), mast.operator, [...new Set([...book.studio.operators, mast.operator])], (operator) => set({ operator })),
      Bench.field("height", t("Antennas above ground"), "m", mast.height_m, [1, 300, 1], (height_m) => set({ height_m })),
      Bench.field("tilt", t("Electrical tilt, down"), "°", mast.tilt_deg ?? 0, [-30, 30, 0.5], (tilt_deg) => set({ tilt_deg })),
      Bench.choice("sectors", t("Sectors"), String(sectors.length), ["0", "1", "2", "3", "4", "6"].concat(["0", "1", "2", "3", "4", "6"].includes(String(sectors.length)) ? [] : [String(sectors.length)]),
        (count) => set({ azimuths_deg: Array.from({ length: Number(count) }, (_, k) => ((sectors[0] ?? 0) + (360 * k) / Number(count)) % 360) }), (count) => (count === "0" ? t("all round") : count)),
      sectors.length ? Bench.field("azimuth", t("First sector looks to"), "°", sectors[0], [0, 359, 5],
        (first) => set({ azimuths_deg: sectors.map((azimuth) => (azimuth - sectors[0] + first + 720) % 360) })) : null,
      mast.bands.map((band, k) => Bench.band(mast, band, k)),
      make("div", { class: "studio-tools" },
        Bench.button(t("Add a band"), () => set({ bands: [...mast.bands, { ...(mast.bands.at(-1) ?? book.studio.site.bands[0]) }] }), { id: "band-add" }),
        Bench.button(t("Copy"), () => Tools.hold("mast", mast), { id: "mast-copy" }),
        Bench.button(t("Remove"), () => Draft.remove(site), { id: "mast-remove" })),
      Bench.backhaul(mast));
  },

  band(mast, band, k) {
    const set = (values) => Draft.set(mast.site_id, { bands: mast.bands.map((one, i) => (i === k ? { ...one, ...values } : one)) });
    return make("fieldset", { class: "studio-band" }, make("legend", {}, t("Band {n}", { n: k + 1 })),
      Bench.choice(`technology-${k}`, t("Technology"), band.technology ?? "LTE", Object.keys(TECHNOLOGY), (technology) => {
        // A width of one technology is none of another.
        const { bandwidth_mhz: _, ...rest } = band;
        Draft.set(mast.site_id, { bands: mast.bands.map((one, i) => (i === k ? { ...rest, technology } : one)) });
      }, (name) => TECHNOLOGY[name]),
      Bench.field(`freq-${k}`, t("Frequency"), "MHz", band.freq_mhz ?? 900, [400, 6000, 1], (freq_mhz) => set({ freq_mhz })),
      Bench.field(`eirp-${k}`, t("Power (EIRP)"), "dBm", band.eirp_dbm ?? 60, [0, 90, 0.5], (eirp_dbm) => set({ eirp_dbm })),
      mast.bands.length > 1 ? Bench.button(t("Remove the band"), () => Draft.set(mast.site_id, { bands: mast.bands.filter((_, i) => i !== k) }), { id: `band-remove-${k}` }) : null);
  },

  field(id, title, unitName, value, [min, max, step], change) {
    return make("label", { class: "studio-field" }, make("span", {}, title),
      make("span", {}, make("input", { type: "number", id: `field-${id}`, value, min, max, step, onchange: (event) => {
        const given = event.target.valueAsNumber;
        if (Number.isFinite(given) && given >= min && given <= max) change(given);
        else {
          Bench.saying = t("{name} is a number from {min} to {max}", { name: title, min: number(min), max: number(max) });
          Bench.render();
          Bench.saying = null;
        }
      } }), ` ${unitName}`));
  },

  choice(id, title, value, values, change, name = (one) => one) {
    return make("label", { class: "studio-field" }, make("span", {}, title),
      make("select", { id: `field-${id}`, onchange: (event) => change(event.target.value) },
        values.map((one) => make("option", { value: one, selected: one === value }, name(one)))));
  },

  /** The nearest sites with fibre, whether a hop would hold, and the ground between. */
  backhaul(mast) {
    if (mast.longitude === undefined) return null;
    const hung = (Draft.scenario.backhaul ?? []).find((link) => link.site_id === mast.site_id);
    const sight = Bench.sight?.site === mast.site_id ? Bench.sight : null;
    return make("details", { id: "sight", open: Boolean(sight), ontoggle: (event) => { if (event.target.open && !sight) Bench.look(mast); } },
      make("summary", {}, t("Line of sight to sites with fibre")),
      hung ? make("p", { class: "hint" }, hung.upstream ? t("Hangs on {site} by microwave", { site: quoted(hung.upstream) }) : t("Hangs on fibre that passes")) : null,
      !sight ? make("p", { class: "hint" }, t("working …"))
        : sight.answer.sites.length ? [Bench.looks(mast, sight.answer), Profile.draw(sight.answer, sight.answer.sites[Math.min(Bench.looked, sight.answer.sites.length - 1)])]
          : make("p", { class: "hint" }, t("No site with fibre is known.")));
  },

  looks(mast, answer) {
    return scrolling(make("table", { class: "grid" },
      make("thead", {}, make("tr", {}, [t("Site"), "km", t("Clearance"), t("Outage"), ""].map((title) => make("th", { scope: "col" }, title)))),
      make("tbody", {}, answer.sites.map((row, k) => make("tr", { class: k === Bench.looked ? "chosen" : null },
        make("th", { scope: "row" }, make("button", { type: "button", class: "link", onclick: () => { Bench.looked = k; Bench.render(); } }, named(row.site))),
        make("td", { class: "numeric" }, number(row.km, 1)),
        make("td", { class: "numeric" }, row.clearance === null ? NONE : number(row.clearance, 2)),
        make("td", { class: "numeric" }, row.outage_percent === null ? NONE : percent(row.outage_percent, 3)),
        make("td", {}, row.holds ? Bench.button(t("Hang it here"), () => Draft.hang(mast.site_id, row.site), { id: `hang-${k}` }) : t("does not hold")))))));
  },

  async look(mast) {
    const answer = await Bench.trying(() => Server.ask("sight", { longitude: mast.longitude, latitude: mast.latitude, height_m: mast.height_m }));
    if (!answer) return;
    Bench.sight = { site: mast.site_id, answer };
    Bench.looked = 0;
    Bench.render();
  },

  cables() {
    const cables = Draft.scenario.cables ?? [];
    if (!cables.length) return null;
    const remove = (id) => Draft.edit((scenario) => { scenario.cables = scenario.cables.filter((cable) => cable.cable_id !== id); });
    return make("section", { class: "studio-part", id: "cables" }, make("h3", {}, t("Cables drawn")), Bench.fibre(),
      make("ul", { class: "plain" }, cables.map((cable) => make("li", {}, named(cable.cable_id), " ", Bench.button(t("Remove"), () => remove(cable.cable_id), { id: `cable-${cable.cable_id}` })))));
  },

  /** Communes with fibre, and those of them on one route, now and with what is drawn. */
  fibre() {
    const counts = (reach) => [reach.reached, reach.single_route].map((flags) => flags.reduce((sum, one) => sum + one, 0));
    const [before, after] = [Altered.stands.reach, book.reach].map(counts);
    return make("p", {}, t("Commune centres with fibre: {before} → {after}; on one route only: {single} → {then}", { before: number(before[0]), after: number(after[0]), single: number(before[1]), then: number(after[1]) }));
  },

  // A thing of the study that is chosen on the map.

  chosen() {
    const thing = State.selected;
    const name = thing && Bench.lossName(thing);
    if (!name) return null;
    const site = thing.kind === "site" && !Draft.mast(name) ? name : null;
    const cable = thing.kind === "cable" ? book.cables.id[thing.index] : null;
    return make("section", { class: "studio-part" },
      make("h3", {}, t("Chosen: {name}", { name: quoted(name) })),
      site ? Bench.standing(site, thing.index) : null,
      make("div", { class: "studio-tools" },
        book.reach ? Bench.button(t("What if this is lost?"), () => Bench.lose(name), { id: "tool-cut" }) : null,
        cable ? Bench.button(Draft.off("cables").includes(cable) ? t("Put the cable back in service") : t("Take the whole cable out of service"), () => Draft.toggleOff("cables", cable), { id: "off-cable" }) : null,
        thing.kind === "pop" ? Bench.button(t("Take it out of service"), () => Draft.toggleOff("pops", name), { id: "off-pop" }) : null),
      Bench.lost(name));
  },

  standing(site, index) {
    const cells = Masts.cellsOf[index] ?? [];
    const height = Math.max(0, ...cells.map((cell) => book.cells.height_m[cell] ?? 0));
    const change = Draft.change(site) ?? {};
    return make("div", { class: "studio-form" },
      cells.length ? Bench.field("site-height", t("Antennas above ground"), "m", change.height_m ?? height, [1, 300, 1], (height_m) => Draft.alterSite(site, { height_m })) : null,
      cells.length ? Bench.field("site-turn", t("Turned clockwise by"), "°", change.turn_deg ?? 0, [-180, 180, 5], (turn_deg) => Draft.alterSite(site, { turn_deg: turn_deg || null })) : null,
      make("div", { class: "studio-tools" },
        Bench.button(Draft.off("sites").includes(site) ? t("Switch it on again") : t("Switch it off"), () => Draft.toggleOff("sites", site), { id: "off-site", "aria-pressed": String(Draft.off("sites").includes(site)) }),
        Draft.change(site) ? Bench.button(t("As it stands"), () => Draft.edit((scenario) => { scenario.changes = scenario.changes.filter((one) => one.site_id !== site); }), { id: "site-reset" }) : null));
  },

  /** What the network calls a thing; null for what cannot be lost. */
  lossName({ kind, index }) {
    if (kind === "cable") return book.edges[index] ?? null;
    if (kind === "pop") return book.pops.id[index];
    if (kind === "weak") return book.weak.id[index];
    return kind === "site" ? book.sites.id[index] : null;
  },

  async lose(name) {
    Bench.loss = { name, found: null, villages: null };
    Bench.render();
    const found = await Bench.trying(() => Server.ask("cut", { names: [name] }));
    if (!found || Bench.loss?.name !== name) return;
    Bench.loss = { name, found, villages: found.sites.length ? null : { rows: [] } };
    Bench.render();
    surface.repaint();
    if (!found.sites.length) return;
    const villages = await Bench.trying(() => Server.ask(`silenced?page=${Server.page}`, { names: found.sites }));
    if (!villages || Bench.loss?.name !== name) return;
    Bench.loss.villages = villages;
    Bench.render();
  },

  lost(name) {
    const { loss } = Bench;
    if (loss?.name !== name) return null;
    if (!loss.found) return make("p", { class: "hint" }, t("working …"));
    const { communes, people, sites, known } = loss.found;
    const together = people.reduce((sum, one) => sum + (one ?? 0), 0);
    return make("div", { id: "loss" },
      make("p", {}, communes.length ? t("{count} communes lose fibre ({people} people)", { count: number(communes.length), people: number(together) }) : t("No commune loses fibre.")),
      communes.length ? make("ul", { class: "plain" }, communes.map((commune, k) => make("li", {}, commune < 0 ? named(loss.found.names[k]) : link({ kind: "commune", index: commune }, book.communes.name[commune])))) : null,
      make("p", {}, sites.length ? t("{count} towers go dark", { count: number(sites.length) }) : known ? t("No tower goes dark.") : t("The study does not say what towers hang on.")),
      sites.length ? (loss.villages ? Bench.changes(loss.villages, "loss-villages") : make("p", { class: "hint" }, t("Villages are being judged without them …"))) : null);
  },

  // What follows from what is drawn.

  results() {
    const seen = Altered.seen;
    if (!seen) return null;
    return make("section", { class: "studio-part", id: "studio-results", "data-revision": seen.revision },
      make("h3", {}, t("What it changes")),
      Bench.carriers(seen), Bench.changes(seen.changes, "changes"), Bench.cost(seen.cost));
  },

  carriers(seen) {
    const arrow = (before, after, digits) => (before === after ? number(after, digits) : `${number(before, digits)} → ${number(after, digits)}`);
    return scrolling(make("table", { class: "grid", id: "carriers" },
      make("thead", {}, make("tr", {}, [t("Carrier"), t("Villages covered"), t("People served")].map((title) => make("th", { scope: "col" }, title)))),
      make("tbody", {}, seen.carriers.map((row) => make("tr", { "data-operator": row.operator }, make("th", { scope: "row" }, named(carrierName(row.operator))),
        make("td", { class: "numeric" }, arrow(row.before.covered, row.after.covered, 0)),
        make("td", { class: "numeric" }, arrow(Math.round(row.before.people), Math.round(row.after.people), 0)))))));
  },

  changes(changes, id) {
    if (!changes.rows.length) return make("p", { class: "hint", id }, t("No village changes."));
    const shown = changes.rows.slice(0, Bench.most);
    const gained = changes.gained ?? 0;
    return make("div", { id },
      make("p", {}, gained < 0 ? t("{count} villages change; {people} people lose signal", { count: number(changes.rows.length), people: number(-gained) })
        : t("{count} villages change; {people} people gain signal", { count: number(changes.rows.length), people: number(gained) })),
      scrolling(make("table", { class: "grid" },
        make("thead", {}, make("tr", {}, [t("Village"), t("Verdict"), t("People")].map((title) => make("th", { scope: "col" }, title)))),
        make("tbody", {}, shown.map((village, k) => make("tr", { "data-village": village },
          make("th", { scope: "row" }, make("button", { type: "button", class: "link", onclick: () => select({ kind: "village", index: village }, { zoom: true }) }, named(book.villages.name[village] || book.villages.code[village]))),
          make("td", {}, Bench.verdict(changes.before[k]), changes.before[k] === changes.after[k] ? null : [" → ", Bench.verdict(changes.after[k])]),
          make("td", { class: "numeric" }, `${changes.people[k] > 0 ? "+" : ""}${number(changes.people[k])}`)))))),
      changes.rows.length > Bench.most ? Bench.button(t("Show more ({count} left)", { count: number(changes.rows.length - Bench.most) }), () => { Bench.most += 100; Bench.render(); }, { id: `${id}-more` }) : null);
  },

  verdict: (grade) => make("span", {}, make("span", { class: `dot dot-${grade}` }), " ", t(SHORT_GRADES[grade])),

  KINDS: { tower: "New mast", cosite: "Room on a mast", radio: "Radio equipment", solar: "Panels and batteries", hop: "Microwave hop", cable: "Cable" },

  cost(cost) {
    if (!cost.items.length) return null;
    const money = (value) => `${number(value)} ${cost.currency}`;
    return make("details", { id: "cost" },
      make("summary", {}, t("Cost: {capital}, and {yearly} a year", { capital: money(cost.capital), yearly: money(cost.yearly) })),
      scrolling(make("table", { class: "grid" },
        make("thead", {}, make("tr", {}, [t("What"), t("Once"), t("A year")].map((title) => make("th", { scope: "col" }, title)))),
        make("tbody", {}, cost.items.map((item) => make("tr", {}, make("th", { scope: "row" }, t(Bench.KINDS[item.kind]), " ", named(item.id)),
          make("td", { class: "numeric" }, number(item.capital)), make("td", { class: "numeric" }, number(item.yearly))))))),
      make("p", { class: "hint" }, t("Over {years} years: {life}. Prices are the study's, and assumptions of it.", { years: number(cost.horizon_years), life: money(cost.life) })));
  },

  // Another definition.

  asked: {},

  definition() {
    const { probability, covered_share: share } = book.studio.verdict;
    const slider = (id, title, value, [min, max, step], key, text) => make("label", { class: "slider" }, make("span", {}, title, " ", make("output", { id: `${id}-value` }, text(value))),
      make("input", { type: "range", id, min, max, step, value, oninput: (event) => {
        byId(`${id}-value`).textContent = text(event.target.valueAsNumber);
        Bench.ask({ [key]: event.target.valueAsNumber });
      } }));
    return make("details", { id: "definition" }, make("summary", {}, t("Another definition")),
      slider("define-threshold", t("Threshold"), Bench.asked.threshold_offset_db ?? 0, [-20, 20, 1], "threshold_offset_db", (v) => `${v > 0 ? "+" : ""}${number(v)} dB`),
      slider("define-probability", t("Probability asked of a place"), Bench.asked.probability ?? probability, [0.5, 0.99, 0.01], "probability", (v) => percent(100 * v, 0)),
      slider("define-share", t("Share of people asked of a village"), Bench.asked.covered_share ?? share, [0.05, 1, 0.05], "covered_share", (v) => percent(100 * v, 0)),
      make("p", { class: "hint" }, t("Verdicts, figures and the map follow; where the phone is, is chosen on the left.")),
      make("p", { class: "hint", id: "define-others" }, t("Definitions of others, with load, interference and speed, need every cell at every place, not the strongest alone: phusong run --scenario computes them.")),
      Altered.defined ? Bench.button(t("The study's own definition"), () => {
        Bench.asked = {};
        Altered.define(null);
        Beside.ask();
        Bench.render();
      }, { id: "define-own" }) : null);
  },

  asking: false,
  again: false,

  /** One question at a time; the last position of a slider is never left out. */
  async ask(values) {
    Object.assign(Bench.asked, values);
    Bench.again = true;
    if (Bench.asking) return;
    Bench.asking = true;
    try {
      while (Bench.again) {
        Bench.again = false;
        const answer = await Bench.trying(() => Server.ask("define", { ...Bench.asked, place: State.place }));
        if (answer) Altered.define(answer);
        if (Beside.name !== null) Beside.ask();
      }
      Bench.detail();
    } finally {
      Bench.asking = false;
      Bench.render();
    }
  },

  /** What a card says of the village that is chosen, under another definition. */
  async detail() {
    const thing = State.selected;
    if (!Altered.defined || thing?.kind !== "village") return;
    const { defined } = Altered;
    const body = await Bench.trying(() => Server.ask(`village?page=${Server.page}`, { row: thing.index, definition: { ...Bench.asked, place: State.place } }));
    if (body && Altered.defined === defined) Altered.detail(thing.index, body.figures);
  },

  // Scenarios on disc.

  shelf() {
    const names = Draft.state.names ?? [];
    return make("section", { class: "studio-part" },
      make("h3", {}, t("Scenarios")),
      make("form", { class: "studio-tools", onsubmit: (event) => {
        event.preventDefault();
        Bench.save(byId("scenario-name").value);
      } },
      make("label", { class: "studio-field" }, make("span", {}, t("Name")), make("input", { type: "text", id: "scenario-name", maxlength: 80, value: Draft.scenario.name ?? "" })),
      make("button", { type: "submit", class: "tool", id: "scenario-save" }, t("Save"))),
      names.length ? make("label", { class: "studio-field" }, make("span", {}, t("Open")),
        make("select", { id: "scenario-open", onchange: (event) => { if (event.target.value) Bench.open(event.target.value); } },
          make("option", { value: "" }, t("choose …")), names.map((name) => make("option", { value: name }, name)))) : null,
      make("label", { class: "studio-field" }, make("span", {}, t("Side by side with")),
        make("select", { id: "scenario-beside", onchange: (event) => Beside.show(event.target.value === "-" ? null : event.target.value.slice(1)) },
          [["-", t("nothing")], ["=", t("as it stands")], ...names.map((name) => [`=${name}`, name])]
            .map(([value, title]) => make("option", { value, selected: value === (Beside.name === null ? "-" : `=${Beside.name}`) }, title)))),
      make("div", { class: "studio-tools" },
        Bench.button(t("Begin anew"), () => { Draft.chosen = null; Draft.edit((scenario) => { for (const key of Object.keys(scenario)) if (key !== "name") delete scenario[key]; }); }, { id: "scenario-new" }),
        make("a", { class: "tool", href: "page", download: `${Draft.scenario.name || "map"}.html`, id: "scenario-page", onclick: (event) => {
          if (Altered.seen?.revision === Draft.revision && !Draft.sending) return;
          event.preventDefault();
          announce(t("working …"));
        } }, t("Save as an offline page"))));
  },

  async save(name) {
    const answer = await Bench.trying(() => Server.ask("save", { name }));
    if (answer) announce(t("Saved as {name}", { name: answer.name }));
  },

  async open(name) {
    Draft.chosen = null;
    const state = await Bench.trying(() => Server.ask("open", { name }));
    if (state) Draft.take(state, true);
  },

  /** Ask; null when an edit has made it history. What is refused is said in the panel, and gives `refused`. */
  async trying(work, refused = null) {
    try {
      Bench.saying = null;
      return await work();
    } catch (refusal) {
      Bench.saying = refusal instanceof Refusal ? refusal.words : t("The studio does not answer; it may have been stopped.");
      Bench.render();
      return refused;
    }
  },
};

// The ground between a mast and a site, with the straight way between the dishes.
const Profile = {
  WIDTH: 320,
  HEIGHT: 130,

  draw(answer, row) {
    const { WIDTH: w, HEIGHT: h } = Profile;
    const count = row.ground_m.length;
    const radius_km = 6371 * answer.k_factor;
    const ground = row.ground_m.map((z, i) => {
      const d = (row.km * i) / (count - 1);
      return (z ?? 0) + (1000 * d * (row.km - d)) / (2 * radius_km);
    });
    const [from, to] = row.ends_m;
    const low = Math.min(...ground), high = Math.max(...ground, from, to) + 10;
    const x = (i) => (w * i) / (count - 1), y = (z) => h - 14 - ((h - 24) * (z - low)) / Math.max(high - low, 1);
    const zone = ground.map((_, i) => {
      const d = (row.km * i) / (count - 1);
      return answer.needed * 17.32 * Math.sqrt(Math.max(0, d * (row.km - d)) / (answer.freq_ghz * Math.max(row.km, 1e-6)));
    });
    const ray = ground.map((_, i) => from + ((to - from) * i) / (count - 1));
    const line = (values) => values.map((z, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(z).toFixed(1)}`).join("");
    const title = t("Ground from the mast to {site}, {km} km; the curve below the straight way is what must stay clear", { site: quoted(row.site), km: number(row.km, 1) });
    return make("figure", { class: "profile" },
      make("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": title, id: "profile" },
        make("path", { d: `${line(ground)}L${w} ${h}L0 ${h}Z`, fill: "#b9ab97" }),
        make("path", { d: line(ray.map((z, i) => z - zone[i])), fill: "none", stroke: row.holds ? "#0072b2" : "#b34700", "stroke-dasharray": "4 3" }),
        make("path", { d: line(ray), fill: "none", stroke: row.holds ? "#0072b2" : "#b34700", "stroke-width": 2 })),
      make("figcaption", { class: "hint" }, title));
  },
};
