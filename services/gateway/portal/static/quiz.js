/** A quiz: answers are saved as they are given, the time is counted down, and entries move to the place they get. */

const form = document.querySelector("form.quiz");
const said = form.querySelector(".saved");
const changed = new Map();
let sending = false;

/** The fields of one question, as the form would send them. */
function fieldsOf(question) {
  const fields = new URLSearchParams();
  for (const control of question.querySelectorAll("input, select")) {
    if (control.type !== "radio" && control.type !== "checkbox" || control.checked) fields.append(control.name, control.value);
  }
  return fields;
}

/** What to say of an answer: that it is kept, what is wrong with it, or that it is not kept (who was signed out is sent elsewhere). */
async function wordsOf(answer) {
  if (answer.status === 204) return form.dataset.saved;
  return answer.ok && !answer.redirected ? answer.text() : form.dataset.refused;
}

async function send() {
  if (sending) return;
  sending = true;
  let wait = 1000;
  while (changed.size) {
    const [item, fields] = changed.entries().next().value;
    said.textContent = form.dataset.saving;
    try {
      const answer = await fetch(form.dataset.quiz + item, { method: "POST", body: fields, headers: { "X-Form-Token": document.body.dataset.formToken }, keepalive: true });
      if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
      if (changed.get(item) === fields) changed.delete(item);
      wait = 1000;
      said.textContent = await wordsOf(answer);
    } catch {
      said.textContent = form.dataset.unsaved;
      await new Promise((resolve) => { setTimeout(resolve, wait); });
      wait = Math.min(wait * 2, 15_000);
    }
  }
  sending = false;
}

function keep(control) {
  const question = control.closest("[data-item]");
  if (!question) return;
  changed.set(question.dataset.item, fieldsOf(question));
  send();
}

/** Entries change places: the one that held the place gets the place that is free now. */
function move(select) {
  const list = select.closest("[data-order]");
  const selects = [...list.querySelectorAll("select")];
  const free = selects.map((_, index) => String(index + 1)).find((place) => !selects.some((one) => one.value === place));
  const other = selects.find((one) => one !== select && one.value === select.value);
  if (other && free) other.value = free;
  list.append(...selects.sort((one, two) => one.value - two.value).map((one) => one.closest("li")));
  select.focus();
}

let typing;
form.addEventListener("change", (event) => {
  if (event.target.closest("[data-order]")) move(event.target);
  clearTimeout(typing);
  keep(event.target);
});
form.addEventListener("input", (event) => {
  if (event.target.type !== "text") return;
  clearTimeout(typing);
  typing = setTimeout(keep, 700, event.target);
});
addEventListener("beforeunload", (event) => { if (changed.size && !form.dataset.sent) event.preventDefault(); });
form.addEventListener("submit", () => { form.dataset.sent = "yes"; });

const clock = document.querySelector(".clock[data-deadline]");
if (clock) {
  const ahead = Date.parse(clock.dataset.now) - Date.now();
  const until = Date.parse(clock.dataset.deadline) - ahead;
  const shown = clock.querySelector("span");
  const tick = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    shown.textContent = clock.dataset.left.replace("%(left)s", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (left <= 300 && !clock.classList.contains("soon")) {
      clock.classList.add("soon");
      said.textContent = clock.dataset.soon;
    }
    if (left === 0) {
      clearInterval(ticking);
      const sure = Object.assign(document.createElement("input"), { type: "hidden", name: "sure", value: "yes" });
      form.append(sure);
      form.requestSubmit(form.querySelector("[value=submit]"));
    }
  };
  const ticking = setInterval(tick, 1000);
  tick();
}
