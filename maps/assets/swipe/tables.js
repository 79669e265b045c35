// What changed, in tables: sums, villages, communes, figures; and the card of one village.
const Tables = {
  /** The definitions that differ, above everything: figures compare only where there are none. */
  differs() {
    const strip = byId("differs");
    strip.hidden = !book.definitions.length;
    if (strip.hidden) return;
    strip.setAttribute("aria-label", t("Definitions that differ"));
    const rows = book.definitions.map(([key, one, two]) => make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, named(one, NONE)), make("td", {}, named(two, NONE))));
    fill(strip, make("details", { open: rows.length <= 4 },
      make("summary", {}, t("These runs are not made to the same definitions: their figures do not compare ({count} differ).", { count: number(rows.length) })),
      scrolling(make("table", { class: "grid" },
        make("thead", {}, make("tr", {}, [t("Definition"), t("Before"), t("After")].map((title) => make("th", { scope: "col" }, title)))),
        make("tbody", {}, rows)))));
  },

  sums() {
    const v = book.villages;
    const rows = Object.entries(CHANGES).map(([change, { label, sign }]) => {
      const members = v.change.map((c, i) => (c === change ? i : -1)).filter((i) => i >= 0);
      const people = members.reduce((sum, i) => sum + (v.people[i] ?? 0), 0);
      return make("tr", { "data-change": change }, make("th", { scope: "row" }, make("span", { class: "sign", "aria-hidden": "true" }, sign), " ", t(label)),
        make("td", { class: "numeric" }, number(members.length)), make("td", { class: "numeric" }, number(people)),
        make("td", { class: "numeric" }, change === "better" || change === "worse" ? NONE
          : number(book.communes.change.filter((c) => c === change).length)));
    });
    fill(byId("sums"), make("h2", {}, t("What changed")),
      make("table", { class: "grid", id: "sum-table" },
        make("thead", {}, make("tr", {}, [t("Change"), t("Villages"), t("People"), t("Communes with fibre")].map((title, i) => make("th", { scope: "col", class: i ? "numeric" : null }, title)))),
        make("tbody", {}, rows)));
  },

  rows: () => book.villages.change.map((change, i) => (Choice.changes.has(change) ? i : -1)).filter((i) => i >= 0)
    .sort((a, b) => Object.keys(CHANGES).indexOf(book.villages.change[a]) - Object.keys(CHANGES).indexOf(book.villages.change[b]) || a - b),

  villages() {
    const v = book.villages;
    const rows = Tables.rows();
    const body = rows.slice(0, Choice.limit).map((i) => make("tr", {
      "data-code": v.code[i], class: Tables.isChosen("village", i) ? "chosen" : null,
    }, make("th", { scope: "row" }, Tables.link("village", i, v.name[i] || v.code[i]),
      make("span", { class: "below" }, named(v.commune[i] < 0 ? v.commune_code[i] : book.communes.name[v.commune[i]], NONE))),
    make("td", { "data-column": "change" }, t(CHANGES[v.change[i]].label)),
    make("td", { "data-column": "grade_before" }, Tables.grade(v.before[i])), make("td", { "data-column": "grade_after" }, Tables.grade(v.after[i])),
    make("td", { class: "numeric", "data-column": "people" }, number(v.people[i])),
    make("td", { class: "numeric", "data-column": "people_unserved_before" }, number(v.unserved_before[i], 1)),
    make("td", { class: "numeric", "data-column": "people_unserved_after" }, number(v.unserved_after[i], 1))));
    fill(byId("villages"), make("h2", {}, t("Villages")),
      make("div", { class: "list-filters" }, Object.keys(CHANGES).map((change) => make("label", { class: "tick" },
        make("input", { type: "checkbox", "data-filter": change, checked: Choice.changes.has(change), onchange: (event) => {
          if (event.target.checked) Choice.changes.add(change);
          else Choice.changes.delete(change);
          Tables.villages();
          document.querySelector(`[data-filter="${change}"]`).focus();
        } }), t(CHANGES[change].label)))),
      rows.length ? scrolling(make("table", { class: "grid", id: "village-table" },
        make("thead", {}, make("tr", {}, [t("Village"), t("Change"), t("Before"), t("After"), t("People"), t("Unserved before"), t("Unserved after")]
          .map((title, i) => make("th", { scope: "col", class: i > 3 ? "numeric" : null }, title)))), make("tbody", {}, body)))
        : make("p", { class: "hint" }, t("No village changed in such a way.")),
      rows.length > Choice.limit ? make("button", { type: "button", class: "wide", onclick: () => { Choice.limit += 1000; Tables.villages(); } },
        t("Show more ({count} left)", { count: number(rows.length - Choice.limit) })) : null);
  },

  communes() {
    const c = book.communes;
    const rows = c.change.map((change, i) => (change === "same" ? -1 : i)).filter((i) => i >= 0).map((i) => make("tr", { "data-code": c.code[i] },
      make("th", { scope: "row" }, Tables.link("commune", i, c.name[i] || c.code[i])), make("td", {}, t(FIBRE_CHANGES[c.change[i]])),
      make("td", {}, yesNo(c.fibre_before[i])), make("td", {}, yesNo(c.fibre_after[i]))));
    fill(byId("communes"), make("h2", {}, t("Fibre to commune centres")),
      rows.length ? scrolling(make("table", { class: "grid", id: "commune-table" },
        make("thead", {}, make("tr", {}, [t("Commune"), t("Change"), t("Before"), t("After")].map((title) => make("th", { scope: "col" }, title)))),
        make("tbody", {}, rows))) : make("p", { class: "hint" }, t("No commune gained or lost fibre.")));
  },

  figures() {
    const share = (value) => (value === null ? NONE : percent(100 * value));
    const points = (value) => (value === null ? NONE : `${value > 0 ? "+" : ""}${number(100 * value, 1)}`);
    fill(byId("figures"), make("h2", {}, t("Figures to report")), scrolling(make("table", { class: "grid", id: "figure-table" },
      make("thead", {}, make("tr", {}, [t("Figure"), t("Before"), t("After"), t("Points")].map((title, i) => make("th", { scope: "col", class: i ? "numeric" : null }, title)))),
      make("tbody", {}, book.indicators.map((item) => make("tr", {}, make("th", { scope: "row" }, Words.pick(item.title)),
        [share(item.before), share(item.after), points(item.difference)].map((text) => make("td", { class: "numeric" }, text))))))));
  },

  card() {
    const card = byId("card");
    card.hidden = !Choice.selected;
    if (card.hidden) return;
    const { kind, index } = Choice.selected;
    const [source, body] = kind === "village" ? [book.villages, Tables.village(index)] : [book.communes, Tables.commune(index)];
    fill(card, make("div", { class: "card-head" },
      make("div", {}, make("p", { class: "kind" }, t(kind === "village" ? "Village" : "Commune")), make("h2", {}, named(source.name[index], source.code[index]))),
      make("button", { type: "button", class: "close", "aria-label": t("Close"), title: t("Close"), onclick: () => choose(null) }, "×")), body);
  },

  village(i) {
    const v = book.villages;
    return [make("p", { class: "where" }, t("Code {code}", { code: v.code[i] })),
      facts([[t("Change"), t(CHANGES[v.change[i]].label)], [t("Before"), Tables.grade(v.before[i])], [t("After"), Tables.grade(v.after[i])],
        [t("People"), number(v.people[i])], [t("Unserved before"), number(v.unserved_before[i], 1)], [t("Unserved after"), number(v.unserved_after[i], 1)]])];
  },

  commune(i) {
    const c = book.communes;
    const inside = book.villages.change.filter((_, v) => book.villages.commune[v] === i);
    return [make("p", { class: "where" }, t("Code {code}", { code: c.code[i] })),
      facts([[t("Fibre before"), yesNo(c.fibre_before[i])], [t("Fibre after"), yesNo(c.fibre_after[i])],
        [t("One route only, before"), yesNo(c.single_route_before[i])], [t("One route only, after"), yesNo(c.single_route_after[i])],
        ...Object.keys(CHANGES).map((change) => [change, inside.filter((x) => x === change).length]).filter(([, count]) => count)
          .map(([change, count]) => [t("Villages: {choice}", { choice: t(CHANGES[change].label) }), number(count)])])];
  },

  grade(letter) {
    if (letter === "-") return NONE;
    return make("span", { class: "grade" }, make("span", { class: `dot dot-${letter}` }), " ", t(SHORT_GRADES[letter]));
  },

  link: (kind, index, text) => make("button", { type: "button", class: "link", onclick: () => choose({ kind, index }, true) }, named(text, NONE)),

  isChosen: (kind, index) => Choice.selected?.kind === kind && Choice.selected.index === index,

  render() {
    for (const part of ["differs", "sums", "villages", "communes", "figures", "card"]) Tables[part]();
  },
};


const yesNo = (value) => (value === null ? NONE : value ? t("yes") : t("no"));
