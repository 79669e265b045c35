// Figures and definitions beside the map: indicators, how the verdict is made, assumptions.
const Facts = {
  indicators() {
    if (!book.indicators.length) return make("p", { class: "hint" }, t("This run has no indicators."));
    const rows = book.indicators.map((item) => Facts.indicator(item));
    return [
      ...rows.slice(0, 4),
      rows.length > 4 ? make("details", { class: "more" }, make("summary", {}, t("All {count} indicators", { count: number(rows.length) })), rows.slice(4)) : null,
    ];
  },

  indicator(item) {
    const share = item.value === null ? NONE : percent(100 * item.value);
    const parts = item.numerator === null || item.denominator === null ? ""
      : t("{part} of {whole}", { part: number(item.numerator), whole: number(item.denominator) });
    const circles = item.circles === null ? null
      : make("p", { class: "circles" }, t("Circles round the masts would claim {share}", { share: percent(100 * item.circles) }));
    return make("details", { class: "indicator" },
      make("summary", {},
        make("span", { class: "indicator-title" }, Words.pick(item.title)),
        make("span", { class: "indicator-value" }, make("strong", {}, share), " ", make("span", { class: "hint" }, parts)),
        circles),
      make("p", { class: "definition" }, Words.pick(item.definition)));
  },

  /** What a verdict means in this study, in sentences. */
  definitions() {
    const study = book.study;
    const levels = study.technologies.map((name) => `${TECHNOLOGY[name] ?? name} ${number(study.thresholds_dbm[name])} dBm`).join(", ");
    const weight = study.weight === "people" ? t("people") : t("area");
    return [
      t("A place is served when the level reaches the threshold ({levels}) with a probability of at least {share}.", {
        levels, share: percent(100 * study.probability, 0) }),
      t("Covered: the centre and at least {share} of the village's {weight} are served.", { share: percent(100 * study.covered_share, 0), weight }),
      t("White: the centre is not served, and less than {share} of the village's {weight} is. Hollow: everything between.", {
        share: percent(100 * study.hollow_share, 0), weight }),
      study.drop_m === null ? null
        : t("A commune centre has fibre when a connected cable in service comes within {metres} m of it and an optical class works over the route with {margin} dB to spare.", {
          metres: number(study.drop_m), margin: number(study.margin_db, 1) }),
      t("Model {model}, cells up to {radius} km, receiver at {height} m, model error {sigma} dB.", {
        model: study.model, radius: number(study.radius_km), height: number(study.rx_height_m, 1), sigma: number(study.sigma_model_db, 1) }),
    ].filter(Boolean);
  },

  definitionList() {
    const assumptions = book.study.assumptions.map((text) => Words.pick(text));
    return [
      make("h3", {}, t("Definitions of this study")),
      make("ul", { class: "sentences" }, Facts.definitions().map((text) => make("li", {}, text))),
      assumptions.length ? make("h3", {}, t("Assumptions")) : null,
      assumptions.length ? make("ul", { class: "sentences" }, assumptions.map((text) => make("li", {}, text))) : null,
    ];
  },

  origin() {
    const study = book.study;
    return [study.publisher, study.period, t("made {when}", { when: dateTime(study.created) }), `phusong ${study.version}`,
      study.licence].filter(Boolean).join(" · ");
  },
};
