// Cards of the plan: a mast with whom it serves and what feeds it; a village with what serves it.
const WAYS_TO_SERVE = { mast: "Its share of masts for all", repeater: "Repeaters", satellite: "Satellite at the culture house" };

const SiteCard = {
  backhaul: { own: "own backhaul", fibre: "new fibre", microwave: "microwave" },
  power: { stands: "power is there", grid: "grid", solar: "solar panels" },

  villageLink: (village) => link({ kind: "village", index: village }, book.villages.name[village] || book.villages.code[village]),

  mast(i) {
    const { sites: s, hops, villages: v } = book.masts;
    const hop = hops.to.indexOf(i);
    const feeds = hops.from.map((from, n) => (from === i ? hops.to[n] : -1)).filter((to) => to >= 0);
    const served = Fate.servedBy(i);
    const whole = (s.life[i] ?? 0) + (hop < 0 ? 0 : hops.life[hop] ?? 0);
    return [Steps.mastName(i),
      make("p", { class: "chip mast-chip" }, drawn((pen) => Masting.mark(pen, 11, 11, 7, Masting.kind(i))), " ", t(MAST_NAMES[Masting.kind(i)])),
      facts([
        s.step[i] ? [t("Step"), link({ kind: "step", index: s.step[i] - 1 }, number(s.step[i]))] : null,
        Masting.last > 1 ? [t("Built in year"), number(s.year[i])] : null,
        [t("Villages it serves"), number(s.villages[i])],
        [t("People it serves"), number(s.people[i])],
        [t("Height"), unit(s.height_m[i], 0, "m")],
        [t("Backhaul"), SiteCard.from(i)],
        hop < 0 ? null : [t("Length of the hop"), unit(hops.length_km[hop], 1, "km")],
        hop < 0 ? null : [t("Clear of the ground"), t("{share} of the first Fresnel zone", { share: number(hops.clearance[hop], 1) })],
        hop < 0 ? null : [t("Fade margin"), unit(hops.margin_db[hop], 1, "dB")],
        hop < 0 ? null : [t("Down by rain and fading"), t("{share} of a year", { share: percent(hops.outage_percent[hop], 3) })],
        [t("Power"), t(SiteCard.power[s.power[i]] ?? s.power[i])],
        s.power_line_km[i] > 0 ? [t("New power line"), unit(s.power_line_km[i], 1, "km")] : null,
        [t("At once"), money(s.capital[i])], [t("A year"), money(s.yearly[i])], [t("Mast over its life"), money(s.life[i])],
        hop < 0 ? null : [t("With its hop"), money(whole)],
        s.people[i] > 0 ? [t("For each person served"), money(whole / s.people[i])] : null,
      ]),
      s.backhaul[i] === "fibre" ? make("p", { class: "hint" }, t("Its cable is shared with others and stands in the bill.")) : null,
      served.length ? make("div", {}, make("h3", {}, t("Villages it serves")), make("ul", { class: "links links-village" }, served.map((row) => make("li", {},
        v.village[row] < 0 ? NONE : SiteCard.villageLink(v.village[row]),
        v.second[row] >= 0 ? make("span", { class: "hint" }, ` ${t("together with another mast")}`) : null)))) : null,
      feeds.length ? make("div", {}, make("h3", {}, t("Masts it feeds")), make("ul", { class: "links" }, feeds.map((to) => make("li", {},
        link({ kind: "mast", index: to }, Steps.mastName(to)))))) : null];
  },

  /** What feeds a mast: fibre of its own, new fibre, or a hop from another. */
  from(i) {
    const { sites: s } = book.masts;
    const medium = t(SiteCard.backhaul[s.backhaul[i]] ?? s.backhaul[i]);
    if (!s.from[i]) return medium;
    const planned = s.id.indexOf(s.from[i]);
    return make("span", {}, `${medium} ← `, planned >= 0 ? link({ kind: "mast", index: planned }, Steps.mastName(planned)) : named(s.from[i]));
  },

  /** What the plan does for a village, and what else would. */
  village(i) {
    if (!book.masts) return null;
    const fate = Fate.of(i);
    const row = Fate.rowOf[i];
    const title = make("p", { class: "verdict fate", style: { borderColor: FATES[fate].colour } }, make("strong", {}, t(FATES[fate].label)), make("span", {}, t("In this plan")));
    if (row === undefined) return title;
    const { villages: v } = book.masts;
    const masts = Fate.mastsOf(row);
    const alone = ["repeater", "satellite"].includes(v.status[row]);
    const prices = { mast: v.mast[row], repeater: v.repeater[row], satellite: v.satellite[row] };
    return make("div", { id: "in-plan" }, title, facts([
      v.step[row] ? [t("Step"), link({ kind: "step", index: v.step[row] - 1 }, number(v.step[row]))] : null,
      v.step[row] && Masting.last > 1 ? [t("Served from year"), number(v.year[row])] : null,
      v.status[row] === "repeater" ? [t("Served by"), t("{count} repeaters of the signal of {carrier}", { count: number(v.repeaters[row]), carrier: quoted(v.donor[row]) })] : null,
      v.status[row] === "satellite" ? [t("Served by"), t("a satellite terminal at the culture house")] : null,
      masts.length ? [t("Served by"), make("span", {}, masts.map((site, n) => [n ? " + " : "", link({ kind: "mast", index: site }, Steps.mastName(site))]).flat())] : null,
      masts.length || alone ? null : [t("Served by the best single place"), percent(v.best_share[row])],
    ]), make("h3", {}, t("What each would cost over its life")), facts(Object.entries(prices).map(([kind, price]) => [
      t(WAYS_TO_SERVE[kind]), make("span", {}, price === null ? t("not possible") : money(price), v.cheapest[row] === kind ? ` · ${t("cheapest")}` : "")])),
    v.satellite[row] === null ? null
      : make("p", { class: "hint" }, t("A terminal serves the house alone, and is not counted as coverage.")));
  },
};

Card.mast = SiteCard.mast;
