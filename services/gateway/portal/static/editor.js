/** Writing policy: what the preview found stands beside its lines; and a back-test as it goes. */

const WAIT = 450;

function beside(form) {
  const text = form.querySelector("#source");
  const lines = form.querySelector(".lines");
  const seen = form.querySelector("#seen");
  let asked;

  function number() {
    const wanted = text.value.split("\n");
    while (lines.childElementCount > wanted.length) lines.lastElementChild.remove();
    while (lines.childElementCount < wanted.length) lines.append(document.createElement("div"));
    wanted.forEach((line, index) => {
      const place = lines.children[index];
      if (place.textContent !== line) place.textContent = line;
    });
    follow();
  }

  function follow() { lines.scrollTop = text.scrollTop; }

  function mark() {
    for (const place of lines.children) place.className = "";
    for (const found of seen.querySelectorAll("[data-at]")) {
      const place = lines.children[found.dataset.at - 1];
      if (place && place.className !== "error") place.className = found.dataset.kind;
    }
  }

  function look() {
    clearTimeout(asked);
    asked = setTimeout(() => seen.dispatchEvent(new Event("look")), WAIT);
  }

  function jump(line) {
    const before = text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = text.value.indexOf("\n", before);
    text.focus();
    text.setSelectionRange(before, end < 0 ? text.value.length : end);
    text.scrollTop = Math.max(0, lines.children[line - 1].offsetTop - text.clientHeight / 3);
  }

  text.addEventListener("input", () => { number(); look(); });
  text.addEventListener("scroll", follow);
  seen.addEventListener("click", (event) => {
    const to = event.target.closest("[data-line]");
    if (to) jump(Number(to.dataset.line));
  });
  document.addEventListener("htmx:after:swap", mark);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(form.querySelector("[value=keep]")); }
  });
  new ResizeObserver(number).observe(text);
  number();
  mark();
}

/** Ask before leaving with words that nobody kept. */
function keepWords(form) {
  let kept = false;
  const text = form.querySelector("#source");
  form.addEventListener("submit", () => { kept = true; });
  addEventListener("beforeunload", (event) => { if (!kept && text.value !== text.defaultValue) event.preventDefault(); });
}

/** `?` shows the keys, where it is not being written; Escape leaves the text, from which Tab goes on. */
function listKeys(form) {
  const keys = document.getElementById("keys");
  const button = document.getElementById("show-keys");
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && writing && form.contains(writing)) writing.blur();
    if (event.key !== "?" || writing || keys.open || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys.showModal();
  });
}

function watch(place) {
  const source = new EventSource(`/v1/backtests/${place.dataset.backtest}/events`);
  const say = (name, value) => { if (value !== null) place.querySelector(`[data-${name}]`).textContent = value.toLocaleString(document.documentElement.lang); };
  const show = (message) => {
    const told = JSON.parse(message.data);
    place.querySelector("progress").value = told.percent;
    say("done", told.posts_done);
    say("total", told.posts_total);
    say("flagged", told.newly_flagged);
    say("cleared", told.newly_cleared);
  };
  for (const state of ["queued", "running"]) source.addEventListener(state, show);
  for (const state of ["done", "cancelled", "failed"]) source.addEventListener(state, () => { source.close(); location.reload(); });
}

const draft = document.getElementById("draft");
if (draft) { beside(draft); keepWords(draft); listKeys(draft); }
const progress = document.getElementById("progress");
if (progress) watch(progress);
