// The legend of the map of two runs, which holds the switches too.
const Legend = {
  open: window.innerWidth > 860,

  render() {
    const fibre = book.centres.some(Boolean);
    fill(byId("legend"), make("button", {
      type: "button", class: "legend-fold", "aria-expanded": String(Legend.open), "aria-controls": "legend-body",
      onclick: () => {
        Legend.open = !Legend.open;
        Legend.render();
        document.querySelector(".legend-fold").focus();
      },
    }, t("Legend")), make("div", { id: "legend-body", class: Legend.open ? "legend-body" : "legend-body folded" },
      make("div", { class: "legend-group" }, make("h3", {}, t("Villages by verdict")),
        make("ul", {}, ["c", "h", "w", "n"].filter(Legend.used).map((grade) => Legend.row(areaSwatch(grade), t(GRADES[grade].label))))),
      make("div", { class: "legend-group" },
        Legend.switch("changed", t("Villages that changed"), [
          [drawn((pen) => Legend.outline(pen, [])), t("better")], [drawn((pen) => Legend.outline(pen, [3, 2.4])), t("worse")]]),
        fibre ? Legend.switch("centres", t("Commune centres by fibre reach"), [
          [drawn((pen) => Marks.centre(pen, 11, 11, 6, true)), t("with fibre")],
          [drawn((pen) => Marks.centre(pen, 11, 11, 6, false)), t("without fibre")]])
          : make("p", { class: "hint" }, t("Neither run asked about fibre.")),
        Legend.switch("borders", t("Commune borders"), []), Legend.switch("names", t("Place names"), []))));
    byId("legend").setAttribute("aria-label", t("Legend"));
  },

  used: (grade) => grade !== "n" || SIDES.some((side) => book.villages[side].includes("n")),

  row: (swatch, text) => make("li", {}, swatch, make("span", {}, text)),

  switch(id, title, rows) {
    return make("div", {},
      make("label", { class: "tick" },
        make("input", { type: "checkbox", "data-layer": id, checked: Choice.shown.has(id), onchange: (event) => {
          if (event.target.checked) Choice.shown.add(id);
          else Choice.shown.delete(id);
          surface.repaint();
        } }), make("span", {}, title)),
      rows.length ? make("ul", {}, rows.map(([swatch, text]) => Legend.row(swatch, text))) : null);
  },

  outline(pen, dash) {
    pen.strokeStyle = INK;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.strokeRect(3, 5, 16, 12);
  },
};
