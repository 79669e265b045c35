// Colours a colour-blind reader can tell apart (Okabe and Ito); shape or hatching says it again.
const GRADES = {
  c: { colour: "#56b4e9", label: "Covered", alpha: 0.5, hatched: false },
  h: { colour: "#e69f00", label: "Hollow (lõm sóng)", alpha: 0.64, hatched: false },
  w: { colour: "#c4390c", label: "White (trắng sóng)", alpha: 0.72, hatched: true },
  n: { colour: "#9a9a9a", label: "Not assessed", alpha: 0.5, hatched: false },
};
const GRADE_ORDER = ["w", "h", "c", "n"];

const CARRIER_COLOURS = ["#0072b2", "#cc79a7", "#009e73", "#000000", "#7a4b00", "#6a3d9a", "#8c8c00", "#b2182b"];

const carrierColour = (index) => CARRIER_COLOURS[index % CARRIER_COLOURS.length];

const INK = "#1a1a1a";

/** Darker than the blue of covered villages, so that a river reads on them too. */
const WATER = "#2a5f9e";
const FIBRE = { lit: "#0b5d3b", dark: "#7b3294", planned: "#6b6b6b" };
const REACH = { reached: "#0b5d3b", missing: "#c4390c" };
const SEVERITY = { error: "#c4390c", warning: "#e69f00", info: "#0072b2" };

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
