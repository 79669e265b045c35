// Names on the map; a name that would cover another is left out until the view is nearer.
const Labels = {
  /** Of the size of names; more where text is large. */
  factor: 1,

  styles: {
    commune: { font: "600 13px", colour: "#22242a", halo: 3.5 },
    village: { font: "400 11.5px", colour: "#22242a", halo: 3 },
    site: { font: "500 11px", colour: "#08314a", halo: 3 },
    water: { font: "italic 500 12px", colour: "#1d4a80", halo: 3 },
  },

  collect({ view, labels }) {
    if (!State.shown.has("names")) return;
    if (view.zoom >= 8.5) {
      Areas.communes.forEach((area, i) => {
        if (!meets(area, view)) return;
        labels.push({
          x: view.px((area.west + area.east) / 2), y: view.py((area.north + area.south) / 2),
          text: book.communes.name[i], rank: 1, style: "commune",
        });
      });
    }
    if (view.zoom >= 12 && ["villages", "fate", "exposure"].some((id) => State.shown.has(id))) {
      Areas.villages.forEach((area, i) => {
        const x = book.villages.x[i];
        if (x === null || !meets(area, view)) return;
        labels.push({ x: view.px(x), y: view.py(book.villages.y[i]), text: book.villages.name[i], rank: 4, style: "village" });
      });
    }
  },

  paint(brush) {
    Labels.collect(brush);
    if (State.shown.has("names")) Labels.place(brush);
  },

  place({ pen, view, labels }) {
    const taken = [];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.strokeStyle = "rgba(255, 255, 255, 0.92)";
    labels.sort((a, b) => a.rank - b.rank);
    for (const label of labels) {
      if (!label.text || outside(label.x, label.y, view)) continue;
      const style = Labels.styles[label.style];
      const text = label.text.length > 34 ? `${label.text.slice(0, 33)}…` : label.text;
      const font = style.font.replace(/[\d.]+(?=px)/, (px) => px * Labels.factor);
      pen.font = `${font} system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif`;
      const half = pen.measureText(text).width / 2 + 3;
      const box = { west: label.x - half, east: label.x + half, north: label.y - 9 * Labels.factor, south: label.y + 9 * Labels.factor };
      if (taken.some((other) => meets(box, other))) continue;
      taken.push(box);
      pen.lineWidth = style.halo;
      pen.strokeText(text, label.x, label.y);
      pen.fillStyle = style.colour;
      pen.fillText(text, label.x, label.y);
    }
  },
};
