// What the reader has chosen on the map of two runs.
const Choice = {
  selected: null,
  shown: new Set(["borders", "names", "centres", "changed"]),
  changes: new Set(["gained", "lost", "better", "worse", "added", "removed"]),
  limit: 200,
};

const CHANGES = {
  gained: { label: "Gained service", sign: "▲▲" },
  lost: { label: "Lost service", sign: "▼▼" },
  better: { label: "Better", sign: "▲" },
  worse: { label: "Worse", sign: "▼" },
  added: { label: "Only in the later run", sign: "+" },
  removed: { label: "Only in the earlier run", sign: "−" },
  same: { label: "Unchanged", sign: "=" },
};

const FIBRE_CHANGES = {
  gained: "Gained fibre", lost: "Lost fibre", added: "Only in the later run", removed: "Only in the earlier run", same: "Unchanged",
};

const SIDES = ["before", "after"];

/** What a run is called beside the other: its period; where those are alike its day, then its hour. */
function runName(side) {
  const { period, created, scenario } = book[side];
  if (book.before.scenario !== book.after.scenario) return scenario || t("as it stands");
  if (period && book.before.period !== book.after.period) return period;
  const sameDay = SIDES.map((s) => new Date(book[s].created).toDateString()).every((day, _, days) => day === days[0]);
  const when = sameDay ? dateTime(created) : new Date(created).toLocaleDateString(Words.language === "vi" ? "vi-VN" : "en-GB", { dateStyle: "long" });
  return [period, when].filter(Boolean).join(" · ");
}
