// Cards of remedies and of pairs of cuts.
const MendCard = {
  remedy(i) {
    const r = book.losses.remedies;
    const amount = r.kind[i] === "hop" ? null : unit(r.quantity[i], r.kind[i] === "route" ? 2 : 0, r.unit[i]);
    const cost = (value) => unit(value, 0, r.currency);
    const helped = [...r.site[i].map((index) => link({ kind: "site", index }, book.sites.id[index])),
      ...r.pop[i].map((index) => link({ kind: "pop", index }, book.pops.name[index] || book.pops.id[index]))];
    return [Remedies.name(i),
      make("p", { class: "where" }, Remedies.mark(i), " ", t(REMEDIES[r.kind[i]].title), " · ", t("number {rank} of {whole}", { rank: number(i + 1), whole: number(r.kind.length) })),
      make("div", { class: "tiles" },
        SitePlan.tile(t("Person-hours saved a year"), number(r.saved[i])),
        SitePlan.tile(t("Cost over {years} years", { years: number(r.horizon_years) }), cost(r.life[i]))),
      facts([
        amount === null ? null : [r.kind[i] === "battery" ? t("Hours of battery, all sites") : t("Length of cable"), amount],
        r.by[i] ? [r.kind[i] === "hop" ? t("From") : t("Feeder that is outlasted"), r.from[i] >= 0 ? link({ kind: "site", index: r.from[i] }, r.by[i]) : named(r.by[i])] : null,
        r.commune[i] < 0 ? null : [t("Commune"), link({ kind: "commune", index: r.commune[i] }, Plan.commune(r.commune[i]))],
        [t("At once"), cost(r.capital[i])], [t("A year"), cost(r.yearly[i])],
        [t("Saved for a thousand of cost"), t("{hours} person-hours", { hours: number(r.per_1000[i]) })],
        [t("Of them without signal"), number(r.signal[i])], [t("Of them without fibre in the commune"), number(r.fibre[i])],
        [t("Losses that darken nothing any more"), number(r.mended[i])], [t("Losses that darken less"), number(r.eased[i])],
        [t("Villages that lose less"), number(r.villages[i])], [t("People in them who keep signal"), number(r.people[i])],
        [t("Worst single loss once it is built"), t("{count} people", { count: number(r.worst[i]) })],
      ]),
      r.step[i] === null ? make("p", { class: "hint" }, t("Not among the steps: given those, it saves nothing more, or it is over the budget."))
        : make("div", {}, make("h3", {}, t("Step {step} of the order of building", { step: number(r.step[i]) })), facts([
          [t("Cost, given the steps before"), cost(r.life_added[i])], [t("Person-hours saved, given the steps before"), number(r.saved_added[i])],
          [t("Cost of all steps up to it"), cost(r.life_total[i])], [t("Person-hours saved by all of them"), number(r.saved_total[i])],
          [t("Of all that single losses take"), percent((100 * r.saved_total[i]) / (r.toll.signal + r.toll.fibre))],
        ])),
      helped.length ? make("div", {}, make("h3", {}, r.kind[i] === "battery" ? t("Batteries at") : t("Leads to")), make("ul", { class: "links" }, helped.map((one) => make("li", {}, one)))) : null];
  },

  ring(i) {
    const r = book.losses.rings;
    const { communes, sites, villages } = Rings.of(i);
    const section = (id, row, cable) => make("li", {}, row < 0 ? named(id) : link({ kind: "cable", index: row }, t("Cable section {id}", { id: quoted(id) })),
      make("span", { class: "hint" }, ` ${t("Cable: {name}", { name: quoted(cable) })}`));
    return [Rings.name(i),
      make("ul", { class: "links" }, section(r.a[i], r.cables[i][0], r.cable_a[i]), section(r.b[i], r.cables[i][1], r.cable_b[i])),
      make("p", { class: "hint" }, t("Harmless each by itself. The ring has {count} sections: any two of them cut off what lies between.", { count: number(r.sections[i]) })),
      make("div", { class: "tiles" },
        SitePlan.tile(t("People who lose signal"), number(r.people[i])),
        SitePlan.tile(t("Villages graded lower"), number(r.lower[i]))),
      facts([
        [t("Villages where nobody is served any more"), number(r.all[i])],
        [t("Towers that go dark"), number(sites.length)], [t("Communes that lose fibre"), number(communes.length)],
        communes.length ? [t("People in them"), number(r.people_fibre[i])] : null,
      ]),
      LossCard.villages(villages),
      Card.darkened(t("Communes that lose fibre"), "commune", communes, book.communes.name),
      Card.darkened(t("Towers that go dark"), "site", sites, book.sites.id)];
  },
};

Card.remedy = MendCard.remedy;
Card.ring = MendCard.ring;
