/** What every page does: times in the reader's zone, the menu on a phone, keys, and a word when the server is away. */

const language = document.documentElement.lang;
const short = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

export function ago(at, now = Date.now()) {
  const seconds = (at - now) / 1000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.round(seconds / length), unit);
}

export function showTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-shown]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.title = short.format(at);
    time.textContent = { ago: () => ago(at), day: () => day.format(at), time: () => short.format(at) }[time.dataset.shown]();
  }
}

function onKey(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { search.focus(); event.preventDefault(); }
  }
}

/** A form that was sent is not sent again by a second click. */
function onSubmit(event) {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method === "dialog" || !button) return;
  setTimeout(() => { button.setAttribute("aria-busy", "true"); });
}

function askFirst(event) {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (question && !confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
}

function closeOthers(event) {
  for (const open of document.querySelectorAll("details.dropdown[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
}

async function watchServer() {
  const away = document.getElementById("away");
  if (!away) return;
  try {
    const answer = await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    away.hidden = answer.ok;
  } catch {
    away.hidden = false;
  }
}

/** Where a refusal stands: above what the answer would have replaced. What nobody asked for, outside of the page, has none. */
function placeFor({ target }) {
  if (!(target instanceof Element) || !target.closest("main")) return null;
  document.getElementById("refused")?.remove();
  const place = Object.assign(document.createElement("div"), { id: "refused", role: "status" });
  target.prepend(place);
  return place;
}

function sayNotDone(ctx) {
  placeFor(ctx)?.append(document.getElementById("not-done").content.cloneNode(true));
}

/** A refusal is shown beside what was done; what is no part of a page is never put into one. */
function onAnswer(event) {
  const { ctx } = event.detail;
  if (ctx.response.status >= 400) {
    event.preventDefault();
    sayNotDone(ctx);
  } else if (ctx.hx.retarget !== "#refused") {
    document.getElementById("refused")?.remove();
  } else if (!placeFor(ctx)) {
    event.preventDefault();
  }
}

/** Bring a refusal into view, unless somebody is writing. */
function onRefused(event) {
  if (event.detail.ctx.hx?.retarget !== "#refused" || document.activeElement?.matches("textarea, input")) return;
  document.getElementById("refused")?.scrollIntoView({ block: "nearest" });
}

/** Copying needs a page from a safe place; elsewhere the words are marked, to be copied by hand. */
async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard?.writeText(field.value);
  if (navigator.clipboard) button.textContent = button.dataset.copied;
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
showTimes();
setInterval(() => { if (!document.hidden) showTimes(); }, 30_000);
document.addEventListener("shareload:renewed", (event) => showTimes(event.target));
setInterval(() => { if (!document.hidden) watchServer(); }, 10_000);
// What is for later is not in the way of the page.
addEventListener("load", () => { if (document.querySelector("#bell-number")) import("./meanwhile.js"); });
addEventListener("keydown", onKey);
addEventListener("submit", askFirst, true);
addEventListener("submit", onSubmit);
addEventListener("click", closeOthers);
addEventListener("pageshow", () => { for (const busy of document.querySelectorAll("button[aria-busy]")) busy.removeAttribute("aria-busy"); });
document.addEventListener("htmx:after:swap", () => showTimes());
document.addEventListener("htmx:after:swap", onRefused);
document.addEventListener("htmx:before:response", onAnswer);
document.addEventListener("htmx:error", (event) => { if (event.detail.ctx) sayNotDone(event.detail.ctx); watchServer(); });
document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail?.ctx?.request;
  if (request) request.headers["X-Form-Token"] = document.body.dataset.formToken;
});
