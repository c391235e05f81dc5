/** What the components have in common: attributes as properties, a token, a shadow with our style in it. */

import { Asker } from "./asking.js";
import style from "./styles.js";
import { rightToLeft, spokenTo, words } from "./words.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);

export class Part extends HTMLElement {
  static attributes = [];
  static get observedAttributes() { return [...this.attributes, "theme", "lang", "base"]; }

  /** Define the element, with a property for each attribute. */
  static define(name) {
    for (const attribute of [...this.attributes, "theme", "base"]) {
      Object.defineProperty(this.prototype, attribute, {
        get() { return this.getAttribute(attribute) ?? ""; },
        set(value) { value === null || value === undefined ? this.removeAttribute(attribute) : this.setAttribute(attribute, value); },
      });
    }
    if (!customElements.get(name)) customElements.define(name, this);
  }

  #token = null;
  #due = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    this.place = document.createElement("div");
    this.place.className = "shareload";
    this.place.part = "content";
    this.shadowRoot.append(this.place);
    this.renew();
  }

  /** A token, or a function that gets one; asked again when the one before has ended. */
  get token() { return this.#token; }
  set token(value) {
    this.#token = value;
    this.renew();
    this.plan();
  }

  renew() {
    const base = this.base || new URL(import.meta.url).origin;
    this.asker = new Asker(base, (again) => (typeof this.#token === "function" ? this.#token() : again ? null : this.#token));
  }

  get say() { return words(this.lang || document.documentElement.lang); }

  connectedCallback() { this.plan(); }

  attributeChangedCallback(name) {
    if (name === "base") this.renew();
    this.plan();
  }

  /** Render once for all that changes in one go. */
  plan() {
    if (this.#due || !this.isConnected) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      const lang = this.lang || document.documentElement.lang;
      this.place.dataset.theme = this.theme || "auto";
      // The words are ours, whatever the page around them is written in; only how they are laid out is the page's.
      this.place.lang = spokenTo(lang);
      this.place.dir = rightToLeft(lang) ? "rtl" : "ltr";
      this.render();
    });
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }
}

/** Make an element: `make("p", {className: "x"}, "text", child)`. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
