/** The parts of the dashboard that show present figures: tiles, shares of the load, sections, and who waits. */

import { drawBars } from "./bars.js";
import { Table } from "./tables.js";
import { age, element, language, number, percent, plural, say, span, title } from "./words.js";

const DAY = 86_400_000;
const LONG = 1800;
const QUEUED = new Set(["new", "queued", "reopened"]);
const WAITING = new Set([...QUEUED, "assigned"]);
const place = (id) => document.getElementById(id);
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

export const OPEN = new Set(["open", "claimed", "appealed"]);

export class Panels {
  /** `known` is all that the page knows; its names come from `personName` and `sectionName`. */
  constructor(known, pulse, { personName, sectionName }) {
    this.known = known;
    this.pulse = pulse;
    this.personName = personName;
    this.sectionName = sectionName;
    this.sectionTable = new Table(place("sections-table"), () => this.drawSections());
    this.loadTable = new Table(place("load-table"), () => this.drawLoad());
    this.queueTable = new Table(place("queue-table"), () => this.drawQueue());
  }

  waiting() {
    const waiting = [...this.known.conversations.values()].filter((item) => WAITING.has(item.state));
    return waiting.sort((a, b) => Date.parse(a.opened_at) - Date.parse(b.opened_at));
  }

  drawTiles() {
    const { findings, load } = this.known;
    const today = this.pulse.postsSince(new Date().setHours(0, 0, 0, 0));
    tile("tile-posts", number(today), plural(this.pulse.postsSince(Date.now() - DAY), "%(num)s post in 24 hours", "%(num)s posts in 24 hours"));

    const open = [...findings.values()];
    const claimed = open.filter((finding) => finding.state === "claimed").length;
    tile("tile-findings", number(open.length), claimed ? say("%(num)s with a coach", { num: number(claimed) }) : say("none with a coach yet"));

    const waiting = this.waiting();
    const queued = waiting.filter((item) => QUEUED.has(item.state)).length;
    tile("tile-waiting", number(waiting.length), queued ? say("%(num)s with nobody yet", { num: number(queued) }) : say("each with a colleague"), queued ? "warn" : "");

    const longest = waiting.length ? Math.max(0, age(waiting[0].opened_at)) : 0;
    tile("tile-wait", waiting.length ? span(longest) : "–", usualWait(load?.waits?.p50), longest > LONG ? "warn" : "");

    const jain = load?.jain;
    tile("tile-jain", jain == null ? "–" : number(Math.round(jain * 100) / 100), jain == null ? say("no load to share yet") : say("Jain's index, 1 is even"), jain >= 0.9 ? "good" : "");
  }

  drawSections() {
    const rows = this.known.bySection.filter((item) => item.findings > 0).sort((a, b) => b.findings - a.findings);
    this.sectionTable.show(rows.map((item) => [this.sectionName(item), number(item.findings)]));
    drawBars(
      place("sections"),
      rows.slice(0, 6).map((item) => ({ key: `${item.policy}/${item.section}`, name: this.sectionName(item), value: item.findings, count: number(item.findings) })),
      say("No findings. Everyone wrote as agreed."),
    );
  }

  /** People one by one; those in works-council mode only together with their department. */
  shares() {
    const people = (this.known.load?.people ?? []).filter((person) => person.handled || person.open);
    const groups = (this.known.load?.departments ?? []).filter((one) => one.works_council && (one.handled || one.open));
    const rows = [
      ...people.map((person) => ({ ...person, key: person.employee_number, name: this.personName(person.employee_number) })),
      ...groups.map((group) => ({ ...group, key: `all/${group.department}`, name: say("%(department)s, all together", { department: group.department }), online_hours: null })),
    ];
    return rows.sort((a, b) => b.share - a.share || b.open - a.open);
  }

  drawLoad() {
    const rows = this.shares();
    place("load-council").hidden = !rows.some((row) => row.works_council);
    this.loadTable.show(rows.map((row) => [row.name, percent(row.share), number(row.handled), number(row.open), row.online_hours == null ? "–" : hours(row)]));
    drawBars(
      place("load"),
      rows.slice(0, 9).map((row) => ({
        key: row.key,
        name: row.name,
        value: row.share,
        count: `${percent(row.share)}${row.open ? ` · ${say("%(num)s open", { num: number(row.open) })}` : ""}`,
        title: row.online_hours == null ? row.name : say("%(name)s: %(handled)s handled, %(open)s open, %(hours)s h online", { name: row.name, handled: number(row.handled), open: number(row.open), hours: hours(row) }),
      })),
      say("Nobody has handled a conversation yet."),
    );
  }

  drawQueue() {
    const waiting = this.waiting();
    const busy = [...this.known.conversations.values()].filter((item) => item.state === "accepted").length;
    write(place("queue-note"), busy ? plural(busy, "%(num)s is being answered", "%(num)s are being answered") : "");
    this.queueTable.show(waiting.slice(0, 50).map((item) => [what(item), this.withWhom(item), span(age(item.opened_at))]));
    const list = place("queue");
    const kept = new Map([...list.children].map((item) => [item.dataset.id, item]));
    const items = waiting.slice(0, 5).map((item) => this.queueItem(item, kept.get(item.id)));
    if (!items.length) items.push(kept.get("none") ?? nobodyWaits());
    if (items.length !== list.children.length || items.some((item, at) => item !== list.children[at])) list.replaceChildren(...items);
  }

  queueItem(item, known) {
    const row = known ?? element("li", null, element("span", "what"), element("span", "with"), element("span", "wait"));
    row.dataset.id = item.id;
    write(row.children[0], what(item));
    write(row.children[1], this.withWhom(item));
    write(row.children[2], span(age(item.opened_at)));
    row.children[2].className = age(item.opened_at) > LONG ? "wait late" : "wait";
    return row;
  }

  withWhom(item) {
    if (item.state !== "assigned") return say("waiting for a colleague with room");
    return item.assignee ? say("offered to %(name)s", { name: this.personName(item.assignee) }) : say("offered to a colleague");
  }
}

const hours = (row) => number(Math.round(row.online_hours * 10) / 10);

const what = (item) => [item.topic ?? say("question"), language(item.language), item.network].filter(Boolean).map(title).join(" · ");

function nobodyWaits() {
  const item = element("li", "empty", say("Nobody is waiting for an answer."));
  item.dataset.id = "none";
  return item;
}

function usualWait(seconds) {
  if (seconds == null) return say("nobody is waiting");
  return seconds < 1 ? say("half are assigned at once") : say("half are assigned within %(time)s", { time: span(seconds) });
}

function tile(id, figure, note, state = "") {
  write(place(id), figure);
  write(place(`${id}-note`), note);
  place(id).parentElement.className = `tile ${state}`;
}
