/** What stays true while a page lies open: the number on the bell, who waits for the reader, and that the reader is there. */

const BELL_EVERY = 60_000;
const WAITING_EVERY = 20_000;
const PRESENT_EVERY = 60_000;
const KEPT = "shareload-present";
/** The server does not count what a page asks for by itself as use of the session. */
const BY_ITSELF = { "HX-Request": "true", "Shareload-Unattended": "1" };

let touched = Date.now();
const title = document.title;

/** Ask for a part of a page; null where there is none, as after the session's end. */
async function ask(path, options) {
  try {
    const answer = await fetch(path, { cache: "no-store", ...options });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** Put what the server says now in the place of a part; whoever was at a link in it, by keyboard, stays there. */
function put(part, text) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, button")) return;
  const at = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.innerHTML = text;
  if (at) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === at)?.focus();
  part.dispatchEvent(new CustomEvent("shareload:renewed", { bubbles: true }));
}

function every(milliseconds, part, path, show) {
  let last = null;
  setInterval(async () => {
    const text = await ask(path, { headers: BY_ITSELF });
    if (text === null || text === last) return;
    last = text;
    show(part, text);
  }, milliseconds);
}

const offered = (part) => Number(part.querySelector("[data-offered]")?.dataset.offered ?? 0);

/** Say in the tab's title how many wait for an answer whether they are taken on. */
function count(part) {
  document.title = offered(part) ? `(${offered(part)}) ${title}` : title;
}

function showWaiting(part, text) {
  const before = offered(part);
  put(part, text);
  count(part);
  if (offered(part) <= before) return;
  const said = Object.assign(document.createElement("p"), { className: "said" });
  said.append(Object.assign(document.createElement("span"), { textContent: part.dataset.news }));
  document.getElementById("said").replaceChildren(said);
}

/** Keep until when the reader counts as there: the page that shows it is not the only one that they work in. */
function notePresence(root) {
  const until = root.querySelector("[data-present]")?.dataset.present;
  if (until === undefined) return;
  const since = Date.now();
  const left = Date.parse(until) - since;
  if (left > 0) localStorage.setItem(KEPT, JSON.stringify({ since, next: since + left / 3, until: since + left }));
  else localStorage.removeItem(KEPT);
}

/** Let who said that they are there go on being there while they work in a page; nobody is brought back by it. */
async function stayPresent() {
  const { since, next, until } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  const now = Date.now();
  if (!(until > now) || next > now || touched <= since || document.hidden) return;
  const headers = { "HX-Request": "true", "X-Form-Token": document.body.dataset.formToken };
  const text = await ask("/availability/presence/renewal", { method: "POST", headers });
  if (text === null) return;
  const said = document.createElement("template");
  said.innerHTML = text;
  if (said.content.firstElementChild) notePresence(said.content);
  else localStorage.removeItem(KEPT);
  const shown = document.getElementById("presence");
  if (shown) put(shown, text);
}

for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}
const bell = document.getElementById("bell-number");
const waiting = document.getElementById("with-me");
if (bell) every(BELL_EVERY, bell, "/notices/unread", put);
if (waiting?.dataset.renewed) {
  count(waiting);
  every(WAITING_EVERY, waiting, waiting.dataset.renewed, showWaiting);
}
notePresence(document);
setInterval(stayPresent, PRESENT_EVERY);
