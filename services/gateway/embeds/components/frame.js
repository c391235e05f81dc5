/**
 * The page in a frame: tells the page around it how high it is, takes a token from it, and lets the reader accept.
 *
 * In a sandbox it has an origin of its own, so it keeps nothing anywhere and asks with no cookie.
 */

import { Asker, Refused } from "./asking.js";
import { follow, offer, read } from "./showing.js";

const PATIENCE = 1000;
const VARIABLES = /^--shareload-(ground|ink|soft|rule|accent|on-accent|font|padding)$/;
const framed = window.parent !== window;
const sandboxed = window.origin === "null";
const given = new URLSearchParams(location.hash.replace(/^#\??/, ""));
const secret = given.get("secret");
const place = location.hash.startsWith("#?") || given.has("token") ? given.get("section") : location.hash.slice(1);
const address = location.pathname + location.search;

let token = given.get("token");
let waiting = [];
let wanting = false;
let text = document.querySelector("main").outerHTML;
const shell = document.body.hasAttribute("data-shell");

const tell = (message) => { if (framed) window.parent.postMessage(message, "*"); };

function want() {
  tell({ shareload: "token-wanted", policy: location.pathname.split("/").pop() });
}

/** Ask the page around this one for a token, and wait for it a little. */
function ask() {
  if (!framed) return Promise.resolve(null);
  wanting = true;
  want();
  return new Promise((resolve) => {
    waiting.push(resolve);
    setTimeout(() => {
      waiting = waiting.filter((each) => each !== resolve);
      resolve(null);
    }, PATIENCE);
  });
}

async function provide(again) {
  if (again) token = await ask();
  return token;
}

let asker = new Asker(location.href, provide);

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || !framed || typeof event.data !== "object" || event.data === null) return;
  const { shareload, token: sent, variables } = event.data;
  if (shareload === "token" && typeof sent === "string") take(sent);
  if (shareload === "style") dress(variables ?? {});
  if (shareload === "hello") {
    measure();
    if (wanting) want();
  }
});

function take(sent) {
  token = sent;
  wanting = false;
  const asked = waiting;
  waiting = [];
  asked.forEach((resolve) => resolve(sent));
  if (asked.length === 0) {
    asker = new Asker(location.href, provide);
    look(true);
  }
}

function dress(variables) {
  for (const [name, value] of Object.entries(variables)) {
    if (VARIABLES.test(name)) document.documentElement.style.setProperty(name, String(value));
  }
}

/** Read the policy and show it, where it differs from what is shown. */
async function look(first = false) {
  try {
    const page = await read(asker, address);
    if (page.text === text) return;
    text = page.text;
    document.querySelector("main").replaceWith(document.adoptNode(page.main));
    document.title = page.title;
    document.documentElement.lang = page.lang;
    document.documentElement.dir = page.dir;
    document.body.removeAttribute("data-shell");
    dressed();
    if (first) arrive();
  } catch (error) {
    if (!first) return;
    if (error instanceof Refused && error.status !== 401) say(error.message);
    else turnAway();
  }
}

function say(words) {
  document.querySelector("main [role=status]").textContent = words;
}

function turnAway() {
  say(document.querySelector("main [role=status]").dataset.members);
  letIn();
}

/** What the reader can do with what is shown now. */
function dressed() {
  const main = document.querySelector("main");
  if (main.querySelector("[data-accept]")) {
    offer(main, asker, ({ policy, version }) => tell({ shareload: "acknowledged", policy, version }));
  } else {
    letIn();
  }
}

/** Signing in takes a window of our own: a frame of another site gets no cookie. */
function letIn() {
  const button = document.querySelector("main [data-sign-in]");
  if (!button || sandboxed || !framed) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const popup = window.open(button.dataset.signIn, "shareload-sign-in", "popup,width=480,height=640");
    window.addEventListener("message", function signedIn(event) {
      if (event.source !== popup || event.origin !== location.origin || event.data?.shareload !== "token") return;
      window.removeEventListener("message", signedIn);
      take(event.data.token);
    });
  });
}

function arrive() {
  const target = place && document.getElementById(place);
  if (!target) return;
  target.scrollIntoView();
  tell({ shareload: "scroll", top: target.getBoundingClientRect().top + window.scrollY });
}

function measure() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  tell({ shareload: "height", height });
  // WordPress gives each frame a secret, and knows it by that.
  if (secret) tell({ message: "height", value: height, secret });
}

if (given.has("token")) history.replaceState(null, "", address + (place ? `#${place}` : ""));
new ResizeObserver(measure).observe(document.body);
if (shell) {
  token ??= await ask();
  if (token === null) turnAway();
  else look(true);
} else {
  dressed();
  arrive();
}
follow(() => look());
