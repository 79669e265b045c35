// The side list: the worst villages first, following the map and the switches.
/** Whether anything tells how many people live in the villages; without, the worst are the largest dark areas. */
const PEOPLE_KNOWN = book.villages.people.some((people) => people !== null);

const dark = (i, f) => (f.area[i] === null ? null : (book.villages.area_km2[i] * (100 - f.area[i])) / 100);

const VERDICT = { key: "grade", title: "Verdict", value: (i, f) => GRADE_ORDER.indexOf(f.grade[i]) };
const COLUMNS = [
  { key: "name", title: "Village", value: (i) => book.villages.name[i] || book.villages.code[i], show: (v) => named(v) },
  PEOPLE_KNOWN
    ? { key: "unserved", title: "People unserved", numeric: true, worst: "down", value: (i, f) => f.unserved[i], show: (v) => number(v) }
    : { key: "unserved", title: "km² unserved", numeric: true, worst: "down", value: dark, show: (v) => number(v, 1) },
  { key: "served", title: "Served, %", numeric: true, value: (i, f) => f.served[i], show: (v) => number(v, 1) },
  { key: "level", title: "At centre, dBm", numeric: true, lacks: (f) => !f.level, value: (i, f) => f.level[i], show: (v) => number(v, 1) },
  { key: "chance", title: "At centre, %", numeric: true, lacks: (f) => Boolean(f.level), value: (i, f) => f.chance[i], show: (v) => number(v, 1) },
  { key: "far", title: "Nearest site, km", numeric: true, worst: "down", value: (i) => book.villages.nearest_site_km[i], show: (v) => number(v, 2) },
];

const List = {
  sort: "unserved",
  down: true,
  inView: true,
  grades: { w: true, h: true, c: false, n: false },
  limit: 60,
  map: null,

  /** Levels are known outdoors, elsewhere the probability stands for them. */
  columns: (figures) => COLUMNS.filter((column) => !column.lacks?.(figures)),

  /** Villages that pass the filters, sorted. */
  rows() {
    const figures = currentFigures();
    if (!figures) return [];
    const view = List.inView && List.map ? viewBox(List.map) : null;
    const column = [VERDICT, ...List.columns(figures)].find((c) => c.key === List.sort) ?? COLUMNS[1];
    const rows = [];
    for (let i = 0; i < book.villages.code.length; i += 1) {
      if (!List.grades[figures.grade[i]]) continue;
      if (view && !meets(Areas.villages[i], view)) continue;
      rows.push({ i, value: column.value(i, figures) });
    }
    const way = List.down ? -1 : 1;
    rows.sort((a, b) => {
      const empty = (a.value === null) - (b.value === null);
      if (empty) return empty;
      if (typeof a.value === "string") return way * a.value.localeCompare(b.value, "vi");
      return way * (a.value - b.value) || a.i - b.i;
    });
    return rows.map((row) => row.i);
  },

  render() {
    const figures = currentFigures();
    const rows = List.rows();
    const shown = rows.slice(0, List.limit);
    const focus = document.activeElement?.dataset?.sort;
    const inside = byId("list");
    // Of a page that followed losses no village was judged: its list is that of the losses.
    inside.hidden = !figures && Boolean(book.losses);
    inside.setAttribute("aria-label", t("Village list"));
    fill(inside,
      make("div", { class: "list-head" },
        make("h2", {}, t("Villages that need attention")),
        make("p", { class: "hint" }, `${Legend.choice()} · ${t("{count} villages", { count: number(rows.length) })}`)),
      make("div", { class: "list-filters" },
        GRADE_ORDER.filter((g) => g !== "n").map((grade) => make("label", { class: "tick" },
          make("input", { type: "checkbox", checked: List.grades[grade], "data-grade": grade, onchange: (e) => { List.grades[grade] = e.target.checked; List.render(); } }),
          make("span", { class: `dot dot-${grade}` }), t(GRADES[grade].label))),
        make("label", { class: "tick" },
          make("input", { type: "checkbox", id: "in-view", checked: List.inView, onchange: (e) => { List.inView = e.target.checked; List.render(); } }),
          t("Only those on the map now"))),
      !figures ? make("p", { class: "hint" }, noFigures())
        : rows.length ? List.table(shown, figures) : make("p", { class: "hint" }, t("No village here has such a verdict.")),
      rows.length > shown.length ? make("button", { type: "button", class: "wide", onclick: () => { List.limit += 200; List.render(); } },
        t("Show more ({count} left)", { count: number(rows.length - shown.length) })) : null);
    if (focus) inside.querySelector(`[data-sort="${focus}"]`)?.focus();
  },

  sorter(column) {
    return make("button", {
      type: "button", "data-sort": column.key,
      onclick: () => {
        List.down = List.sort === column.key ? !List.down : column.worst === "down";
        List.sort = column.key;
        List.render();
      },
    }, t(column.title), List.sort === column.key ? (List.down ? " ▼" : " ▲") : "");
  },

  table(shown, figures) {
    const columns = List.columns(figures);
    const head = columns.map((column) => {
      const sorts = column.key === "name" ? [column, VERDICT] : [column];
      const sorted = sorts.some((c) => c.key === List.sort);
      return make("th", {
        scope: "col", class: column.numeric ? "numeric" : null,
        "aria-sort": sorted ? (List.down ? "descending" : "ascending") : "none",
      }, sorts.map(List.sorter));
    });
    const body = shown.map((i) => make("tr", {
      "data-village": i, class: State.selected?.kind === "village" && State.selected.index === i ? "chosen" : null,
      onclick: () => select({ kind: "village", index: i }, { zoom: true }),
    }, columns.map((column) => {
      const content = column.show(column.value(i, figures), i, figures);
      if (column.key !== "name") return make("td", { class: column.numeric ? "numeric" : null }, content);
      const commune = book.villages.commune[i];
      return make("th", { scope: "row" }, make("button", { type: "button", class: "link" }, content),
        make("span", { class: "below" }, make("span", { class: `dot dot-${figures.grade[i]}` }), t(SHORT_GRADES[figures.grade[i]]), " · ",
          named(commune < 0 ? t("outside every commune") : book.communes.name[commune])));
    })));
    return scrolling(make("table", { class: "villages" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, body)));
  },
};


function viewBox(map) {
  const bounds = map.getBounds();
  const a = toFrame(bounds.getNorthWest());
  const b = toFrame(bounds.getSouthEast());
  return { west: a.x, north: a.y, east: b.x, south: b.y };
}
