// Cards of steps: what is built and paid, what all up to it cost and reach; communes in the plan.
const StepCard = {
  step(i) {
    const { steps: s, sites, villages: v, communes } = book.masts;
    const { sites: built, villages, communes: reached } = Steps.parts(i);
    const km = s.cable_km[i];
    return [`${i + 1}. ${StepList.name(i)}`,
      make("p", { class: "where" }, StepList.mark(i), " ", [t(STEP_NAMES[s.what[i]]), s.where[i], Masting.last > 1 ? t("year {year}", { year: number(s.year[i]) }) : ""].filter(Boolean).join(" · ")),
      facts([
        s.owner[i] ? [t("Whose mast"), named(s.owner[i])] : null,
        s.masts[i] ? [t("New masts"), number(s.masts[i])] : null,
        s.hops[i] ? [t("Microwave hops"), number(s.hops[i])] : null,
        km >= 0.005 ? [t("New cable"), unit(km, km < 1 ? 2 : 1, "km")] : null,
        s.power_line_km[i] >= 0.005 ? [t("New power line"), unit(s.power_line_km[i], 1, "km")] : null,
        s.villages[i] ? [t("Villages it serves"), number(s.villages[i])] : null,
        s.villages[i] ? [t("People it serves"), number(s.people[i])] : null,
        s.communes[i] ? [t("People in the commune that gets fibre"), number(s.people_fibre[i])] : null,
        [t("At once"), money(s.capital[i])], [t("A year"), money(s.yearly[i])], [t("Over its life"), money(s.life[i])],
      ]),
      make("h3", {}, t("Up to and with this step")),
      facts([
        [t("Cost over its life"), money(s.life_total[i])],
        [t("People served by then"), number(s.people_total[i])],
        [t("Villages served by then"), number(s.villages_total[i])],
        Steps.joint ? [t("Communes that get fibre"), number(s.communes_total[i])] : null,
        Steps.joint ? [t("People in them"), number(s.people_fibre_total[i])] : null,
        s.most_counted[i] === null ? null : [t("People, as the plan counts them"), number(s.counted_total[i])],
        s.most_counted[i] === null ? null : [t("No plan counts more for this money than"), number(s.most_counted[i])],
      ]),
      StepCard.neighbours(i),
      built.length ? make("div", {}, make("h3", {}, t("Masts of this step")), make("ul", { class: "links" }, built.map((n) => make("li", {},
        drawn((pen) => Masting.mark(pen, 11, 11, 6, Masting.kind(n))), " ", link({ kind: "mast", index: n }, sites.id[n]))))) : null,
      reached.length ? make("div", {}, make("h3", {}, t("Communes that get fibre")), make("ul", { class: "links links-commune" }, reached.map((row) => make("li", {},
        communes.commune[row] < 0 ? named(communes.name[row], NONE) : link({ kind: "commune", index: communes.commune[row] }, communes.name[row]))))) : null,
      villages.length ? make("div", {}, make("h3", {}, t("Villages it serves")), make("ul", { class: "links links-village" }, villages.map((row) => make("li", {},
        v.village[row] < 0 ? NONE : SiteCard.villageLink(v.village[row]))))) : null];
  },

  /** The step before and the step after. */
  neighbours(i) {
    const to = (n, sign) => (n < 0 || n >= Steps.count() ? make("span", {}) : make("button", { type: "button", class: "link", "data-go": n + 1,
      onclick: () => select({ kind: "step", index: n }, { zoom: true }) }, sign(n + 1)));
    return make("p", { class: "neighbours" }, to(i - 1, (n) => `◂ ${t("Step {step}", { step: number(n) })}`), to(i + 1, (n) => `${t("Step {step}", { step: number(n) })} ▸`));
  },

  /** What the plan does for a commune; nothing where it has fibre already. */
  commune(i) {
    const row = Steps.rowOf[i];
    if (row === undefined) return null;
    const { communes: c } = book.masts;
    const kind = Steps.commune(row);
    const words = { gets: "Gets fibre by the plan", later: "Gets fibre in a later year", stays: "Stays without fibre" };
    const why = { over_budget: "They do not fit in the money", no_route: "No road and no passable ground joins them to fibre" }[c.status[row]];
    return make("div", { id: "commune-in-plan" },
      make("p", { class: "verdict fate", style: { borderColor: kind === "stays" ? REACH.missing : PLANNED.cable } },
        make("strong", {}, t(words[kind])), make("span", {}, t("In this plan"))),
      facts([
        c.step[row] > 0 ? [t("Step"), link({ kind: "step", index: c.step[row] - 1 }, `${c.step[row]}. ${StepList.name(c.step[row] - 1)}`)] : null,
        c.step[row] > 0 && Masting.last > 1 ? [t("From year"), number(c.year[row])] : null,
        [t("People"), number(c.people[row])],
        why ? [t("Why"), t(why)] : null,
      ]));
  },
};

Card.step = StepCard.step;
