// The planned extension beside the map: cost by stage, bill, figures before and after.
const FIGURE_NAMES = {
  communes_with_fibre: "Communes with fibre",
  communes_with_fibre_share: "Share of communes with fibre",
  people_in_communes_with_fibre: "People in communes with fibre",
  communes_on_a_single_route: "Communes on a single route",
  connected_cable: "Connected cable, km",
};

const WAY_NAMES = {
  pole: "pole line", duct: "duct", access: "access to the road", offroad: "off the road",
};

const STATUS_NAMES = {
  over_budget: "over the budget",
  no_route: "no route leads there",
  optics: "new cable does not mend its optics",
  no_centre: "its centre is not known",
};

const RING_NAMES = {
  closed: "gets a second route", had_two: "has two routes already", no_route: "no second route was found",
};

const wayName = (kind) => (WAY_NAMES[kind] ? t(WAY_NAMES[kind]) : kind || t("Road"));
const dollars = (value) => unit(value, 0, "USD");

const Plan = {
  /** What this page was made to show beside the map, if anything. */
  render() {
    const place = byId("plan");
    const page = book.masts ? SitePlan.render : book.losses ? Losses.render : book.extension ? Plan.extension : null;
    place.hidden = !page;
    if (page) kept(place, () => page(place));
  },

  extension(place) {
    const plan = book.extension;
    place.setAttribute("aria-label", t("Planned extension"));
    fill(place,
      make("h2", {}, t("Planned extension")),
      make("p", { class: "plan-cost" }, make("strong", {}, dollars(plan.usd))),
      make("p", { class: "hint" }, t("No network of these routes costs less than {bound} USD (gap {gap}).", {
        bound: number(plan.bound), gap: percent(100 * plan.gap) })),
      Plan.figures(plan.figures), Plan.stages(plan.stages),
      make("details", {}, make("summary", {}, t("Bill of quantities")), Plan.bill(plan.bill)),
      Plan.left(plan.targets), plan.rings ? Plan.rings(plan.rings) : null);
  },

  table(caption, titles, rows, more = {}) {
    return scrolling(make("table", { class: "grid", ...more },
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, titles.map((title, i) => make("th", { scope: "col", class: i ? "numeric" : null }, title)))),
      make("tbody", {}, rows)));
  },

  cells: (texts) => texts.map((text) => make("td", { class: "numeric" }, text)),

  figures(f) {
    const shown = (value, unitName) => {
      if (unitName === "share") return value === null ? NONE : percent(100 * value);
      return number(value, unitName === "km" ? 1 : 0);
    };
    return Plan.table(t("Before and after"), [t("Figure"), t("Before"), t("After")], f.id.map((id, i) => make("tr", {},
      make("th", { scope: "row" }, t(FIGURE_NAMES[id] ?? id)),
      Plan.cells([shown(f.before[i], f.unit[i]), shown(f.after[i], f.unit[i])]))), { id: "plan-figures" });
  },

  stages(s) {
    if (!s.stage.length) return make("p", { class: "hint" }, t("Nothing is to be built: every centre that cable can reach is reached."));
    return Plan.table(t("Order of building"), [t("Stage"), "USD", "km", t("People"), t("USD in all")], s.stage.map((stage, i) => make("tr", {
      "data-stage": stage, class: State.selected?.kind === "stage" && State.selected.index === i ? "chosen" : null,
    }, make("th", { scope: "row", class: "plan-stage" }, link({ kind: "stage", index: i }, `${stage}. ${s.name[i] || Plan.commune(s.commune[i])}`)),
    Plan.cells([number(s.usd[i]), number(s.km[i], 1), number(s.people[i]), number(s.usd_total[i])]))), { id: "plan-stages" });
  },

  bill(b) {
    return Plan.table(t("By kind of way"), [t("Way"), t("Route, km"), t("Cable, km"), t("USD a km"), "USD"], b.kind.map((kind, i) => make("tr", {},
      make("th", { scope: "row" }, named([wayName(kind), b.surface[i]].filter(Boolean).join(", "))),
      Plan.cells([number(b.route_km[i], 1), number(b.cable_km[i], 1), number(b.usd_per_km[i]), number(b.usd[i])]))), { class: "grid plan-bill" });
  },

  /** Centres that stay without fibre, and why. */
  left(targets) {
    const rows = targets.status.map((status, i) => [status, i]).filter(([status]) => status in STATUS_NAMES);
    if (!rows.length) return null;
    return make("details", {}, make("summary", {}, t("Still without fibre ({count})", { count: number(rows.length) })),
      make("ul", { class: "links" }, rows.map(([status, i]) => make("li", {},
        targets.commune[i] < 0 ? named(targets.name[i], NONE) : link({ kind: "commune", index: targets.commune[i] }, targets.name[i] || Plan.commune(targets.commune[i])),
        `: ${t(STATUS_NAMES[status])}`))));
  },

  rings(rings) {
    const targets = rings.targets;
    return make("details", {}, make("summary", {}, t("Second routes: {usd} USD", { usd: number(rings.usd) })),
      make("p", { class: "hint" }, t("No network of these routes costs less than {bound} USD (gap {gap}).", {
        bound: number(rings.bound), gap: percent(100 * rings.gap) })),
      make("ul", { class: "links" }, targets.name.map((name, i) => make("li", {},
        targets.commune[i] < 0 ? named(name, NONE) : link({ kind: "commune", index: targets.commune[i] }, name || Plan.commune(targets.commune[i])),
        `: ${t(RING_NAMES[targets.status[i]] ?? targets.status[i])}`, targets.alone_usd[i] === null ? "" : ` (${dollars(targets.alone_usd[i])})`))),
      Plan.bill(rings.bill));
  },

  commune: (index) => (index < 0 ? NONE : book.communes.name[index] || book.communes.code[index]),
};
