/** What a lead must look at now: found in what the page knows, said in a sentence, gone once it is over. */

import { age, element, language, number, plural, say, span, title } from "./words.js";

const SOON = 1800;
const FEW_COMPLAINTS = 5;
const MANY_TIMES = 3;
const HOUR = 3600;
const WEEK_HOURS = 7 * 24;
const SHOWN = 6;
const QUEUED = new Set(["new", "queued", "reopened"]);
const ANSWER_DUE = new Set([...QUEUED, "assigned", "accepted"]);

/** Customers' complaints by the hour in which they came, to tell a spike from an ordinary day. */
export class Complaints {
  constructor() {
    this.hours = new Map();
  }

  load(items) {
    this.hours = new Map(items.filter((item) => item.key === "complaint").map((item) => [Date.parse(item.at) / 1000, item.value]));
  }

  add(time) {
    const hour = Math.floor(Date.parse(time) / 1000 / HOUR) * HOUR;
    this.hours.set(hour, (this.hours.get(hour) ?? 0) + 1);
  }

  /** How many came in the last hour, and how many do in an hour of the week before. */
  lately() {
    const now = Date.now() / 1000;
    const hour = Math.floor(now / HOUR) * HOUR;
    const before = (this.hours.get(hour - HOUR) ?? 0) * (1 - (now - hour) / HOUR);
    const earlier = [...this.hours].filter(([at]) => at < hour - HOUR && at >= hour - WEEK_HOURS * HOUR);
    const usual = earlier.reduce((sum, [, count]) => sum + count, 0) / WEEK_HOURS;
    return { now: Math.round((this.hours.get(hour) ?? 0) + before), usual };
  }
}

/** Return what is to be seen to, the most urgent first. */
export function alertsOf({ conversations, pauses, complaints }) {
  const due = conversations.filter((item) => item.due_at && ANSWER_DUE.has(item.state));
  const found = [
    ...crises(conversations),
    ...standing(pauses, conversations.filter((item) => QUEUED.has(item.state) && item.missing === "pause").length),
    ...late(due.filter((item) => age(item.due_at) >= 0)),
    ...nobody(conversations.filter((item) => QUEUED.has(item.state) && item.missing && (item.missing !== "pause" || !pauses.length))),
    ...spike(complaints.lately()),
    ...soon(due.filter((item) => age(item.due_at) < 0 && age(item.due_at) > -SOON)),
  ];
  return found.sort((a, b) => (b.level === "urgent") - (a.level === "urgent"));
}

function crises(conversations) {
  return conversations
    .filter((item) => item.kind === "crisis")
    .map((item) => ({
      key: `crisis/${item.id}`, level: "urgent", link: `/conversations/${item.id}`, open: say("Read it"),
      text: say("This may be a crisis: a message on %(network)s.", { network: title(item.network) }),
    }));
}

/** One for each pause; who waits is counted where only one can be the cause. */
function standing(pauses, waiting) {
  const detail = pauses.length === 1 && waiting ? plural(waiting, "%(num)s conversation waits until it ends", "%(num)s conversations wait until it ends") : "";
  return pauses.map((pause) => ({ key: `pause/${pause.id}`, level: "urgent", detail, text: say("Replies stand still (%(scope)s): %(reason)s", { scope: scopeName(pause.scope), reason: pause.reason }) }));
}

function late(items) {
  if (!items.length) return [];
  return [{ key: "late", level: "urgent", link: "/load", open: say("See the load"), text: plural(items.length, "%(num)s customer waits longer than promised.", "%(num)s customers wait longer than promised.") }];
}

function soon(items) {
  if (!items.length) return [];
  const next = Math.min(...items.map((item) => -age(item.due_at)));
  return [{ key: "soon", level: "warn", text: plural(items.length, "%(num)s promised answer is due within half an hour", "%(num)s promised answers are due within half an hour"), detail: say("the next in %(time)s", { time: span(next) }) }];
}

/** One for each thing that nobody has: the certificate, the language, the topic, or simply room. */
function nobody(items) {
  const groups = new Map();
  for (const item of items) groups.set(item.missing, [...(groups.get(item.missing) ?? []), item]);
  return [...groups].map(([missing, those]) => ({
    key: `nobody/${missing}`, level: ["room", "presence"].includes(missing) ? "warn" : "urgent", link: "/load", open: say("See what is missing"),
    text: `${plural(those.length, "%(num)s conversation finds nobody", "%(num)s conversations find nobody")}: ${reason(missing)}`,
  }));
}

function reason(missing) {
  const [what, which = ""] = missing.split(/:(.*)/s);
  if (what === "room") return say("everyone who could take it has their hands full.");
  if (what === "presence") return say("nobody who could take it is there.");
  if (what === "pause") return say("replies stand still.");
  if (what === "certification") return say("nobody holds the certificate %(name)s.", { name: which });
  if (what === "language") return say("nobody speaks %(name)s.", { name: language(which) });
  if (what === "topic") return say("nobody takes the topic %(name)s.", { name: which.replace(/ in language:(\S+)/, (_, code) => ` (${language(code)})`) });
  return say("everyone who could take it has given it back.");
}

function spike({ now, usual }) {
  if (now < FEW_COMPLAINTS || now < MANY_TIMES * usual) return [];
  return [{ key: "spike", level: "urgent", link: "/queue", open: say("Open the queue"), text: say("Complaints come in faster than usual."), detail: say("%(num)s in an hour, otherwise %(usual)s", { num: number(now), usual: number(Math.round(usual * 10) / 10) }) }];
}

function scopeName(scope) {
  const [what, which = ""] = scope.split(":");
  return what === "all" ? say("everywhere") : what === "language" ? language(which) : title(which);
}

/** Keeps the list on the page; what is there already stays as it is, so that only news is read out. */
export class Alerts {
  constructor(list) {
    this.list = list;
    this.none = say("Nothing needs you at the moment.");
  }

  show(alerts) {
    const known = new Map([...this.list.children].map((item) => [item.dataset.key, item]));
    const kept = alerts.slice(0, SHOWN).map((alert) => this.item(alert, known.get(alert.key)));
    if (alerts.length > SHOWN) kept.push(this.item({ key: "more", level: "quiet", text: say("and %(num)s more", { num: number(alerts.length - SHOWN) }) }, known.get("more")));
    if (!alerts.length) kept.push(this.item({ key: "none", level: "quiet", text: this.none }, known.get("none")));
    if (kept.length !== known.size || kept.some((item, at) => item !== this.list.children[at])) this.list.replaceChildren(...kept);
  }

  item(alert, known) {
    const item = known ?? element("li", null, element("span", "alert-text"), element("span", "alert-detail"));
    item.className = `alert ${alert.level}`;
    item.dataset.key = alert.key;
    write(item.children[0], alert.text);
    write(item.children[1], alert.detail ?? "");
    if (alert.link && !item.querySelector("a")) {
      const link = element("a", null, alert.open);
      link.href = alert.link;
      item.append(link);
    }
    return item;
  }
}

const write = (place, text) => { if (place.textContent !== text) place.textContent = text; };
