// Colours a colour-blind reader can tell apart (Okabe and Ito); shape or hatching says it again.
// PALETTE is written by the program: the colours that tables, layers and reports have too.
const GRADES = {
  c: { colour: PALETTE.grades.c, label: "Covered", alpha: 0.5, hatched: false },
  h: { colour: PALETTE.grades.h, label: "Hollow (lõm sóng)", alpha: 0.64, hatched: false },
  w: { colour: PALETTE.grades.w, label: "White (trắng sóng)", alpha: 0.72, hatched: true },
  n: { colour: "#9a9a9a", label: "Not assessed", alpha: 0.5, hatched: false },
};
const GRADE_ORDER = ["w", "h", "c", "n"];
const SHORT_GRADES = { c: "Covered", h: "Hollow", w: "White", n: "Not assessed" };

const carrierColour = (index) => PALETTE.carriers[index % PALETTE.carriers.length];

const INK = PALETTE.ink;

/** Darker than the blue of covered villages, so that a river reads on them too. */
const WATER = "#2a5f9e";
const FIBRE = PALETTE.fibre;
const REACH = PALETTE.reach;
const SEVERITY = PALETTE.severities;

function paleAreaPattern(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = "rgba(255, 255, 255, 0.95)";
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
