// What breaks together: losses ranked beside the map, by kind, hours and name; pairs worse than their parts.
const LOSS_NAMES = { ...WEAK_NAMES, site: "Tower {id}", feeder: "Feeder {id}, {hours} h without power" };

const Losses = {
  /** Kinds left out. */
  hidden: new Set(),
  /** Hours that a feeder is gone; null: all of them. */
  hours: null,
  text: "",
  limit: 25,
  shown: null,

  name(event) {
    const e = book.losses.events;
    const element = Outages.element(event);
    // A hazard is called by its name, which says what it is.
    if (element === "hazard") return e.name[event] || e.id[event];
    return t(LOSS_NAMES[element], { id: quoted(e.id[event]), hours: number(e.hours[event], 0) });
  },

  commune: (event) => Plan.commune(book.losses.events.commune[event]),

  /** Events that pass the filters, worst first. */
  rows() {
    if (Losses.shown) return Losses.shown;
    const e = book.losses.events;
    const words = fold(Losses.text).split(/\s+/).filter(Boolean);
    Losses.shown = e.id.map((_, i) => i).filter((i) => {
      const kind = Outages.kind(i);
      if (Losses.hidden.has(kind)) return false;
      if (kind === "feeder" && Losses.hours !== null && e.hours[i] !== Losses.hours) return false;
      if (!words.length) return true;
      const said = fold([Losses.name(i), e.id[i], e.name[i], Losses.commune(i)].join(" "));
      return words.every((word) => said.includes(word));
    });
    return Losses.shown;
  },

  /** Take over a filter: list and map follow. */
  filter(change) {
    Object.assign(Losses, change, { shown: null, limit: 25 });
    Losses.list();
    Legend.render();
    surface.repaint();
    Permalink.write(map);
  },

  render(place) {
    place.setAttribute("aria-label", t("What breaks together"));
    fill(place,
      make("h2", {}, t("What breaks together")),
      make("p", { class: "hint" }, t("Each loss by itself, followed along fibre, microwave and power to the villages.")),
      Losses.tiles(), Losses.filters(), make("div", { id: "loss-list" }), Remedies.render(), Losses.pairs(), Rings.render());
    Losses.list();
  },

  tiles() {
    const e = book.losses.events;
    if (!e.id.length) return null;
    const hit = Outages.exposure().filter(Boolean).length;
    return make("div", { class: "tiles" },
      SitePlan.tile(t("Losses that darken something"), number(e.id.length)),
      SitePlan.tile(t("Villages that some single loss darkens"), t("{part} of {whole}", { part: number(hit), whole: number(Areas.villages.length) })),
      make("div", { class: "tile tile-wide" }, make("span", {}, t("Worst single loss")), make("strong", {}, link({ kind: "event", index: 0 }, Losses.name(0))),
        make("span", {}, t("{people} people lose signal, {sites} towers go dark", { people: number(e.people[0]), sites: number(e.sites[0]) }))),
      Remedies.tile());
  },

  filters() {
    const e = book.losses.events;
    const counts = {};
    e.id.forEach((_, i) => { const kind = Outages.kind(i); counts[kind] = (counts[kind] ?? 0) + 1; });
    const hours = [...new Set(e.hours.filter((h) => h !== null))].sort((a, b) => a - b);
    return make("div", { class: "loss-filters" },
      make("fieldset", {}, make("legend", {}, t("Kinds of loss")), Object.keys(LOSS_KINDS).filter((kind) => counts[kind]).map((kind) => make("label", { class: "tick" },
        make("input", { type: "checkbox", checked: !Losses.hidden.has(kind), "data-loss": kind, onchange: (event) => {
          const hidden = new Set(Losses.hidden);
          if (event.target.checked) hidden.delete(kind);
          else hidden.add(kind);
          Losses.filter({ hidden });
        } }),
        Losses.swatch(kind), make("span", {}, t(LOSS_KINDS[kind].title)), make("span", { class: "count" }, number(counts[kind]))))),
      hours.length > 1 ? make("fieldset", {}, make("legend", {}, t("Hours without power")), make("div", { class: "choices" }, [null, ...hours].map((value) => make("label", { class: "choice" },
        make("input", { type: "radio", name: "hours", value: value ?? "", checked: Losses.hours === value, onchange: () => Losses.filter({ hours: value }) }),
        make("span", {}, value === null ? t("All") : `${number(value)} h`))))) : null,
      make("input", { type: "search", id: "loss-search", class: "wide", value: Losses.text, placeholder: t("Find a loss by name or commune"), "aria-label": t("Find a loss by name or commune"),
        autocomplete: "off", spellcheck: "false", oninput: (event) => Losses.filter({ text: event.target.value }) }));
  },

  swatch: (kind) => drawn((pen) => Outages.mark(pen, 11, 11, 6.5, kind)),

  list() {
    const rows = Losses.rows();
    const shown = rows.slice(0, Losses.limit);
    const head = [t("Loss"), t("People"), t("Villages"), t("Towers")].map((title, i) => make("th", { scope: "col", class: i ? "numeric" : null }, title));
    fill(byId("loss-list"),
      make("p", { class: "hint", role: "status" }, t("{count} losses, worst first", { count: number(rows.length) })),
      rows.length ? scrolling(make("table", { class: "grid losses", id: "plan-losses" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, shown.map(Losses.row)))) : null,
      rows.length > shown.length ? make("button", { type: "button", class: "wide", onclick: () => { Losses.limit += 100; Losses.list(); } },
        t("Show more ({count} left)", { count: number(rows.length - shown.length) })) : null);
  },

  row(i) {
    const e = book.losses.events;
    return make("tr", { "data-event": i, class: Outages.chosen().includes(i) ? "chosen" : null },
      make("th", { scope: "row" }, Losses.swatch(Outages.kind(i)), " ", link({ kind: "event", index: i }, Losses.name(i)),
        make("span", { class: "below" }, named(Losses.commune(i)))),
      Plan.cells([number(e.people[i]), number(e.lower[i]), number(e.sites[i])]));
  },

  pairs() {
    const p = book.losses.pairs;
    if (!p.a.length) return make("p", { class: "hint" }, t("No pair of the worst losses is worse than the two by themselves."));
    return make("details", { id: "loss-pairs" }, make("summary", {}, t("Worse together than each by itself ({count})", { count: number(p.a.length) })),
      Plan.table("", [t("Two at once"), t("People"), t("Beyond the two")], p.a.map((_, i) => make("tr", {
        class: State.selected?.kind === "pair" && State.selected.index === i ? "chosen" : null },
      make("th", { scope: "row" }, link({ kind: "pair", index: i }, Losses.both(i))),
      Plan.cells([number(p.people[i]), number(p.people_more[i])]))), { class: "grid losses" }),
      make("p", { class: "hint" }, t("Pairs of the worst losses only; two harmless cuts that are bad together stand under the rings.")));
  },

  both: (pair) => [book.losses.pairs.a[pair], book.losses.pairs.b[pair]].filter((event) => event >= 0).map(Losses.name).join(" + "),
};
