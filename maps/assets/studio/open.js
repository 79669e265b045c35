// The studio begins: the hand is listened to, and the server.
program.hand = Tools.click;

State.on((changed) => {
  if (changed.has("selected")) Bench.loss = null;
  if (changed.has("place")) {
    if (Altered.defined) Bench.ask({});
    else Beside.ask();
  }
  if (changed.has("selected")) Bench.detail();
  if (changed.has("opacity")) Beside.overlay?.setOpacity(State.opacity / 100);
  if (changed.has("selected")) Bench.render();
});

document.addEventListener("keydown", (event) => {
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
  if (event.key === "Escape" && Tools.mode) Tools.hold(null);
  if (typing || !(event.ctrlKey || event.metaKey)) return;
  const key = event.key.toLowerCase();
  const way = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
  if (!way) return;
  event.preventDefault();
  Draft.step(way);
});

for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => { Handles.show(); Beside.label(); Bench.render(); });

/** Fetch what the server said is there; what is history by then is left. */
async function fetchFor(kind, revision, take) {
  const body = await Bench.trying(() => Server.ask(`${kind}?revision=${revision}`));
  if (body && body.revision === revision) take(body);
}

Server.follow({
  state(state) {
    Draft.take(state);
    Bench.failed = state.failed;
    if (state.failed) Bench.working = null;
    if (state.drawn && Altered.drawnAt !== state.revision) fetchFor("drawn", state.revision, Opening.drawn);
    if (state.seen && Altered.seen?.revision !== state.revision) fetchFor("seen", state.revision, Opening.seen);
    Bench.render();
  },
  progress(told) {
    Bench.working = told;
    Bench.restate();
    // Work on a question ends with its answer, of which no event tells.
    clearTimeout(Bench.resting);
    if (Altered.seen?.revision === told.revision) Bench.resting = setTimeout(() => { Bench.working = null; Bench.restate(); }, 700);
  },
  drawn: ({ revision }) => fetchFor("drawn", revision, Opening.drawn),
  seen: ({ revision }) => fetchFor("seen", revision, Opening.seen),
});

const Opening = {
  drawn(body) {
    Altered.drawnAt = body.revision;
    Altered.drawn(body);
    performance.mark(`drawn ${body.revision}`);
  },
  seen(body) {
    Bench.working = null;
    Altered.see(body);
    Beside.label();
    if (Altered.defined) Bench.ask({});
    Bench.render();
    performance.mark(`seen ${body.revision}`);
  },
};

Object.assign(window.phusong, { draft: Draft, altered: Altered, bench: Bench, tools: Tools, beside: Beside });
Bench.render();
