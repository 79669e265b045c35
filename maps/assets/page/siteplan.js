// The plan of masts beside the map: cost and proof, what it changes, the masts in order, the bill.
const PLAN_FIGURES = {
  villages_covered: "Villages covered",
  villages_hollow: "Villages partly served",
  villages_white: "Villages without signal",
  villages_repeater: "Villages with a repeater",
  villages_satellite: "Villages with a satellite terminal",
  people_served: "People served",
  people_served_share: "Share of people served",
};

const ITEMS = {
  "new masts": "New masts",
  "room on standing masts": "Room on standing masts",
  "radio equipment": "Radio equipment",
  "panels and batteries": "Panels and batteries",
  "grid connections": "Grid connections",
  "power lines": "Power lines",
  "microwave hops": "Microwave hops",
  "fibre cable": "Fibre cable",
  repeaters: "Repeaters",
  "satellite terminals": "Satellite terminals",
};

const STAYS = {
  over_budget: "They do not fit in the money",
  no_site: "No place that was looked at covers them",
  no_backhaul: "No hop and no road joins what covers them to fibre",
};

const MAST_COLUMNS = [
  { key: "order", title: "Mast", value: (s, i) => Steps.ofMast(i) },
  { key: "villages", title: "Villages", down: true, value: (s, i) => s.villages[i] },
  { key: "people", title: "People", down: true, value: (s, i) => s.people[i] },
  { key: "life", title: "Cost", down: true, value: (s, i) => s.life[i] },
];

const money = (value) => unit(value, 0, book.masts.currency);

