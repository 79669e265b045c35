// The steps of a plan beside the map, in order of building, with what all up to each cost and reach.
const STEP_NAMES = {
  mast: "Mast", commune: "Cable to a commune centre", repeater: "Repeater", satellite: "Satellite terminal",
};

const StepList = {
  limit: 25,

  /** What a step ends with, in words. */
  name(i) {
    const { steps } = book.masts;
    if (steps.what[i] === "mast") return steps.id[i];
    const village = steps.village[i];
    const of = steps.what[i] === "commune" ? steps.where[i] || steps.id[i] : village < 0 ? steps.id[i] : book.villages.name[village] || steps.id[i];
    return `${t(STEP_NAMES[steps.what[i]])}: ${of}`;
  },

  mark: (i) => drawn((pen) => {
    const { what, mast } = book.masts.steps;
    if (what[i] === "commune") Steps.centre(pen, 11, 11.5, 7, "gets");
    else if (what[i] === "mast") Masting.mark(pen, 11, 11, 7, mast[i] < 0 ? "new" : Masting.kind(mast[i]));
    else Steps.terminal(pen, 11, 11, 6, what[i]);
  }),

  render() {
    const { steps, currency } = book.masts;
    const rows = steps.what.map((_, i) => i).filter((i) => Masting.stands(steps.year[i]));
    if (!rows.length) return Steps.joint ? make("p", { class: "hint" }, t("Nothing is to be built.")) : null;
    if (State.selected?.kind === "step") StepList.limit = Math.max(StepList.limit, State.selected.index + 1);
    const shown = rows.slice(0, StepList.limit);
    const head = [t("Step"), t("People, in all"), t("{currency}, in all", { currency })].map((title, n) => make("th", { scope: "col", class: n ? "numeric" : null }, title));
    const table = [
      scrolling(make("table", { class: "grid masts", id: "plan-steps" },
        Steps.joint ? make("caption", {}, t("Steps in order of building")) : null,
        make("thead", {}, make("tr", {}, head)), make("tbody", {}, shown.map(StepList.row)))),
      rows.length > shown.length ? make("button", { type: "button", class: "wide", onclick: () => { StepList.limit += 100; Plan.render(); } },
        t("Show more ({count} left)", { count: number(rows.length - shown.length) })) : null,
      Steps.joint ? make("p", { class: "hint" }, t("People of a commune live where fibre arrives, all others are served in their village; below: both together up to the step.")) : null,
    ];
    if (Steps.joint) return make("div", {}, table);
    return make("details", { id: "plan-order" }, make("summary", {}, t("Steps in order of building")), table);
  },

  row(i) {
    const { steps } = book.masts;
    const chosen = State.selected?.kind === "step" && State.selected.index === i;
    const cell = (own, all) => make("td", { class: "numeric" }, number(own), make("span", { class: "below" }, number(all)));
    return make("tr", { "data-step-row": i + 1, class: chosen ? "chosen" : null },
      make("th", { scope: "row" }, StepList.mark(i), " ", link({ kind: "step", index: i }, `${i + 1}. ${StepList.name(i)}`),
        make("span", { class: "below" }, [steps.what[i] === "commune" ? "" : steps.where[i], Masting.last > 1 ? t("year {year}", { year: number(steps.year[i]) }) : ""].filter(Boolean).join(" · "))),
      cell(steps.what[i] === "commune" ? steps.people_fibre[i] : steps.people[i], steps.people_total[i] + steps.people_fibre_total[i]),
      cell(steps.life[i], steps.life_total[i]));
  },

  /** Communes that stay without fibre, by reason. */
  left() {
    const { communes } = book.masts;
    return Object.entries({ over_budget: "They do not fit in the money", no_route: "No road and no passable ground joins them to fibre" }).map(([status, reason]) => {
      const rows = communes.status.map((s, row) => (s === status ? row : -1)).filter((row) => row >= 0);
      if (!rows.length) return null;
      return make("details", { class: "stays", "data-communes": status },
        make("summary", {}, drawn((pen) => Steps.centre(pen, 11, 11.5, 6, "stays")), " ", t("{count} communes stay without fibre", { count: number(rows.length) })),
        make("p", { class: "hint" }, t(reason)),
        make("ul", { class: "links" }, rows.map((row) => make("li", {}, communes.commune[row] < 0 ? named(communes.name[row], NONE)
          : link({ kind: "commune", index: communes.commune[row] }, communes.name[row] || Plan.commune(communes.commune[row]))))));
    });
  },
};
