// Small drawings beside words, made by the hands that draw the map.
/** A swatch drawn by the same painter that draws on the map. */
function drawn(draw) {
  const canvas = make("canvas", { width: 44, height: 44, class: "swatch", "aria-hidden": "true" });
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  draw(pen);
  return canvas;
}

function areaSwatch(grade, outlined = false) {
  return drawn((pen) => {
    pen.lineWidth = 2.4;
    pen.strokeStyle = outlined ? GRADES[grade].colour : "#6b6b6b";
    if (outlined && grade === "c") pen.strokeStyle = "rgba(40, 40, 40, 0.35)";
    if (!outlined) {
      pen.fillStyle = GRADES[grade].colour;
      pen.globalAlpha = GRADES[grade].alpha;
      pen.fillRect(2, 4, 18, 14);
      pen.globalAlpha = 1;
      pen.lineWidth = 0.8;
      if (GRADES[grade].hatched) {
        pen.fillStyle = paleAreaPattern(pen);
        pen.fillRect(2, 4, 18, 14);
      }
    }
    pen.strokeRect(2, 4, 18, 14);
  });
}

/** A box covered as areas of the map are. */
function coatSwatch({ colour, alpha, hatched }) {
  return drawn((pen) => {
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.fillRect(2, 4, 18, 14);
    pen.globalAlpha = 1;
    if (hatched) {
      pen.fillStyle = paleAreaPattern(pen);
      pen.fillRect(2, 4, 18, 14);
    }
    pen.lineWidth = 0.8;
    pen.strokeStyle = "#6b6b6b";
    pen.strokeRect(2, 4, 18, 14);
  });
}

function boxSwatch(colour, opacity) {
  return drawn((pen) => {
    pen.globalAlpha = opacity;
    pen.fillStyle = colour;
    pen.fillRect(2, 3, 18, 16);
  });
}

function lineSwatch(colour, dash) {
  return drawn((pen) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 2.4;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(1, 11);
    pen.lineTo(21, 11);
    pen.stroke();
  });
}

function sectorSample(pen, colour) {
  pen.beginPath();
  pen.moveTo(11, 12);
  pen.arc(11, 12, 10, -0.9, 0.2);
  pen.closePath();
  pen.globalAlpha = 0.35;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
}
