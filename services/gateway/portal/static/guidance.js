/** One's own guidance: read it, accept it, or ask for a second look. */

import { list, post } from "./api.js";
import { element } from "./words.js";

const place = document.getElementById("guidance");
const STATES = { given: "New", acknowledged: "Read and accepted", appealed: "Second look asked for" };

function button(text, className, work) {
  const made = element("button", className, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try { await work(); } catch (error) { made.after(element("span", "soft small", error.message)); made.disabled = false; }
  });
  return made;
}

function letter(guidance) {
  const item = element("li", null);
  const card = element(
    "article", "card letter",
    element("header", "card-head", element("h2", null, guidance.kind === "praise" ? "Well done" : STATES[guidance.state] ?? guidance.state), element("time", "soft small", new Date(guidance.given_at).toLocaleDateString(undefined, { dateStyle: "long" }))),
    element("p", null, guidance.message),
    guidance.better_wording ? element("blockquote", null, guidance.better_wording) : null,
  );
  if (guidance.state === "given") {
    card.append(element(
      "div", "actions",
      button("I have read it", "", async () => { await post(`/v1/guidance/${guidance.id}/acknowledgement`); await load(); }),
      guidance.kind === "praise" ? null : button("Ask for a second look", "quiet", async () => {
        const reason = prompt("What should another coach look at?");
        if (reason) await post(`/v1/guidance/${guidance.id}/appeal`, { reason });
        await load();
      }),
    ));
  }
  item.append(card);
  return item;
}

async function load() {
  try {
    const items = await list("/v1/guidance", 200);
    place.replaceChildren(...items.map(letter));
    if (!items.length) place.append(element("li", "empty", "Nobody has told you anything yet. That is a good sign."));
  } catch (error) {
    place.replaceChildren(element("li", "empty", error.message));
  }
}

load();
