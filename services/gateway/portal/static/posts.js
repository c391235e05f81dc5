/** The list of posts as they come in, with what the rules in force found in them. */

import { ago, element, initials, say, title } from "./words.js";

const SHOWN = 14;
const FINDINGS_KEPT = 200;
const SEVERITIES = { block: "Blocked by “%(section)s”", hold: "Held by “%(section)s”", advise: "Advice from “%(section)s”" };

export class Posts {
  constructor(list, { personName, sectionName }) {
    this.list = list;
    this.personName = personName;
    this.sectionName = sectionName;
    this.findings = new Map();
    this.shown = new Map();
    this.incoming = [];
  }

  /** Start over, newest first. */
  load(posts) {
    this.incoming = [];
    this.shown = new Map(posts.slice(0, SHOWN).map((post) => [post.id, post]));
    this.list.replaceChildren(...posts.slice(0, SHOWN).map((post) => this.item(post)));
    if (!posts.length) this.list.append(element("li", "empty", say("No posts yet. They appear here the moment they come in.")));
  }

  /** A new post, on top once the page is drawn again; of many at once, only those that stay are made. */
  add(post) {
    this.incoming.push(post);
    if (this.incoming.length > SHOWN) this.incoming.shift();
  }

  /** Show what came in, and how old everything is by now. */
  draw() {
    const several = this.incoming.length > 2;
    for (const post of this.incoming.splice(0)) {
      this.list.querySelector(".empty")?.remove();
      this.find(post.id)?.remove();
      this.shown.set(post.id, post);
      const item = this.item(post);
      if (!several) item.classList.add("new");
      this.list.prepend(item);
    }
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.forget();
    for (const time of this.list.querySelectorAll("time")) {
      const text = ago(time.dateTime);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  /** Put in what events do not carry: who wrote these posts, and what. */
  fill(posts) {
    for (const post of posts) {
      const item = this.find(post.id);
      if (!item || "text" in (this.shown.get(post.id) ?? {})) continue;
      this.shown.set(post.id, post);
      item.replaceWith(this.item(post));
    }
  }

  /** Names became known. */
  rename() {
    for (const [id, post] of this.shown) this.find(id)?.replaceWith(this.item(post));
  }

  /** Mark the post that a finding is about. */
  mark(finding) {
    this.findings.set(finding.post, [...(this.findings.get(finding.post) ?? []).filter((known) => known.id !== finding.id), finding]);
    const marks = this.find(finding.post)?.querySelector(".marks");
    marks?.replaceChildren(...this.marks(finding.post));
  }

  /** Keep nothing of posts that have left the list; the page may stay open for days. */
  forget() {
    const kept = new Set([...this.list.children].map((item) => item.dataset.id));
    for (const id of this.shown.keys()) if (!kept.has(id)) this.shown.delete(id);
    if (this.findings.size > FINDINGS_KEPT) for (const id of this.findings.keys()) if (!kept.has(id)) this.findings.delete(id);
  }

  find(id) {
    return this.list.querySelector(`li[data-id="${CSS.escape(id)}"]`);
  }

  item(post) {
    const staff = post.person ? this.personName(post.person) : null;
    const name = staff ?? post.author ?? say("someone");
    const time = element("time", null, ago(post.posted_at));
    time.dateTime = post.posted_at;
    const what = say({ staff: "colleague on %(network)s", reply: "reply on %(network)s", mention: "customer on %(network)s" }[post.kind] ?? post.kind, { network: title(post.network) });
    const text = element("p", "post-text", post.withheld ? say("It may disturb: a coach opens it in the queue.") : post.text ?? "");
    text.lang = post.lang ?? "";
    const body = element(
      "div", null,
      element("div", "post-head", element("b", null, name), element("span", null, what), time),
      text,
      element("div", "marks", ...this.marks(post.id)),
    );
    const item = element("li", null, element("span", `avatar ${post.kind === "mention" ? "" : "staff"}`, initials(name)), body);
    item.dataset.id = post.id;
    return item;
  }

  marks(post) {
    return (this.findings.get(post) ?? []).map((finding) =>
      element("span", `mark ${finding.severity}`, say(SEVERITIES[finding.severity] ?? finding.severity, { section: this.sectionName(finding) })),
    );
  }
}
