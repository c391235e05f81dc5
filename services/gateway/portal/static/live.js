/** The event stream: after a loss it goes on where it was, without gaps or repeats; a `resync` asks the page to load afresh. */

const SILENCE = 40_000;
const LONGEST_WAIT = 15;
const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/**
 * Follow events of some types. `onState` hears `live`, `lost` with the seconds until the next try, `catching` while
 * what was missed comes in, and `live` with how much that was. Read with fetch, not EventSource: only so is it known
 * what the server answered, when it last said anything, and where to go on from.
 */
export function follow(types, { onEvent, onState, onResync }) {
  const wanted = new Set(types);
  const url = `/v1/events?types=${prefixes(types).join(",")}`;
  let cursor = null;
  let heard = Date.now();
  let lastEvent = 0;
  let tries = 0;
  let missed = null;

  function take(block) {
    heard = Date.now();
    const fields = {};
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (fields.id) cursor = fields.id;
    if (fields.event === "resync") onResync(JSON.parse(fields.data));
    else if (wanted.has(fields.event)) {
      lastEvent = heard;
      if (missed !== null) missed += 1;
      onEvent(JSON.parse(fields.data));
    } else if (fields.id && !fields.data) caughtUp();
  }

  // A heartbeat says that all until now was sent.
  function caughtUp() {
    if (missed === null) return;
    onState("live", missed);
    missed = null;
  }

  async function read(abort) {
    const headers = { Accept: "text/event-stream", ...(cursor && { "Last-Event-ID": cursor }) };
    const response = await fetch(url, { headers, cache: "no-store", signal: abort.signal });
    if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    heard = Date.now();
    missed = tries ? 0 : null;
    onState(tries ? "catching" : "live");
    tries = 0;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(take);
    }
  }

  async function connect() {
    const abort = new AbortController();
    const watch = setInterval(() => { if (Date.now() - heard > SILENCE) abort.abort(); }, 5000);
    try {
      await read(abort);
    } catch (error) {
      console.info("events:", error.message);
    } finally {
      clearInterval(watch);
    }
  }

  async function run() {
    for (;;) {
      await connect();
      const wait = Math.min(LONGEST_WAIT, 2 ** tries);
      tries += 1;
      for (let left = wait; left > 0; left -= 1) {
        onState("lost", left);
        await pause(1000);
      }
      heard = Date.now();
    }
  }

  run();
  return { lastEvent: () => lastEvent };
}

/** `monitoring.finding.opened.v1` and its like by what they begin with: an address has room for only so many. */
function prefixes(types) {
  return [...new Set(types.map((type) => type.split(".").slice(0, 2).join(".")))];
}
