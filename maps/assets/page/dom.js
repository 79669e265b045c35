// Building elements. Text always goes in as text: no string of the data is ever read as HTML.
function make(tag, attributes = {}, ...children) {
  const node = tag === "svg" || SVG_TAGS.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
  return node;
}

const SVG_TAGS = new Set(["path", "circle", "rect", "line", "polygon", "text", "g", "defs", "pattern"]);

const byId = (id) => document.getElementById(id);

const fill = (node, ...children) => node.replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));

/** Names of the data may be long, empty or right-to-left: isolate and cut them for a heading. */
function named(text, fallback = "") {
  const whole = text || fallback;
  const short = whole.length > 90 ? `${whole.slice(0, 88)}…` : whole;
  return make("bdi", { title: whole.length > 90 ? whole : null }, short);
}

/** A box that scrolls sideways; where what it holds is wider, the keyboard can reach and move it. */
function scrolling(child) {
  const box = make("div", { class: "scroll" }, child);
  Wide.observe(box);
  return box;
}

const Wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

/** A definition list of label and value pairs; pairs without a value are left out. */
function facts(pairs) {
  return make("dl", { class: "facts" }, pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined)
    .map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value))));
}

/** Render a place anew; what is open in it stays open, and the keyboard stays where it is. */
function kept(place, render) {
  const open = new Set([...place.querySelectorAll("details[id][open]")].map((node) => node.id));
  const focus = place.contains(document.activeElement) ? document.activeElement : null;
  const name = focus && (focus.id ? `#${CSS.escape(focus.id)}`
    : ["point", "year", "sort", "go"].map((key) => (key in focus.dataset ? `[data-${key}="${CSS.escape(focus.dataset[key])}"]` : "")).find(Boolean));
  render();
  for (const node of place.querySelectorAll("details[id]")) if (open.has(node.id)) node.open = true;
  if (name) place.querySelector(name)?.focus({ preventScroll: true });
}

function announce(text) {
  byId("live").textContent = text;
}
