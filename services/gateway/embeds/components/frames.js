/** What a page does for the frames in it: gives them the height they ask for, and tokens. */

const providers = new WeakMap();

/** Let a frame have tokens: `provide` is asked whenever it needs one. */
export function giveToken(frame, provide) {
  providers.set(frame, provide);
  greet(frame);
}

/** Have a frame say what it said before anybody heeded it; one that has not come yet says it by itself. */
function greet(frame) {
  frame.contentWindow?.postMessage({ shareload: "hello" }, "*");
}

/** Dress a frame: `{"--shareload-accent": "#a03"}`. */
export function dress(frame, variables) {
  frame.contentWindow.postMessage({ shareload: "style", variables }, new URL(frame.src).origin);
}

async function answer(frame) {
  const provide = providers.get(frame);
  if (!provide) return;
  const token = await provide();
  // A sandboxed frame has no origin to name; what it shows is the gateway's page all the same, or it would not ask.
  const target = frame.sandbox.length && !frame.sandbox.contains("allow-same-origin") ? "*" : new URL(frame.src).origin;
  frame.contentWindow.postMessage({ shareload: "token", token }, target);
}

/** Heed the frames that show pages of `origin`; some may have come before this script. */
export function heed(origin) {
  window.addEventListener("message", (event) => {
    const said = event.data;
    if (typeof said !== "object" || said === null || !said.shareload) return;
    const frame = [...document.querySelectorAll("iframe")].find((each) => each.contentWindow === event.source);
    if (!frame || new URL(frame.src, location.href).origin !== origin) return;
    if (said.shareload === "height" && Number.isFinite(said.height)) frame.style.height = `${Math.min(said.height, 50_000)}px`;
    if (said.shareload === "scroll" && Number.isFinite(said.top)) {
      window.scrollTo({ top: window.scrollY + frame.getBoundingClientRect().top + said.top });
    }
    if (said.shareload === "token-wanted") answer(frame);
    if (said.shareload === "acknowledged") {
      const detail = { policy: said.policy, version: said.version };
      frame.dispatchEvent(new CustomEvent("shareload-acknowledged", { bubbles: true, detail }));
    }
  });
  for (const frame of document.querySelectorAll("iframe")) {
    if (new URL(frame.src, location.href).origin === origin) greet(frame);
  }
}
