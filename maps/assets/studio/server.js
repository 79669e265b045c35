// The server this page came from: what is asked of it, and what it tells by itself.
const Server = {
  /** What this page calls itself: its later question takes the place of an earlier one of a kind. */
  page: Math.random().toString(36).slice(2),

  /** Ask; null when an edit has made the question history. Errors are in words of both languages. */
  async ask(path, body) {
    const answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.status === 409) return null;
    if (answer.ok) return answer.json();
    const said = await answer.json().catch(() => null);
    throw new Refusal(said?.error ?? null);
  },

  /** Follow what happens; a line that breaks is taken up again by the browser. */
  follow(hears) {
    const line = new EventSource("events");
    for (const [event, hear] of Object.entries(hears)) {
      line.addEventListener(event, (told) => hear(JSON.parse(told.data)));
    }
    line.onopen = () => Server.alive(true);
    line.onerror = () => Server.alive(false);
  },

  there: true,

  alive(there) {
    if (Server.there === there) return;
    Server.there = there;
    Bench.render();
  },
};

class Refusal extends Error {
  constructor(pair) {
    super(pair?.en ?? "refused");
    this.pair = pair;
  }

  /** Why, in the reader's language. */
  get words() {
    return this.pair ? Words.pick(this.pair) : t("The studio does not answer; it may have been stopped.");
  }
}
