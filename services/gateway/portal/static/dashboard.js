/** The live dashboard: present state from the REST API, then every change from the event stream. */

import { get, list } from "./api.js";
import { Alerts, Complaints, alertsOf } from "./dashboard_alerts.js";
import { Coverage } from "./dashboard_coverage.js";
import { OPEN, Panels } from "./dashboard_panels.js";
import { follow } from "./live.js";
import { Posts } from "./posts.js";
import { Pulse } from "./pulse.js";
import { age, ago, number, plural, say, span } from "./words.js";

const DAY = 86_400_000;
const DRAWN_APART = 200;
const conversation = ["opened", "assigned", "accepted", "queued", "reopened", "returned", "answered", "resolved", "overdue"];
const certificate = ["issued", "renewed", "expiring", "expired", "suspended", "reinstated", "revoked", "changed"];
const TYPES = [
  "monitoring.post.received.v1",
  ...["opened", "claimed", "closed", "released"].map((what) => `monitoring.finding.${what}.v1`),
  ...conversation.map((what) => `monitoring.conversation.${what}.v1`),
  "monitoring.pause.started.v1", "monitoring.pause.ended.v1",
  ...certificate.map((what) => `training.certificate.${what}.v1`),
  "policy.version.in_force.v1",
];
const UNANSWERED = ["new", "queued", "reopened", "assigned", "accepted"];
const DONE = new Set(["resolved", "answered", "waiting"]);
const place = (id) => document.getElementById(id);
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

const people = new Map();
const sections = new Map();
const known = { findings: new Map(), conversations: new Map(), pauses: new Map(), bySection: [], load: null };
const names = {
  personName: (key) => people.get(key)?.name ?? key,
  sectionName: (item) => sections.get(`${item.policy}/${item.section}`) ?? item.section,
};
const pulse = new Pulse(place("pulse"), document.querySelectorAll("[data-range]"), place("pulse-table"));
const posts = new Posts(place("posts"), names);
const panels = new Panels(known, pulse, names);
const coverage = new Coverage(place("coverage-tier"), place("coverage"), place("coverage-table"));
const alerts = new Alerts(place("alerts"));
const complaints = new Complaints();
let lastPost = null;
let countedAt = null;

/** A part of the page that cannot be read stays as it is; the rest of the page works. */
const attempt = (work) => work.catch((error) => { console.info(error.message); return null; });

/** Do something a moment after it is asked for, once for many, and not again too soon. */
function soon(work, first, apart) {
  let due = null;
  let last = 0;
  return () => {
    due ??= setTimeout(() => { due = null; last = Date.now(); work(); }, Math.max(first, last + apart - Date.now()));
  };
}

function draw() {
  posts.draw();
  pulse.draw();
  panels.drawTiles();
  panels.drawQueue();
  alerts.show(alertsOf({ conversations: [...known.conversations.values()], pauses: [...known.pauses.values()], complaints }));
  write(place("posts-age"), lastPost ? say("last post: %(when)s", { when: ago(lastPost) }) : "");
  const counted = countedAt === null ? null : (Date.now() - countedAt) / 1000;
  write(place("data-age"), counted === null ? "" : counted < 5 ? say("Counted just now") : say("Counted %(time)s ago", { time: span(counted) }));
}
// Many events are one drawing: the page stays smooth however fast they come.
const drawSoon = soon(() => requestAnimationFrame(draw), 20, DRAWN_APART);

function drawShares() {
  panels.drawSections();
  panels.drawLoad();
}

async function loadCounts() {
  const since = (days) => new Date(Date.now() - days * DAY).toISOString();
  const [hours, found, triage, shared] = await Promise.all([
    attempt(get(`/v1/summary?by=hour&from=${since(30)}`)),
    attempt(get(`/v1/summary?by=section&from=${since(30)}`)),
    attempt(get(`/v1/summary/series?metric=triage&by=kind&step=hour&from=${since(8)}`)),
    attempt(get("/v1/load")),
  ]);
  if (hours) { pulse.load(hours.items); countedAt = Date.now(); }
  if (found) known.bySection = found.items;
  if (triage) complaints.load(triage.items);
  if (shared) known.load = shared;
  drawShares();
  drawSoon();
}
const countAgainSoon = soon(loadCounts, 400, 4000);

async function loadCoverage() {
  const answer = await attempt(get("/v1/certificate-coverage"));
  if (answer) coverage.load(answer);
}
const coverAgainSoon = soon(loadCoverage, 300, 2000);

async function loadNames() {
  const [staff, headings] = await Promise.all([attempt(list("/v1/people", 5000)), attempt(get("/dashboard/sections"))]);
  for (const person of staff ?? []) {
    people.set(person.id, person);
    people.set(person.employee_number, person);
  }
  for (const [section, heading] of Object.entries(headings ?? {})) sections.set(section, heading);
  posts.rename();
  drawShares();
  drawSoon();
}

