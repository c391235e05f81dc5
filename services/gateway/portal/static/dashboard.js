/** The live dashboard: present state from the REST API, then every change from the event stream. */

import { get, list } from "./api.js";
import { drawBars } from "./bars.js";
import { follow } from "./live.js";
import { Posts } from "./posts.js";
import { Pulse } from "./pulse.js";
import { age, ago, element, language, number, percent, plural, say, span, title } from "./words.js";

const DAY = 86_400_000;
const TYPES = [
  "monitoring.post.received.v1",
  "monitoring.finding.opened.v1", "monitoring.finding.claimed.v1", "monitoring.finding.closed.v1",
  "monitoring.conversation.opened.v1", "monitoring.conversation.assigned.v1", "monitoring.conversation.accepted.v1",
  "monitoring.conversation.queued.v1", "monitoring.conversation.reopened.v1",
  "monitoring.conversation.returned.v1", "monitoring.conversation.answered.v1", "monitoring.conversation.resolved.v1",
  "policy.version.in_force.v1",
];
const QUEUED = new Set(["new", "queued", "reopened"]);
const WAITING = new Set([...QUEUED, "assigned"]);
const DONE = new Set(["resolved", "answered", "waiting"]);
const OPEN = new Set(["open", "claimed", "appealed"]);
const place = (id) => document.getElementById(id);

const people = new Map();
const sections = new Map();
const findings = new Map();
const conversations = new Map();
let bySection = [];
let load = null;
let lastPost = null;

const personName = (key) => people.get(key)?.name ?? key;
const sectionName = (item) => sections.get(`${item.policy}/${item.section}`) ?? item.section;
const pulse = new Pulse(place("pulse"), document.querySelectorAll("[data-range]"), place("pulse-table"));
const posts = new Posts(place("posts"), { personName, sectionName });

/** A part of the page that cannot be read stays empty; the rest of the page works. */
const attempt = (work) => work.catch((error) => { console.warn(error.message); return null; });

function tile(id, figure, note, state = "") {
  place(id).textContent = figure;
  place(`${id}-note`).textContent = note;
  place(id).parentElement.className = `tile ${state}`;
}

function drawTiles() {
  const today = new Date().setHours(0, 0, 0, 0);
  tile("tile-posts", number(pulse.postsSince(today)), plural(pulse.postsSince(Date.now() - DAY), "%(num)s post in 24 hours", "%(num)s posts in 24 hours"));

  const open = [...findings.values()].filter((finding) => OPEN.has(finding.state));
  const claimed = open.filter((finding) => finding.state === "claimed").length;
  tile("tile-findings", number(open.length), claimed ? say("%(num)s with a coach", { num: number(claimed) }) : say("none with a coach yet"));

  const waiting = [...conversations.values()].filter((item) => WAITING.has(item.state));
  const queued = waiting.filter((item) => QUEUED.has(item.state)).length;
  tile("tile-waiting", number(waiting.length), queued ? say("%(num)s with nobody yet", { num: number(queued) }) : say("each with a colleague"), queued ? "warn" : "");

  const longest = Math.max(0, ...waiting.map((item) => age(item.opened_at)));
  const usual = load?.waits?.p50;
  tile("tile-wait", waiting.length ? span(longest) : "–", usual == null ? say("nobody is waiting") : usual < 1 ? say("half are assigned at once") : say("half are assigned within %(time)s", { time: span(usual) }), longest > 1800 ? "warn" : "");

  const jain = load?.jain;
  tile("tile-jain", jain == null ? "–" : number(Math.round(jain * 100) / 100), jain == null ? say("no load to share yet") : say("Jain's index, 1 is even"), jain >= 0.9 ? "good" : "");
}

function drawSections() {
  const rows = bySection.filter((item) => item.findings > 0).sort((a, b) => b.findings - a.findings).slice(0, 6);
  drawBars(
    place("sections"),
    rows.map((item) => ({ key: `${item.policy}/${item.section}`, name: sectionName(item), value: item.findings, count: number(item.findings) })),
    say("No findings. Everyone wrote as agreed."),
  );
}

function drawLoad() {
  const rows = (load?.people ?? []).filter((person) => person.handled || person.open);
  rows.sort((a, b) => b.share - a.share || b.open - a.open);
  drawBars(
    place("load"),
    rows.slice(0, 9).map((person) => ({
      key: person.employee_number,
      name: personName(person.employee_number),
      value: person.share,
      count: `${percent(person.share)}${person.open ? ` · ${say("%(num)s open", { num: number(person.open) })}` : ""}`,
      title: say("%(name)s: %(handled)s handled, %(open)s open, %(hours)s h online", { name: personName(person.employee_number), handled: number(person.handled), open: number(person.open), hours: number(Math.round(person.online_hours * 10) / 10) }),
    })),
    say("Nobody has handled a conversation yet."),
  );
}

function drawQueue() {
  const waiting = [...conversations.values()].filter((item) => WAITING.has(item.state));
  const busy = [...conversations.values()].filter((item) => item.state === "accepted").length;
  waiting.sort((a, b) => Date.parse(a.opened_at) - Date.parse(b.opened_at));
  place("queue-note").textContent = busy ? plural(busy, "%(num)s is being answered", "%(num)s are being answered") : "";
  place("queue").replaceChildren(...waiting.slice(0, 5).map(queueItem));
  if (!waiting.length) place("queue").append(element("li", "empty", say("Nobody is waiting for an answer.")));
}

