// Large text for a projector or tired eyes: panels, legend and names on the map grow; the map keeps its scale.
const Large = {
  factor: 1.3,
  on: false,

  start(map) {
    Large.map = map;
    byId("large").addEventListener("click", () => {
      Large.set(!Large.on);
      Permalink.write(map);
    });
  },

  set(on) {
    Large.on = on;
    Labels.factor = on ? Large.factor : 1;
    document.body.classList.toggle("large", on);
    byId("large").setAttribute("aria-pressed", String(on));
    // Beside a large legend little of the map would be left on a small screen.
    if (on && window.innerWidth < 1500) Legend.open = false;
    Legend.render();
    Large.map.invalidateSize({ animate: false, pan: false });
    surface.repaint();
  },
};
