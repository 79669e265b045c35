// The scenario that is drawn: the page's own copy, sent as a whole whenever it changes.
const Draft = {
  scenario: { name: "" },
  revision: 0,
  state: { undo: 0, redo: 0, names: [] },
  /** The site whose mast is being edited; null: none. */
  chosen: null,
  sending: false,
  waiting: false,
  /** Why the last edit was refused, in words; null: it was not. */
  refused: null,

  masts: () => Draft.scenario.masts ?? [],
  mast: (site) => Draft.masts().find((mast) => mast.site_id === site) ?? null,
  off: (kind) => Draft.scenario.off?.[kind] ?? [],
  change: (site) => (Draft.scenario.changes ?? []).find((change) => change.site_id === site) ?? null,

  /** Edit a copy and send it. */
  edit(alter) {
    const next = structuredClone(Draft.scenario);
    alter(next);
    Draft.scenario = next;
    Draft.refused = null;
    Handles.show();
    Bench.render();
    Draft.send();
  },

  /** One edit is on its way at a time; what changes meanwhile goes with the next. */
  async send() {
    Draft.waiting = true;
    if (Draft.sending) return;
    Draft.sending = true;
    try {
      while (Draft.waiting) {
        Draft.waiting = false;
        const answer = await Server.ask("edit", { base: Draft.revision, scenario: Draft.scenario });
        if (answer) Draft.revision = answer.revision;
        else {
          Draft.waiting = false;
          announce(t("Another page has changed the scenario; its state is shown."));
          Draft.take(await Server.ask("state"), true);
        }
      }
    } catch (refusal) {
      Draft.refused = refusal instanceof Refusal ? refusal.words : t("The studio does not answer; it may have been stopped.");
      announce(Draft.refused);
    } finally {
      Draft.sending = false;
      if (Draft.state.revision >= Draft.revision && !Draft.refused) Draft.take(Draft.state);
      else Bench.render();
    }
  },

  /** What the server says is drawn; our own later edits stay. */
  take(state, whole = false) {
    Draft.state = state;
    if (!whole && (Draft.sending || Draft.waiting)) return;
    Draft.revision = state.revision;
    Draft.scenario = state.scenario;
    if (Draft.chosen && !Draft.mast(Draft.chosen)) Draft.chosen = null;
    Handles.show();
    Bench.render();
  },

  async step(way) {
    const state = await Server.ask(way, {});
    if (state) Draft.take(state, true);
  },

  /** A name no site has. */
  freshName(stem = "M") {
    const taken = new Set([...book.sites.id, ...Draft.masts().map((mast) => mast.site_id)]);
    let n = 1;
    while (taken.has(`${stem}-${n}`)) n += 1;
    return `${stem}-${n}`;
  },

  place(latlng, like = null) {
    const mast = like ? structuredClone(like) : structuredClone(book.studio.site);
    mast.site_id = Draft.freshName();
    mast.longitude = degrees(latlng.lng);
    mast.latitude = degrees(latlng.lat);
    Draft.chosen = mast.site_id;
    Draft.edit((scenario) => { scenario.masts = [...(scenario.masts ?? []), mast]; });
  },

  move(site, latlng) {
    Draft.edit((scenario) => {
      for (const mast of scenario.masts) if (mast.site_id === site) Object.assign(mast, { longitude: degrees(latlng.lng), latitude: degrees(latlng.lat) });
    });
  },

  set(site, values) {
    Draft.edit((scenario) => { Object.assign(scenario.masts.find((mast) => mast.site_id === site), values); });
  },

  remove(site) {
    Draft.chosen = null;
    Draft.edit((scenario) => {
      scenario.masts = scenario.masts.filter((mast) => mast.site_id !== site);
      scenario.backhaul = (scenario.backhaul ?? []).filter((link) => link.site_id !== site && link.upstream !== site);
    });
  },

  toggleOff(kind, id) {
    Draft.edit((scenario) => {
      const off = { ...(scenario.off ?? {}) };
      const ids = off[kind] ?? [];
      off[kind] = ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
      scenario.off = off;
    });
  },

  alterSite(site, values) {
    Draft.edit((scenario) => {
      const changes = (scenario.changes ?? []).filter((change) => change.site_id !== site);
      const whole = { ...(Draft.change(site) ?? { site_id: site }), ...values };
      for (const key of Object.keys(whole)) if (whole[key] === null) delete whole[key];
      scenario.changes = Object.keys(whole).length > 1 ? [...changes, whole] : changes;
    });
  },

  lay(points) {
    const taken = new Set([...(book.cables?.id ?? []), ...(Draft.scenario.cables ?? []).map((cable) => cable.cable_id)]);
    let n = 1;
    while (taken.has(`K-${n}`)) n += 1;
    Draft.edit((scenario) => { scenario.cables = [...(scenario.cables ?? []), { cable_id: `K-${n}`, points }]; });
  },

  hang(site, upstream) {
    Draft.edit((scenario) => {
      const rest = (scenario.backhaul ?? []).filter((link) => link.site_id !== site);
      scenario.backhaul = [...rest, { site_id: site, upstream }];
    });
  },
};

const degrees = (value) => Math.round(value * 1e7) / 1e7;
