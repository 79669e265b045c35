// The years of a plan: a slider over the map, and what stands at the end of the chosen one.
const Years = {
  /** Only a plan in years has them. */
  any: () => Boolean(book.masts) && Masting.last > 1,

  render() {
    const box = byId("years");
    box.hidden = !Years.any();
    if (box.hidden) return;
    box.setAttribute("aria-label", t("Years of the plan"));
    const step = (by, sign, title) => make("button", {
      type: "button", class: "year-step", "aria-label": t(title), title: t(title), "data-step": by,
      onclick: () => Years.go(Masting.year() + by),
    }, sign);
    fill(box,
      make("div", { class: "year-row" }, step(-1, "◂", "A year earlier"),
        make("input", { type: "range", id: "year", min: 1, max: Masting.last, step: 1, value: Masting.year(), "aria-label": t("Year"),
          oninput: (event) => Years.go(Number(event.target.value)) }),
        step(1, "▸", "A year later"), make("strong", { id: "year-name" })),
      make("p", { id: "year-said" }));
    Years.update();
  },

  go(year) {
    State.change({ year: Math.min(Masting.last, Math.max(1, year)) });
  },

  /** The slider stays where the hand is: only what it says changes. */
  update() {
    if (!Years.any()) return;
    const year = Masting.year();
    const said = Years.sentence(year);
    byId("year").value = year;
    byId("year").setAttribute("aria-valuetext", `${t("End of year {year}", { year: number(year) })}: ${said}`);
    byId("year-name").textContent = t("End of year {year}", { year: number(year) });
    byId("year-said").textContent = said;
    for (const button of byId("years").querySelectorAll("[data-step]")) {
      button.disabled = Number(button.dataset.step) < 0 ? year <= 1 : year >= Masting.last;
    }
  },

  sentence(year) {
    const { years, sites, currency } = book.masts;
    const row = years.year.indexOf(year);
    return [
      t("{count} masts", { count: number(sites.year.filter((y) => y <= year).length) }),
      t("{count} villages", { count: number(years.villages[row]) }),
      t("{count} people", { count: number(years.people[row]) }),
      Steps.joint ? t("{count} communes", { count: number(years.communes[row]) }) : null,
      `${number(years.spent_total[row])} ${currency}`,
    ].filter(Boolean).join(" · ");
  },

  table() {
    const y = book.masts.years;
    if (!y.year.length) return null;
    const { currency } = book.masts;
    return Plan.table(t("Year by year"), [t("Year"), t("Spent, {currency}", { currency }), t("In all"), t("Villages"), t("People"), ...(Steps.joint ? [t("Communes")] : [])],
      y.year.map((year, i) => make("tr", { class: year === Masting.year() ? "chosen" : null },
        make("th", { scope: "row" }, make("button", { type: "button", class: "link", "aria-pressed": String(year === Masting.year()), "data-year": year,
          onclick: () => Years.go(year) }, number(year))),
        Plan.cells([number(y.spent[i]), number(y.spent_total[i]), number(y.villages[i]), number(y.people[i]),
          ...(Steps.joint ? [number(y.communes[i])] : [])]))), { id: "plan-years", class: "grid plan-years" });
  },
};
