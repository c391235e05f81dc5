/** `<shareload-check>`: "can I post this?" while somebody writes. */

import { Part, make } from "./part.js";
import { read } from "./showing.js";

const PAUSE = 400;

export class ShareloadCheck extends Part {
  static attributes = ["network", "kind"];
  #timer = 0;
  #asked = 0;

  /** The draft. */
  get value() { return this.shadowRoot.querySelector("textarea")?.value ?? ""; }
  set value(text) {
    this.#begin();
    this.shadowRoot.querySelector("textarea").value = text;
    this.check();
  }

  render() {
    this.#begin();
    const { say } = this;
    this.shadowRoot.querySelector("label").textContent = say("draft");
    this.shadowRoot.querySelector(".hint").textContent = say("draft_hint");
    if (this.value.trim()) this.check();
  }

  #begin() {
    if (this.shadowRoot.querySelector("textarea")) return;
    const field = make("textarea", { id: "draft", dir: "auto" });
    field.part = "draft";
    field.setAttribute("aria-describedby", "hint verdict");
    field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.check(), PAUSE);
    });
    const verdict = make("p", { id: "verdict", className: "verdict", role: "status", hidden: true });
    verdict.part = "verdict";
    this.place.append(
      make("label", { htmlFor: "draft" }),
      field,
      make("p", { id: "hint", className: "hint" }),
      verdict,
      make("div", { className: "reasons" }),
    );
  }

  /** Check the draft as it stands. */
  async check() {
    const text = this.value;
    const asked = ++this.#asked;
    const verdict = this.shadowRoot.querySelector(".verdict");
    if (!text.trim()) {
      verdict.hidden = true;
      this.shadowRoot.querySelector(".reasons").replaceChildren();
      return;
    }
    const draft = { text, kind: this.kind || "post", ...(this.network && { network: this.network }) };
    let answer;
    try {
      answer = await (await this.asker.fetch("/v1/checks", { method: "POST", body: draft })).json();
    } catch (error) {
      answer = { verdict: "", reasons: [], failed: error.status === 401 ? this.say("members") : this.say("failed") };
    }
    // An answer to what was written before is about something else.
    if (asked !== this.#asked) return;
    verdict.hidden = false;
    verdict.dataset.verdict = answer.verdict;
    verdict.textContent = answer.failed ?? this.say(answer.verdict);
    this.shadowRoot.querySelector(".reasons").replaceChildren(...this.#explain(text, answer));
    if (!answer.failed) this.tell("shareload-checked", answer);
  }

  #explain(text, { reasons, disclosure, protected: guarded }) {
    if (!reasons.length) return [];
    const parts = [
      make("p", { className: "hint" }, this.say("marked")),
      make("p", { className: "marked", dir: "auto" }, ...marked(text, reasons)),
    ];
    if (guarded) parts.push(make("p", { dir: "auto" }, guarded.message));
    if (disclosure) parts.push(make("p", {}, this.say("disclosure", { tag: disclosure })));
    return [...parts, make("ul", {}, ...reasons.map((reason) => this.#reason(reason)))];
  }

  #reason({ message, suggestion, policy, section }) {
    const beside = make("details", {}, make("summary", {}, this.say("section")));
    beside.addEventListener("toggle", async () => {
      if (!beside.open || beside.querySelector("article")) return;
      const article = make("article");
      beside.append(article);
      try {
        const asked = new URLSearchParams({ sections: section, ...(this.lang && { lang: this.lang }) });
        const page = await read(this.asker, `/embed/policies/${encodeURIComponent(policy)}?${asked}`);
        Object.assign(article, { lang: page.lang, dir: page.dir });
        article.append(...document.adoptNode(page.main).querySelectorAll("section"));
      } catch {
        article.remove();
        beside.open = false;
      }
    });
    const said = [message, suggestion].filter(Boolean).map((words) => make("p", { dir: "auto" }, words));
    return make("li", {}, ...said, beside);
  }
}

/** The text with what the reasons are about marked; spans count code points and may overlap. */
function marked(text, reasons) {
  const points = [...text];
  const within = points.map((_, at) => reasons.some(({ span }) => span.start <= at && at < span.end));
  const pieces = [];
  for (let at = 0; at < points.length; ) {
    let end = at;
    while (end < points.length && within[end] === within[at]) end += 1;
    const piece = points.slice(at, end).join("");
    pieces.push(within[at] ? make("mark", {}, piece) : piece);
    at = end;
  }
  return pieces;
}
