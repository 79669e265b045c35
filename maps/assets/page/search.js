// Search by name or code of villages, communes, towers and points of presence.
const Search = {
  items: null,
  found: [],
  active: -1,
  most: 12,

  /** Built at the first search: folding thousands of names would delay the first view. */
  index() {
    if (Search.items) return Search.items;
    const item = (kind, i, name, code, note) => ({ thing: { kind, index: i }, name: name || code, note, key: ` ${fold(name)} ${fold(code)}` });
    Search.items = [
      ...book.communes.code.map((code, i) => item("commune", i, book.communes.name[i], code, () => t("Commune"))),
      ...book.villages.code.map((code, i) => item("village", i, book.villages.name[i], code,
        () => [t("Village"), book.villages.commune[i] >= 0 ? book.communes.name[book.villages.commune[i]] : ""].filter(Boolean).join(", "))),
      ...book.sites.id.map((id, i) => item("site", i, id, "", () => t("Tower"))),
      ...book.pops.id.map((id, i) => item("pop", i, book.pops.name[i], id, () => t("Point of presence"))),
      ...(book.masts?.sites.id ?? []).map((id, i) => item("mast", i, id, "", () => t("Mast to build"))),
      ...(Steps.joint ? book.masts.steps.id : []).map((id, i) => item("step", i, `${i + 1}. ${StepList.name(i)}`, id, () => t("Step of the plan"))),
      ...(book.losses?.events.id ?? []).map((id, i) => item("event", i, Losses.name(i), id, () => t("Loss"))),
    ];
    return Search.items;
  },

  /** Names of losses are words of a language. */
  forget() {
    Search.items = null;
  },

  find(text) {
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const exact = ` ${words.join(" ")}`;
    const typed = text.trim().toLowerCase();
    const scored = [];
    for (const item of Search.index()) {
      if (!words.every((word) => item.key.includes(word))) continue;
      // A name that has the diacritics as typed goes before one that only sounds alike.
      const score = (item.name.toLowerCase().includes(typed) ? 0 : 1) + (item.key.startsWith(exact) ? 0 : item.key.includes(exact) ? 2 : 4);
      scored.push({ item, score });
    }
    scored.sort((a, b) => a.score - b.score);
    return scored.slice(0, Search.most).map((s) => s.item);
  },

  start() {
    const input = byId("search");
    input.addEventListener("input", () => Search.open(input.value));
    input.addEventListener("focus", () => { if (input.value) Search.open(input.value); });
    input.addEventListener("blur", () => setTimeout(Search.close, 150));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") Search.close();
      else if (event.key === "Enter" && Search.found.length) Search.choose(Math.max(Search.active, 0));
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const step = event.key === "ArrowDown" ? 1 : -1;
        Search.active = (Search.active + step + Search.found.length) % Math.max(Search.found.length, 1);
        Search.render();
        event.preventDefault();
      }
    });
  },

  open(text) {
    Search.found = Search.find(text);
    Search.active = -1;
    Search.render(Boolean(text.trim()));
  },

  render(open = true) {
    const list = byId("search-results");
    const input = byId("search");
    list.hidden = !open;
    list.setAttribute("aria-label", t("Search results"));
    input.setAttribute("aria-expanded", String(open));
    if (Search.active >= 0) input.setAttribute("aria-activedescendant", `found-${Search.active}`);
    else input.removeAttribute("aria-activedescendant");
    fill(list, Search.found.length
      ? Search.found.map((item, i) => make("li", {
        role: "option", id: `found-${i}`, "aria-selected": String(i === Search.active),
        onmousedown: (event) => { event.preventDefault(); Search.choose(i); },
      }, make("span", { class: "found-name" }, named(item.name)), make("span", { class: "hint" }, named(item.note()))))
      : [make("li", { class: "hint", role: "option", "aria-selected": "false", "aria-disabled": "true" }, t("Nothing is called that."))]);
  },

  choose(i) {
    const item = Search.found[i];
    byId("search").value = item.name.slice(0, 90);
    Search.close();
    select(item.thing, { zoom: true });
  },

  close() {
    byId("search-results").hidden = true;
    byId("search").setAttribute("aria-expanded", "false");
  },
};