const SitePlan = {
  sort: "order",
  down: false,
  limit: 25,

  render(place) {
    const plan = book.masts;
    const title = t(Steps.joint ? "Masts and cables to build" : "Masts to build");
    place.setAttribute("aria-label", title);
    const masts = SitePlan.masts(plan.sites);
    fill(place,
      make("h2", {}, title),
      SitePlan.cost(plan), SitePlan.tiles(plan), Curve.render(), Years.table(), StepList.render(),
      Steps.joint ? make("details", { id: "plan-all-masts" }, make("summary", {}, t("Masts by themselves")), masts) : masts,
      make("details", { id: "plan-bill" }, make("summary", {}, t("Bill of quantities")), SitePlan.bill(plan.bill)),
      make("details", { id: "plan-before" }, make("summary", {}, t("Before and after")), plan.yearly ? SitePlan.yearly(plan.yearly) : SitePlan.figures(plan.figures)),
      SitePlan.stay(plan.villages), StepList.left(),
      make("p", { class: "hint" }, t("All prices are assumptions of the study, and yearly costs count over {years} years at {discount} % discount. More places than were looked at may be cheaper.", {
        years: number(plan.horizon_years), discount: number(plan.discount_percent, Number.isInteger(plan.discount_percent) ? 0 : 1) })));
  },

  /** What it costs, and how much cheaper or better any plan of the same places could be. */
  cost(plan) {
    return [
      make("p", { class: "plan-cost" }, make("strong", {}, money(plan.life)), " ",
        make("span", { class: "hint" }, t("over {years} years", { years: number(plan.horizon_years) }))),
      make("p", { class: "proof" }, SitePlan.proof(plan)),
      plan.branched ? make("p", { class: "hint" }, t("The bound rests on the solver's own branching")) : null,
    ];
  },

  proof(plan) {
    const places = number(plan.candidates);
    if (plan.most_people !== null && plan.counted !== plan.people) return SitePlan.counted(plan, places);
    if (plan.most_people !== null) {
      return t("For this money {people} people are served; no plan from these {places} places serves more than {most}.", {
        people: number(plan.people), places, most: number(plan.most_people) });
    }
    if (plan.bound === null) return "";
    if (Steps.joint && plan.gap < 0.0005) return t("Proven: no plan from these {places} places and routes that serves the same villages and communes is cheaper.", { places });
    if (Steps.joint) {
      return t("No plan from these {places} places and routes that serves the same villages and communes is cheaper than {bound}: at most {gap} could still be saved.", {
        places, bound: money(plan.bound), gap: percent(100 * plan.gap) });
    }
    if (plan.gap < 0.0005) return t("Proven: no plan from these {places} places that serves the same villages is cheaper.", { places });
    return t("No plan from these {places} places that serves the same villages is cheaper than {bound}: at most {gap} could still be saved.", {
      places, bound: money(plan.bound), gap: percent(100 * plan.gap) });
  },

  /** A plan that weighs people: who gets what, how they count, and the most that any plan counts. */
  counted(plan, places) {
    const { status, people } = plan.communes;
    const fibre = people.reduce((sum, n, row) => sum + (status[row] === "built" ? n ?? 0 : 0), 0);
    return [
      Steps.joint ? t("{people} people are served in their villages, and {fibre} live in communes that get fibre, who count {weight} each.", {
        people: number(plan.people), fibre: number(fibre), weight: number(plan.fibre_weight, 2) })
        : t("{people} people are served in their villages.", { people: number(plan.people) }),
      plan.weighted ? t("The darkest communes come first: people count by the share of their commune that is in the dark.") : null,
      t("Counted so they are {counted}; no plan from these {places} places counts more than {most} for the same money.", {
        counted: number(plan.counted), places, most: number(plan.most_people) }),
    ].filter(Boolean).join(" ");
  },

  /** The few figures a planner repeats. */
  tiles(plan) {
    const f = plan.figures;
    const at = (id) => f.id.indexOf(id);
    const moved = (id, title) => at(id) < 0 ? null : SitePlan.tile(t(title),
      `${number(f.before[at(id)])} → ${number(f.after[at(id)])}`);
    const km = plan.lines.length_m.reduce((sum, m) => sum + m, 0) / 1000;
    const built = [
      [Masting.count("new"), t("new masts")], [Masting.count("climbed"), t("standing masts climbed")], [Masting.count("relay"), t("relays")],
      [Masting.built(plan.hops.year).length, t("hops")],
    ].filter(([count]) => count).map(([count, name]) => `${number(count)} ${name}`);
    for (const [what, name] of [["repeater", t("villages by repeater")], ["satellite", t("villages by satellite")]]) {
      const count = Steps.alone().filter((i) => plan.steps.what[i] === what).length;
      if (count) built.push(`${number(count)} ${name}`);
    }
    if (km >= 0.05) built.push(t("{km} km of cable", { km: number(km, 1) }));
    return make("div", { class: "tiles" }, moved("villages_covered", "Villages covered"), moved("people_served", "People served"),
      SitePlan.movedInAll(plan, "communes_with_fibre", "Communes with fibre"), SitePlan.movedInAll(plan, "people_in_communes_with_fibre", "People in communes with fibre"),
      SitePlan.tile(t("To build"), built.length ? built.join(", ") : t("nothing"), "tile tile-wide"));
  },

  /** From now to the end of the last year. */
  movedInAll({ yearly }, id, title) {
    const row = yearly ? yearly.id.indexOf(id) : -1;
    return row < 0 ? null : SitePlan.tile(t(title), `${number(yearly.values[row][0])} → ${number(yearly.values[row].at(-1))}`);
  },

  tile: (title, text, kind = "tile") => make("div", { class: kind }, make("span", {}, title), make("strong", {}, text)),

  /** The masts that stand by the chosen year; a click goes there. */
  masts(s) {
    const rows = Masting.built(s.year);
    if (!rows.length) return make("p", { class: "hint" }, t("Nothing is to be built: no village that a mast could cover is dark."));
    const column = MAST_COLUMNS.find((c) => c.key === SitePlan.sort);
    rows.sort((a, b) => (SitePlan.down ? -1 : 1) * (column.value(s, a) - column.value(s, b)) || a - b);
    const shown = rows.slice(0, SitePlan.limit);
    const head = MAST_COLUMNS.map((c, n) => make("th", { scope: "col", class: n ? "numeric" : null,
      "aria-sort": c.key === SitePlan.sort ? (SitePlan.down ? "descending" : "ascending") : "none" },
    make("button", { type: "button", class: "sorter", "data-sort": c.key, onclick: () => SitePlan.by(c) },
      t(c.title), c.key === SitePlan.sort ? (SitePlan.down ? " ▼" : " ▲") : "")));
    return make("div", {}, scrolling(make("table", { class: "grid masts", id: "plan-masts" },
      make("caption", {}, t("Masts in order")),
      make("thead", {}, make("tr", {}, head)),
      make("tbody", {}, shown.map((i) => SitePlan.row(s, i))))),
    rows.length > shown.length ? make("button", { type: "button", class: "wide", onclick: () => { SitePlan.limit += 100; Plan.render(); } },
      t("Show more ({count} left)", { count: number(rows.length - shown.length) })) : null);
  },

  row(s, i) {
    const kind = Masting.kind(i);
    return make("tr", { "data-mast": i, class: State.selected?.kind === "mast" && State.selected.index === i ? "chosen" : null },
      make("th", { scope: "row" }, drawn((pen) => Masting.mark(pen, 11, 11, 7, kind)), " ",
        link({ kind: "mast", index: i }, Steps.mastName(i)),
        make("span", { class: "below" }, [t(SiteCard.backhaul[s.backhaul[i]] ?? s.backhaul[i]), t(SiteCard.power[s.power[i]] ?? s.power[i]),
          Masting.last > 1 ? t("year {year}", { year: number(s.year[i]) }) : ""].filter(Boolean).join(" · "))),
      Plan.cells([number(s.villages[i]), number(s.people[i]), number(s.life[i])]));
  },

  by(column) {
    SitePlan.down = SitePlan.sort === column.key ? !SitePlan.down : Boolean(column.down);
    SitePlan.sort = column.key;
    Plan.render();
    byId("plan-masts").querySelector(`[data-sort="${column.key}"]`).focus();
  },

  /** Items of all years up to the chosen one. */
  bill(b) {
    const sums = new Map();
    b.item.forEach((item, i) => {
      if (!Masting.stands(b.year[i])) return;
      const sum = sums.get(item) ?? { unit: b.unit[i], quantity: 0, capital: 0, yearly: 0, life: 0 };
      for (const key of ["quantity", "capital", "yearly", "life"]) sum[key] += b[key][i];
      sums.set(item, sum);
    });
    const rows = [...sums].map(([item, sum]) => make("tr", {}, make("th", { scope: "row" }, t(ITEMS[item] ?? item)), Plan.cells([
      sum.unit ? unit(sum.quantity, 1, sum.unit) : number(sum.quantity), number(sum.capital), number(sum.yearly), number(sum.life)])));
    const whole = (key) => [...sums.values()].reduce((total, sum) => total + sum[key], 0);
    rows.push(make("tr", { class: "total" }, make("th", { scope: "row" }, t("Together")), Plan.cells([
      "", number(whole("capital")), number(whole("yearly")), number(whole("life"))])));
    return Plan.table(Years.any() ? t("Up to the end of year {year}, {currency}", { year: number(Masting.year()), currency: book.masts.currency }) : book.masts.currency,
      [t("Item"), t("Quantity"), t("At once"), t("A year"), t("Over its life")], rows, { class: "grid plan-bill" });
  },

  figures(f) {
    const shown = (value, of) => (of === "share" ? (value === null ? NONE : percent(100 * value)) : number(value));
    return Plan.table("", [t("Figure"), t("Now"), t("With the plan built")], f.id.map((id, i) => make("tr", {},
      make("th", { scope: "row" }, t(PLAN_FIGURES[id] ?? id)), Plan.cells([shown(f.before[i], f.unit[i]), shown(f.after[i], f.unit[i])]))), { id: "plan-figures" });
  },

  /** Figures now and at the end of each year, each measured with what stands by then. */
  yearly(y) {
    const shown = (value, of) => (of === "share" ? percent(value === null ? null : 100 * value) : number(value, of === "km" ? 1 : 0));
    const ends = y.values[0]?.map((_, year) => (year ? t("Year {year}", { year: number(year) }) : t("Now"))) ?? [];
    if (ends.length === 2) ends[1] = t("With the plan built");
    return Plan.table("", [t("Figure"), ...ends], y.id.map((id, i) => make("tr", {},
      make("th", { scope: "row" }, t(PLAN_FIGURES[id] ?? FIGURE_NAMES[id] ?? id)), Plan.cells(y.values[i].map((value) => shown(value, y.unit[i]))))), { id: "plan-figures" });
  },

  /** Villages that stay as they are, by reason. */
  stay(v) {
    const most = 80;
    return Object.entries(STAYS).map(([status, reason]) => {
      const rows = v.status.map((s, row) => (s === status && v.village[row] >= 0 ? row : -1)).filter((row) => row >= 0);
      if (!rows.length) return null;
      return make("details", { class: "stays", "data-status": status },
        make("summary", {}, make("span", { class: `dot fate-${status}` }), " ", t("{count} villages stay as they are", { count: number(rows.length) })),
        make("p", { class: "hint" }, t(reason)),
        make("ul", { class: "links" }, rows.slice(0, most).map((row) => make("li", {}, SiteCard.villageLink(v.village[row])))),
        rows.length > most ? make("p", { class: "hint" }, t("and {count} more: site_plan_villages.csv has all", { count: number(rows.length - most) })) : null);
    });
  },
};
