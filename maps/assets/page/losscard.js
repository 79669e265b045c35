// Cards of losses: what goes dark, village by village; what else would do the same.
const LossCard = {
  most: 60,

  event(i) {
    const e = book.losses.events;
    const { communes, sites, villages } = Outages.of(i);
    const kind = Outages.kind(i);
    return [Losses.name(i),
      make("p", { class: "where" }, Losses.swatch(kind), " ", t(LOSS_KINDS[kind].title), " · ",
        e.commune[i] < 0 ? t("outside every commune") : link({ kind: "commune", index: e.commune[i] }, Losses.commune(i)),
        " · ", t("number {rank} of {whole}", { rank: number(i + 1), whole: number(e.id.length) })),
      e.name[i] && kind !== "hazard" && e.name[i] !== e.id[i] ? make("p", { class: "where" }, t("Cable: {name}", { name: quoted(e.name[i]) })) : null,
      make("div", { class: "tiles" },
        SitePlan.tile(t("People who lose signal"), number(e.people[i])),
        SitePlan.tile(t("Villages graded lower"), number(e.lower[i]))),
      facts([
        [t("Villages where nobody is served any more"), number(e.all[i])],
        [t("Towers that go dark"), number(e.sites[i])],
        [t("Communes that lose fibre"), number(e.communes[i])],
        e.communes[i] ? [t("People in them"), number(e.people_fibre[i])] : null,
      ]),
      LossCard.hours(i), LossCard.villages(villages),
      Card.darkened(t("Communes that lose fibre"), "commune", communes, book.communes.name),
      Card.darkened(t("Towers that go dark"), "site", sites, book.sites.id),
      LossCard.same(i), LossCard.pairsOf(i)];
  },

  pair(i) {
    const p = book.losses.pairs;
    const { communes, sites, villages } = Outages.dark();
    return [Losses.both(i),
      make("ul", { class: "links" }, [p.a[i], p.b[i]].filter((event) => event >= 0).map((event) => make("li", {}, Losses.swatch(Outages.kind(event)), " ",
        link({ kind: "event", index: event }, Losses.name(event)), make("span", { class: "hint" }, ` ${t("{count} people alone", { count: number(book.losses.events.people[event]) })}`)))),
      facts([
        [t("People who lose signal"), number(p.people[i])], [t("Of these beyond the two alone"), number(p.people_more[i])],
        [t("Villages graded lower"), number(p.lower[i])], [t("Of these beyond the two alone"), number(p.villages_more[i])],
        [t("Towers that go dark"), number(p.sites[i])], [t("Communes that lose fibre"), number(p.communes[i])],
      ]),
      make("p", { class: "hint" }, t("The map shows what each of the two darkens by itself; what only both together take is counted, not drawn.")),
      LossCard.villages([...villages.values()]),
      Card.darkened(t("Communes that lose fibre"), "commune", [...communes], book.communes.name),
      Card.darkened(t("Towers that go dark"), "site", [...sites], book.sites.id)];
  },

  /** A feeder that is gone for other times. */
  hours(i) {
    const e = book.losses.events;
    const same = e.id.map((_, n) => n).filter((n) => e.id[n] === e.id[i] && Outages.kind(n) === "feeder").sort((a, b) => e.hours[a] - e.hours[b]);
    if (Outages.kind(i) !== "feeder" || same.length < 2) return null;
    return Plan.table(t("As batteries run out"), [t("Hours without power"), t("Towers"), t("People")], same.map((n) => make("tr", { class: n === i ? "chosen" : null },
      make("th", { scope: "row" }, link({ kind: "event", index: n }, `${number(e.hours[n])} h`)), Plan.cells([number(e.sites[n]), number(e.people[n])]))));
  },

  villages(villages) {
    if (!villages.length) return make("p", { class: "hint" }, t("No village loses signal."));
    const ranked = [...villages].sort((a, b) => (b.people ?? -1) - (a.people ?? -1) || a.row - b.row);
    const dot = (grade) => [make("span", { class: `dot dot-${grade}`, title: t(GRADES[grade].label) }), make("span", { class: "unseen" }, t(SHORT_GRADES[grade]))];
    return make("div", {}, Plan.table(t("Villages that lose signal"), [t("Village"), t("Before → after"), t("People")], ranked.slice(0, LossCard.most).map(({ row, before, after, people }) => make("tr", {},
      make("th", { scope: "row" }, SiteCard.villageLink(row)),
      make("td", { class: "numeric" }, dot(before), " → ", dot(after)), Plan.cells([number(people)]))), { id: "loss-villages" }),
    ranked.length > LossCard.most ? make("p", { class: "hint" }, t("and {count} more: cascade_villages.csv has all", { count: number(ranked.length - LossCard.most) })) : null);
  },

  /** Which losses take the signal of a village, worst for it first. */
  village(i) {
    if (!book.losses) return null;
    const dark = Outages.dark().villages.get(i);
    const e = book.losses.events;
    const hits = e.id.map((_, n) => [n, Outages.of(n).villages.find(({ row }) => row === i)]).filter(([, hit]) => hit);
    hits.sort((a, b) => (b[1].people ?? -1) - (a[1].people ?? -1) || a[0] - b[0]);
    return make("div", { id: "village-losses" },
      dark ? make("p", { class: `verdict verdict-${dark.after}` }, make("strong", {}, t(GRADES[dark.after].label)), make("span", {}, t("In the chosen loss"))) : null,
      hits.length ? Plan.table(t("Losses that take its signal ({count})", { count: number(hits.length) }), [t("Loss"), t("People")], hits.slice(0, 25).map(([n, hit]) => make("tr", {},
        make("th", { scope: "row" }, Losses.swatch(Outages.kind(n)), " ", link({ kind: "event", index: n }, Losses.name(n))), Plan.cells([number(hit.people)]))))
        : make("p", { class: "chip chip-good" }, t("No single loss takes its signal.")));
  },

  /** The few figures of a village on a page where none was judged. */
  plain: (i) => (book.losses ? facts([[t("People"), Card.people(i)]]) : null),

  /** Other losses that darken the same. */
  same(i) {
    const e = book.losses.events;
    const rows = e.outage.map((outage, n) => (outage === e.outage[i] && n !== i ? n : -1)).filter((n) => n >= 0);
    if (!rows.length) return null;
    return make("details", {}, make("summary", {}, t("{count} other losses darken the same", { count: number(rows.length) })),
      make("ul", { class: "links" }, rows.slice(0, LossCard.most).map((n) => make("li", {}, link({ kind: "event", index: n }, Losses.name(n))))));
  },

  pairsOf(i) {
    const p = book.losses.pairs;
    const rows = p.a.map((a, n) => (a === i || p.b[n] === i ? n : -1)).filter((n) => n >= 0);
    if (!rows.length) return null;
    return make("div", {}, make("h3", {}, t("Worse with another")), make("ul", { class: "links" }, rows.map((n) => make("li", {},
      link({ kind: "pair", index: n }, Losses.both(n)), make("span", { class: "hint" }, ` ${t("{count} people more", { count: number(p.people_more[n]) })}`)))));
  },
};

Card.event = LossCard.event;
Card.pair = LossCard.pair;
