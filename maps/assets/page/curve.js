// What each sum buys: villages or people over money, under the line that no plan passes.
const Curve = {
  /** counted | people | communes | villages; the bound is of people as the plan counts them. */
  counts: null,
  /** The point that is read out: the last until another is pointed at. */
  active: null,
  box: { width: 340, height: 196, left: 46, right: 10, top: 12, bottom: 30 },

  /** Points of the curve; of the years, where no curve was asked for. */
  points() {
    const { curve, years } = book.masts;
    if (curve.budget.length) return curve.budget.map((money, i) => Curve.point(curve, money, i, 0));
    return years.year.map((year, i) => Curve.point(years, years.spent_total[i], i, year));
  },

  point: (table, money, i, year) => ({
    money, year, people: table.people[i], villages: table.villages[i], communes: table.communes[i], counted: table.counted[i], most: table.most_people[i],
  }),

  /** Whether people are weighed: then a third line tells them as the plan counts them. */
  weighed: (points) => points.some((p) => Math.abs(p.counted - p.people) > 1),

  measures: (points) => [...(Curve.weighed(points) ? ["counted"] : []), "people", ...(Steps.joint ? ["communes"] : []), "villages"],

  render() {
    const points = Curve.points();
    if (!points.length) return make("p", { class: "hint" }, t("What smaller sums would buy was not asked for: run again with --curve 10."));
    const figure = make("figure", { class: "curve", id: "curve" });
    Curve.draw(figure, points);
    return figure;
  },

  /** Round steps of an axis from nothing to just above the most. */
  steps(most) {
    const rough = Math.max(most, 1) / 3;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 2.5, 5, 10].find((k) => k * power >= rough);
    return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
  },

  draw(figure, points) {
    const focus = document.activeElement?.dataset?.point;
    const [first] = Curve.measures(points);
    Curve.counts ??= first;
    const bounded = Curve.counts === first && points.every((p) => p.most !== null);
    const value = (p) => p[Curve.counts];
    const { width, height, left, right, top, bottom } = Curve.box;
    const across = Curve.steps(Math.max(...points.map((p) => p.money)));
    const up = Curve.steps(Math.max(...points.map((p) => Math.max(value(p), bounded ? p.most : 0))));
    const x = (money) => left + ((width - left - right) * money) / across.at(-1);
    const y = (count) => height - bottom - ((height - top - bottom) * count) / up.at(-1);
    const line = (of) => points.reduce((d, p) => `${d}L${x(p.money).toFixed(1)},${y(of(p)).toFixed(1)}`, `M${x(0).toFixed(1)},${y(0).toFixed(1)}`);
    const active = Math.min(Curve.active ?? points.length - 1, points.length - 1);
    const choose = (i) => { if (Curve.active !== i) { Curve.active = i; Curve.draw(figure, points); } };
    const half = Math.max(6, (width - left - right) / points.length / 2);
    fill(figure,
      make("figcaption", {}, make("h3", {}, t("What each sum buys"))), Curve.switch(figure, points),
      make("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": t("What each sum buys") },
        up.map((count) => [
          make("line", { x1: left, x2: width - right, y1: y(count), y2: y(count), class: "curve-grid" }),
          make("text", { x: left - 5, y: y(count) + 3.5, "text-anchor": "end" }, compact(count))]).flat(),
        across.map((money) => make("text", { x: x(money), y: height - bottom + 14, "text-anchor": money === across.at(-1) ? "end" : "middle" }, compact(money))),
        make("text", { x: width - right, y: height - 3, "text-anchor": "end", class: "curve-unit" }, book.masts.currency),
        bounded ? make("path", { d: `${line((p) => p.most)} L${[...points].reverse().map((p) => `${x(p.money).toFixed(1)},${y(value(p)).toFixed(1)}`).join("L")} Z`, class: "curve-between" }) : null,
        bounded ? make("path", { d: line((p) => p.most), class: "curve-bound" }) : null,
        make("path", { d: line(value), class: "curve-line" }),
        points.map((p, i) => make("g", {
          tabindex: "0", role: "button", "data-point": i, "aria-pressed": String(i === active), "aria-label": Curve.sentence(p),
          onmouseenter: () => choose(i), onfocus: () => choose(i),
          onclick: () => { choose(i); if (p.year) Years.go(p.year); },
          onkeydown: (event) => { if ((event.key === "Enter" || event.key === " ") && p.year) { event.preventDefault(); Years.go(p.year); } },
        },
        make("rect", { x: x(p.money) - half, y: top, width: 2 * half, height: height - top - bottom, class: "curve-reach" }),
        make("circle", { cx: x(p.money), cy: y(value(p)), r: i === active ? 6 : 3.6, class: i === active ? "curve-point curve-active" : "curve-point" })))),
      make("p", { class: "curve-said", "aria-live": "polite" }, Curve.sentence(points[active])),
      bounded ? make("p", { class: "hint" }, t("Dashed: the most that any plan from the same places can reach for the sum.")) : null,
      Curve.weighed(points) ? make("p", { class: "hint" }, Curve.weights()) : null);
    if (focus !== undefined) figure.querySelector(`[data-point="${focus}"]`)?.focus();
  },

  switch(figure, points) {
    const names = { counted: "As counted", people: "People", communes: "Communes", villages: "Villages" };
    return make("div", { class: "choices" }, Curve.measures(points).map((name) => make("label", { class: "choice" },
      make("input", { type: "radio", name: "curve", value: name, checked: Curve.counts === name, onchange: () => {
        Curve.counts = name;
        Curve.draw(figure, points);
        figure.querySelector("input:checked").focus();
      } }),
      make("span", {}, t(names[name])))));
  },

  /** How people are weighed. */
  weights() {
    const { weighted, fibre_weight: weight } = book.masts;
    return [
      weight === null ? null : t("As counted: who is served in the village counts 1, a person of a commune that gets fibre {weight}.", { weight: number(weight, 2) }),
      weighted ? t("The darkest communes come first: people count by the share of their commune that is in the dark.") : null,
      t("The bound is of this count, none of people alone."),
    ].filter(Boolean).join(" ");
  },

  sentence(p) {
    const said = t("{money} {currency}: {villages} villages, {people} people", {
      money: number(p.money), currency: book.masts.currency, villages: number(p.villages), people: number(p.people) });
    const points = Curve.points();
    const counted = t("{communes} communes; counted {counted}, and no plan counts more than {most}.", {
      communes: number(p.communes), counted: number(p.counted), most: number(p.most) });
    if (Curve.weighed(points)) return `${p.year ? `${t("Year {year}", { year: number(p.year) })} · ` : ""}${said}; ${counted}`;
    const most = p.most === null ? "" : ` ${t("No plan reaches more than {most} people for it.", { most: number(p.most) })}`;
    return `${p.year ? `${t("Year {year}", { year: number(p.year) })} · ` : ""}${said}.${most}`;
  },
};

/** A number in few letters, for an axis. */
function compact(value) {
  return value.toLocaleString(Words.language === "vi" ? "vi-VN" : "en-GB", { notation: "compact", maximumFractionDigits: 1 });
}
