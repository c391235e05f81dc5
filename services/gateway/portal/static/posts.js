/** The list of posts as they come in, with what the rules in force found in them. */

import { ago, element, initials, say, title } from "./words.js";

const SHOWN = 14;
const SEVERITIES = { block: "Blocked by “%(section)s”", hold: "Held by “%(section)s”", advise: "Advice from “%(section)s”" };

export class Posts {
  constructor(list, { personName, sectionName }) {
    this.list = list;
    this.personName = personName;
    this.sectionName = sectionName;
    this.findings = new Map();
    this.added = 0;
  }

  /** Start over, newest first. */
  load(posts) {
    this.list.replaceChildren(...posts.slice(0, SHOWN).map((post) => this.item(post)));
    if (!posts.length) this.list.append(element("li", "empty", say("No posts yet. They appear here the moment they come in.")));
  }

  /** Put a new post on top. */
  add(post) {
    this.list.querySelector(".empty")?.remove();
    this.list.querySelector(`li[data-id="${CSS.escape(post.id)}"]`)?.remove();
    const item = this.item(post);
    // Posts that come in by the hundred are not waved in one by one.
    if (Date.now() - this.added > 300) item.classList.add("new");
    this.added = Date.now();
    this.list.prepend(item);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
  }

  /** Put in what events do not carry: who wrote these posts, and what. */
  fill(posts) {
    for (const post of posts) this.list.querySelector(`li[data-id="${CSS.escape(post.id)}"]`)?.replaceWith(this.item(post));
  }

  /** Mark the post that a finding is about. */
  mark(finding) {
    this.findings.set(finding.post, [...(this.findings.get(finding.post) ?? []).filter((known) => known.id !== finding.id), finding]);
    const marks = this.list.querySelector(`li[data-id="${CSS.escape(finding.post)}"] .marks`);
    marks?.replaceChildren(...this.marks(finding.post));
  }

  /** Bring the ages up to date. */
  tick() {
    for (const time of this.list.querySelectorAll("time")) time.textContent = ago(time.dateTime);
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
