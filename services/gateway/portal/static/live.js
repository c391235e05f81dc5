/** The event stream: the browser resumes by itself; a `resync` or a long silence asks the page to load afresh. */

const SILENCE = 45_000;

export function follow(types, { onEvent, onState, onResync }) {
  let source;
  let heard = Date.now();

  function open(after) {
    const url = new URL("/v1/events", location.origin);
    url.searchParams.set("types", types.join(","));
    if (after) url.searchParams.set("after", after);
    source = new EventSource(url);
    source.onopen = () => { heard = Date.now(); onState("live"); };
    source.onerror = () => {
      onState("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(() => open(), 3000);
    };
    source.addEventListener("resync", (message) => { heard = Date.now(); onResync(JSON.parse(message.data)); });
    for (const type of types) {
      source.addEventListener(type, (message) => { heard = Date.now(); onEvent(JSON.parse(message.data)); });
    }
  }

  open();
  return { lastHeard: () => heard, silent: () => Date.now() - heard > SILENCE };
}
