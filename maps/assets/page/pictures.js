// The signal rasters: taken out of the page when first asked for, laid under the outlines.
const QUANTITIES = {
  level: "Level of the best server",
  probability: "Probability of service",
  server: "Best-server areas",
};

function pictureFor({ operator, technology, signal }) {
  const index = book.pictures.findIndex(
    (p) => p.operator === operator && p.technology === technology && p.quantity === signal,
  );
  return index < 0 ? null : index;
}

/** The range of one class: level in dBm, probability in percent. */
function classText(steps, index, quantity) {
  const named = quantity === "level" ? (v) => number(v) : (v) => number(v * 100);
  return index + 1 < steps.length
    ? t("{from} to {to}", { from: named(steps[index]), to: named(steps[index + 1]) })
    : t("{from} and more", { from: named(steps[index]) });
}

const Pictures = {
  overlay: null,
  drawn: null,

  update(map) {
    const index = State.signal === "none" ? null : pictureFor(State);
    if (index !== Pictures.drawn) {
      Pictures.overlay?.remove();
      Pictures.overlay = null;
      Pictures.drawn = index;
      if (index !== null) {
        const png = byId(`picture-${index}`).textContent.trim();
        Pictures.overlay = L.imageOverlay(`data:image/png;base64,${png}`, book.frame.bounds, {
          pane: "signal", className: "signal-picture",
        }).addTo(map);
      }
    }
    Pictures.overlay?.setOpacity(State.opacity / 100);
  },

  /** The class of the shown picture at a point, in words; null where no picture with classes is. */
  at(latlng) {
    const image = Pictures.overlay?.getElement();
    const { steps, colours } = book.pictures[Pictures.drawn] ?? { steps: [] };
    if (!image?.complete || !steps.length) return null;
    const [[south, west], [north, east]] = book.frame.bounds;
    const corner = toFrame(L.latLng(north, west));
    const far = toFrame(L.latLng(south, east));
    const { x, y } = toFrame(latlng);
    const canvas = make("canvas", { width: 1, height: 1 });
    const pen = canvas.getContext("2d");
    pen.drawImage(image, -Math.floor(((x - corner.x) / (far.x - corner.x)) * image.naturalWidth),
      -Math.floor(((y - corner.y) / (far.y - corner.y)) * image.naturalHeight));
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    if (!alpha) return t("{quantity} here: below what the picture shows", { quantity: t(QUANTITIES[State.signal]) });
    const hex = `#${[red, green, blue].map((c) => c.toString(16).padStart(2, "0")).join("")}`;
    const index = colours.indexOf(hex);
    return index < 0 ? null : t("{quantity} here: {range}", {
      quantity: t(QUANTITIES[State.signal]), range: `${classText(steps, index, State.signal)} ${State.signal === "level" ? "dBm" : "%"}`,
    });
  },
};