async function loadWork() {
  const [open, pauses, ...talks] = await Promise.all([
    Promise.all([...OPEN].map((state) => attempt(list(`/v1/findings?state=${state}`, 2000)))),
    attempt(list("/v1/pauses?in_force=true")),
    ...UNANSWERED.map((state) => attempt(list(`/v1/conversations?state=${state}`, 2000))),
  ]);
  known.findings.clear();
  known.conversations.clear();
  known.pauses.clear();
  for (const finding of open.flat().filter(Boolean)) takeFinding(finding);
  for (const talk of talks.flat().filter(Boolean)) known.conversations.set(talk.id, talk);
  for (const pause of pauses ?? []) known.pauses.set(pause.id, pause);
  drawSoon();
}

/** What nobody has changes without an event: a pause begins or ends, somebody comes or goes. */
async function loadLacks() {
  for (const { id, missing } of (await attempt(list("/v1/routing-queue", 2000))) ?? []) {
    const talk = known.conversations.get(id);
    if (talk) known.conversations.set(id, { ...talk, missing });
  }
  drawSoon();
}
const lackAgainSoon = soon(loadLacks, 300, 2000);
// A reason that was asked for just before the routing is old when the routing is told.
const lacking = () => known.pauses.size > 0 || [...known.conversations.values()].some(({ missing }) => missing);

async function loadPosts() {
  const newest = await attempt(get("/v1/posts?limit=20"));
  const items = (newest?.items ?? []).sort((a, b) => Date.parse(b.posted_at) - Date.parse(a.posted_at));
  lastPost = items[0]?.posted_at ?? null;
  posts.load(items);
}

// Names of thousands take a while, and stand in for numbers once they are there.
const loadAll = () => { loadNames(); return Promise.all([loadPosts(), loadWork(), loadCounts(), loadCoverage()]); };

// Events carry no words to somebody who signed in: what the page may show is asked for, once for many.
const readWordsSoon = soon(async () => posts.fill((await attempt(get("/v1/posts?limit=20")))?.items ?? []), 300, 1500);

function takeFinding(finding) {
  if (OPEN.has(finding.state)) known.findings.set(finding.id, finding);
  else known.findings.delete(finding.id);
  posts.mark(finding);
}

const takes = {
  post({ data }) {
    lastPost = data.posted_at;
    posts.add(data);
    readWordsSoon();
    if (age(data.posted_at) < DAY / 1000) pulse.add("posts", data.posted_at);
    if (data.triage === "complaint") complaints.add(data.posted_at);
  },
  finding({ type, data }) {
    takeFinding(data);
    if (type.includes(".opened.")) { pulse.add("findings", data.opened_at); countAgainSoon(); }
  },
  conversation({ data }) {
    if (DONE.has(data.state)) known.conversations.delete(data.id);
    else known.conversations.set(data.id, { ...known.conversations.get(data.id), missing: null, ...data });
    countAgainSoon();
    if (lacking()) lackAgainSoon();
  },
  pause({ type, data }) {
    if (type.includes(".started.")) known.pauses.set(data.id, data);
    else known.pauses.delete(data.id);
    lackAgainSoon();
  },
  certificate: coverAgainSoon,
  version: loadNames,
};

function take(event) {
  takes[event.type.split(".")[1]](event);
  drawSoon();
}

const live = place("live");
const [said, ticking] = live.querySelectorAll("span");
let since = 0;
function showState(state, amount) {
  if (live.dataset.state !== state) since = Date.now();
  live.dataset.state = state;
  place("stale").hidden = state !== "lost";
  write(said, {
    live: amount === undefined ? say("Live") : plural(amount, "Caught up: %(num)s event was missed", "Caught up: %(num)s events were missed"),
    catching: say("Connected again, catching up"),
    lost: say("Connection lost"),
  }[state]);
  write(ticking, state === "lost" ? say("again in %(num)s s", { num: number(amount) }) : "");
}

// Listen first, load then: what happens meanwhile is applied on top, and then counted again, as it may be in both.
let held = [];
const stream = follow(TYPES, {
  onEvent: (event) => (held ? held.push(event) : take(event)),
  onState: showState,
  onResync: begin,
});

async function begin() {
  held ??= [];
  await loadAll();
  const meanwhile = held;
  held = null;
  meanwhile.forEach(take);
  if (meanwhile.length) await loadCounts();
}

await begin();
draw();
document.querySelector("main").dataset.loaded = "";
setInterval(() => {
  drawSoon();
  const quiet = (Date.now() - Math.max(since, stream.lastEvent())) / 1000;
  if (live.dataset.state !== "live") return;
  if (Date.now() - since > 8000) write(said, say("Live"));
  write(ticking, quiet < 10 ? "" : say("nothing new for %(time)s", { time: span(quiet) }));
}, 1000);
setInterval(() => { if (live.dataset.state === "live") { loadCounts(); loadCoverage(); loadLacks(); } }, 30_000);
