// What the reader has chosen; everything drawn and written follows from it.
const State = {
  operator: "*",
  technology: "*",
  /** outdoor, in_vehicle or indoor: where the phone is. */
  place: "outdoor",
  signal: "none",
  opacity: 70,
  /** The year of a plan whose end is shown; 0: the last. */
  year: 0,
  shown: new Set(),
  selected: null,
  /** Where on the map the chosen thing was clicked; null when it was found another way. */
  spot: null,
  listeners: [],

  /** Change some choices and tell every part of the page which ones changed. */
  change(choices) {
    const changed = Object.keys(choices).filter((key) => State[key] !== choices[key]);
    if (!changed.length) return;
    Object.assign(State, choices);
    State.tell(changed);
  },

  show(layer, visible) {
    if (State.shown.has(layer) === visible) return;
    if (visible) State.shown.add(layer);
    else State.shown.delete(layer);
    State.tell(["shown"]);
  },

  tell(changed) {
    const keys = new Set(changed);
    for (const listener of State.listeners) listener(keys);
  },

  on(listener) {
    State.listeners.push(listener);
  },
};

/** The village figures of the chosen carrier and technology; null when the run has none. */
function currentFigures() {
  return book.figures.find((f) => f.place === State.place && f.operator === State.operator && f.technology === State.technology) ?? null;
}

/** Why there are no village figures for the choice. */
function noFigures() {
  if (!book.figures.length) return t("villages were not assessed in this run");
  if (!JUDGED.has(State.place)) return howToJudge(State.place);
  return t("This carrier has no such technology: no village was assessed for it.");
}

/** Where the villages of this run were judged. */
const JUDGED = new Set(book.figures.map((f) => f.place));

const howToJudge = (place) => t("Villages were judged outdoors only. To judge them here too, write places = ['{place}'] under [indicators] in study.toml and run again.", { place });

const anyFirst = (names) => ["*", ...names.filter((name) => name !== "*")];
const OPERATORS = anyFirst([...new Set(book.figures.map((f) => f.operator))]);
const TECHNOLOGIES = anyFirst(Object.keys(TECHNOLOGY).filter((name) => book.figures.some((f) => f.technology === name)));
