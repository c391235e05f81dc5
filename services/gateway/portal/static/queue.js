/** The coaching queue by keyboard, and live: what comes in waits behind a button, so that nothing moves under the hand. */

import { follow } from "./live.js";

const desk = document.querySelector(".desk");
const list = document.getElementById("waiting-list");
const work = document.getElementById("finding");
const keys = document.getElementById("keys");
const live = document.getElementById("live");
const TYPES = ["opened", "claimed", "closed", "released"].map((what) => `monitoring.finding.${what}.v1`);
const fresh = new Set();

const rows = () => [...list.querySelectorAll("[data-finding]")];
const shown = () => work.querySelector("article.finding")?.dataset.id;
const rowOf = (id) => rows().find((row) => row.dataset.finding === id);

/** Go to the next or previous finding; past the end, stay. */
function step(by) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.finding === shown());
  const row = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (row && row.dataset.finding !== shown()) row.click();
}

/** Do what a key stands for in the finding: press its button, or open its part and begin to write. */
function press(key) {
  const target = work.querySelector(`[data-key="${key}"]`);
  if (!target) return false;
  if (target.tagName === "DETAILS") {
    target.open = true;
    (target.querySelector("textarea") ?? target.querySelector("summary")).focus();
    target.scrollIntoView({ block: "nearest" });
  } else {
    target.click();
  }
  return true;
}

function onKey(event) {
  const field = event.target.closest("input, textarea, select");
  if (field) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { field.form?.requestSubmit(); event.preventDefault(); }
    if (event.key !== "Escape") return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (event.key === "Escape") {
    const open = event.target.closest("details.deal-part");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  } else if (!act(event.key)) {
    return;
  }
  event.preventDefault();
}

/** Do what a key means on this page; say whether it means anything. */
function act(key) {
  if (key === "j" || key === "k") {
    step(key === "j" ? 1 : -1);
  } else if (key === "?") {
    keys.showModal();
  } else {
    return "cgdpr".includes(key) && press(key);
  }
  return true;
}

/** Do what was pressed before the page listened, up to where it begins to be words for a field. */
function catchUp() {
  for (const key of early.take()) {
    if (document.activeElement?.matches("textarea, input")) return;
    act(key);
  }
}

/** After another finding was shown: mark its row, name what follows it, and let a screen reader begin at its title. */
function onShown(event) {
  const id = shown();
  const all = rows();
  for (const row of all) row.toggleAttribute("aria-current", false);
  const row = rowOf(id);
  row?.setAttribute("aria-current", "true");
  row?.scrollIntoView({ block: "nearest" });
  const next = all[all.indexOf(row) + 1] ?? all.find((each) => each !== row);
  for (const field of work.querySelectorAll("input[name=next]")) field.value = next?.dataset.finding ?? "";
  document.querySelector("main").classList.add("on-finding");
  if (event?.detail?.ctx?.target === work) document.getElementById("finding-title")?.focus({ preventScroll: true });
}

function tellNews() {
  const button = document.getElementById("news");
  if (!button) return;
  button.hidden = fresh.size === 0;
  button.textContent = fresh.size === 1 ? button.dataset.one : button.dataset.many.replace("{n}", fresh.size);
}

function onEvent({ type, data }) {
  const what = type.split(".")[2];
  if (what === "opened" || what === "released") {
    const row = rowOf(data.id);
    if (row) row.querySelector(".taken").hidden = true;
    else fresh.add(data.id);
  } else {
    fresh.delete(data.id);
    if (data.coach !== desk.dataset.me) {
      const row = rowOf(data.id);
      if (row) { row.classList.add("gone"); row.querySelector(".taken").hidden = false; }
      const open = work.querySelector("article.finding");
      if (open?.dataset.id === data.id && ["open", "appealed"].includes(open.dataset.state)) {
        work.querySelector("#overtaken").hidden = false;
      }
    }
  }
  tellNews();
}

function onState(state) {
  live.dataset.state = state;
  live.querySelector("span").textContent = state === "live" ? live.dataset.live : live.dataset.lost;
}

document.getElementById("show-keys").hidden = false;
document.getElementById("show-keys").addEventListener("click", () => keys.showModal());
addEventListener("keydown", onKey);
document.addEventListener("htmx:after:swap", (event) => {
  if (!event.detail?.ctx?.target || event.detail.ctx.target === work) onShown(event);
  if (event.detail?.ctx?.target === list) { fresh.clear(); onShown(); }
});
addEventListener("submit", (event) => { if (!event.defaultPrevented && event.target.method === "post") early.leave(); });
for (const field of work.querySelectorAll("details[open] textarea")) { field.focus(); break; }
catchUp();
document.querySelector("main").dataset.loaded = "";
follow(TYPES, { onEvent, onState, onResync: () => { fresh.add("resync"); tellNews(); } });