function queueItem(item) {
  const what = [item.topic ?? say("question"), language(item.language), item.network].filter(Boolean).map(title).join(" · ");
  const who = item.state === "assigned" ? say("offered to %(name)s", { name: personName(item.assignee) }) : say("waiting for a colleague with room");
  const wait = element("span", age(item.opened_at) > 1800 ? "wait late" : "wait", span(age(item.opened_at)));
  return element("li", null, element("span", "what", what), element("span", "with", who), wait);
}

function drawAges() {
  posts.tick();
  drawTiles();
  drawQueue();
  place("posts-age").textContent = lastPost ? say("last post: %(when)s", { when: ago(lastPost) }) : "";
}

async function loadCounts() {
  const since = (days) => new Date(Date.now() - days * DAY).toISOString();
  const [hours, found, shared] = await Promise.all([
    attempt(get(`/v1/summary?by=hour&from=${since(30)}`)),
    attempt(get(`/v1/summary?by=section&from=${since(30)}`)),
    attempt(get("/v1/load")),
  ]);
  if (hours) pulse.load(hours.items);
  if (found) bySection = found.items;
  if (shared) load = shared;
  drawSections();
  drawLoad();
  drawTiles();
}

async function loadNames() {
  const [staff, policies] = await Promise.all([attempt(list("/v1/people", 5000)), attempt(list("/v1/policies"))]);
  for (const person of staff ?? []) {
    people.set(person.id, person);
    people.set(person.employee_number, person);
  }
  const inForce = await Promise.all((policies ?? []).map((policy) => attempt(get(`/v1/policies/${policy.key}`))));
  for (const policy of inForce.filter(Boolean)) {
    for (const section of policy.sections) sections.set(`${policy.key ?? policy.policy}/${section.id}`, section.heading);
  }
}

async function loadAll() {
  await loadNames();
  const [newest, open, claimed, talks] = await Promise.all([
    attempt(get("/v1/posts?limit=20")),
    attempt(list("/v1/findings?state=open", 2000)),
    attempt(list("/v1/findings?state=claimed", 2000)),
    attempt(list("/v1/conversations", 2000)),
  ]);
  findings.clear();
  conversations.clear();
  for (const finding of [...(open ?? []), ...(claimed ?? [])]) takeFinding(finding);
  for (const talk of talks ?? []) conversations.set(talk.id, talk);
  const items = (newest?.items ?? []).sort((a, b) => Date.parse(b.posted_at) - Date.parse(a.posted_at));
  lastPost = items[0]?.posted_at ?? null;
  posts.load(items);
  await loadCounts();
  drawAges();
}

function takeFinding(finding) {
  if (OPEN.has(finding.state)) findings.set(finding.id, finding);
  else findings.delete(finding.id);
  posts.mark(finding);
}

let countsDue = null;
function countAgainSoon() {
  countsDue ??= setTimeout(() => { countsDue = null; loadCounts(); }, 4000);
}

// Events carry no words to somebody who signed in: what the page may show is asked for, once for many.
let wordsDue = null;
function readWordsSoon() {
  wordsDue ??= setTimeout(async () => {
    wordsDue = null;
    posts.fill((await attempt(get("/v1/posts?limit=20")))?.items ?? []);
  }, 300);
}

function take(event) {
  const [, resource] = event.type.split(".");
  if (resource === "post") {
    lastPost = event.data.posted_at;
    posts.add(event.data);
    readWordsSoon();
    if (age(event.data.posted_at) < DAY / 1000) pulse.add("posts", event.data.posted_at);
  } else if (resource === "finding") {
    takeFinding(event.data);
    if (event.type.includes(".opened.")) { pulse.add("findings", event.data.opened_at); countAgainSoon(); }
  } else if (resource === "conversation") {
    if (DONE.has(event.data.state)) conversations.delete(event.data.id);
    else conversations.set(event.data.id, { ...conversations.get(event.data.id), ...event.data });
    countAgainSoon();
  } else {
    loadNames().then(drawSections);
  }
  drawAges();
}

const live = place("live");
function showState(state) {
  live.dataset.state = state;
  live.lastElementChild.textContent = { live: say("Live"), lost: say("Connection lost, trying again") }[state];
}

// Listen first, load then: what happens meanwhile is applied on top. Counts that this doubles are read again soon.
const held = [];
let loaded = false;
const stream = follow(TYPES, {
  onEvent: (event) => (loaded ? take(event) : held.push(event)),
  onState: showState,
  onResync: loadAll,
});
await loadAll();
loaded = true;
document.querySelector("main").dataset.loaded = "";
held.splice(0).forEach(take);
setInterval(() => {
  drawAges();
  const quiet = (Date.now() - stream.lastHeard()) / 1000;
  if (live.dataset.state === "live") live.lastElementChild.textContent = quiet < 5 ? say("Live") : say("Live · nothing new for %(time)s", { time: span(quiet) });
}, 1000);
setInterval(loadCounts, 30_000);
