// Measured places: weaker than predicted points down, stronger points up, colour says how much.
const RESIDUAL_CLASSES = [
  { least: -Infinity, label: "weaker than predicted by more than 15 dB" },
  { least: -15, label: "weaker by 5 to 15 dB" },
  { least: -5, label: "within 5 dB" },
  { least: 5, label: "stronger by 5 to 15 dB" },
  { least: 15, label: "stronger than predicted by more than 15 dB" },
];

const Measured = {
  /** The class of a difference: the lower end belongs to it. */
  part: (residual) => RESIDUAL_CLASSES.filter(({ least }) => residual >= least).length - 1,

  /** Whether a row is of the chosen carrier and technology. */
  counts(i) {
    const m = book.measured;
    return (State.operator === "*" || m.operators[m.operator[i]] === State.operator)
      && (State.technology === "*" || m.technologies[m.technology[i]] === State.technology);
  },

  /** Rows of the chosen carrier and technology that have a place. */
  chosen() {
    return book.measured ? book.measured.row.map((_, i) => i).filter((i) => book.measured.x[i] !== null && Measured.counts(i)) : [];
  },

  paint({ pen, view }) {
    if (!State.shown.has("measured") || !book.measured) return;
    const rows = Measured.chosen();
    const size = view.zoom >= 13 ? 6 : rows.length > 1500 ? 3 : 4.5;
    for (const i of rows) {
      const x = view.px(book.measured.x[i]), y = view.py(book.measured.y[i]);
      if (!outside(x, y, view)) Measured.mark(pen, x, y, size, Measured.part(book.measured.residual[i]));
    }
  },

  mark(pen, x, y, size, part) {
    const way = Math.sign(part - 2);
    pen.beginPath();
    if (way) {
      pen.moveTo(x, y - way * size);
      pen.lineTo(x + size, y + way * size * 0.8);
      pen.lineTo(x - size, y + way * size * 0.8);
      pen.closePath();
    } else {
      pen.arc(x, y, size * 0.75, 0, 2 * Math.PI);
    }
    pen.fillStyle = PALETTE.residuals[part];
    pen.strokeStyle = INK;
    pen.lineWidth = 0.9;
    pen.lineJoin = "round";
    pen.fill();
    pen.stroke();
  },

  /** Index of the nearest shown row within some metres, or -1. */
  near(x, y, reach_m) {
    const rows = Measured.chosen();
    const index = Marks.near({ x: rows.map((i) => book.measured.x[i]), y: rows.map((i) => book.measured.y[i]) }, x, y, reach_m);
    return index < 0 ? -1 : rows[index];
  },
};
