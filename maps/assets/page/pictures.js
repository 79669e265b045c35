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
};
