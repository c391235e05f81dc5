/** `<shareload-policy key="social-media">`: the policy in force, or some of its sections. */

import { Part, make } from "./part.js";
import { follow, offer, read } from "./showing.js";

export class ShareloadPolicy extends Part {
  static attributes = ["key", "sections"];
  #text = null;
  #unfollow = () => {};

  connectedCallback() {
    super.connectedCallback();
    this.#unfollow = follow(() => this.refresh());
  }

  disconnectedCallback() { this.#unfollow(); }

  async render() {
    this.#text = null;
    this.place.setAttribute("aria-busy", "true");
    if (!this.place.firstChild) this.place.append(make("p", { role: "status" }, this.say("waiting")));
    try {
      await this.refresh(true);
    } finally {
      this.place.removeAttribute("aria-busy");
    }
  }

  /** Show what is in force now, if it is not what is shown. */
  async refresh(first = false) {
    const asked = new URLSearchParams();
    if (this.sections) asked.set("sections", this.sections);
    if (this.lang) asked.set("lang", this.lang);
    try {
      const page = await read(this.asker, `/embed/policies/${encodeURIComponent(this.key)}?${asked}`);
      if (page.text === this.#text) return;
      this.#text = page.text;
      const article = make("article", { lang: page.lang, dir: page.dir });
      article.append(...document.adoptNode(page.main).childNodes);
      this.place.replaceChildren(article);
      offer(article, this.asker, (receipt) => this.tell("shareload-acknowledged", receipt));
      this.tell("shareload-shown", { policy: this.key });
      if (first) this.shadowRoot.getElementById(decodeURIComponent(location.hash.slice(1)) || " ")?.scrollIntoView();
    } catch (error) {
      if (!first) return;
      this.place.replaceChildren(make("p", { role: "alert" }, error.status === 401 ? this.say("members") : error.message));
    }
  }
}
