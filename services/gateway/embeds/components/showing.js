/** A policy as the gateway renders it, put into a place of another page and kept up to date. */

import { words } from "./words.js";

const LOOK = 60_000;

/** The policy's `<main>` out of the page that the gateway answers with; its scripts are never run. */
export async function read(asker, address) {
  const response = await asker.fetch(address, { accept: "text/html" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const main = page.querySelector("main");
  return { main, text: main.outerHTML, title: page.title, lang: page.documentElement.lang, dir: page.documentElement.dir };
}

/** Let the reader accept the version in place, where the gateway knows who reads; `told` gets the receipt. */
export function offer(main, asker, told) {
  const button = main.querySelector("[data-accept]");
  if (!button) return;
  button.hidden = false;
  const status = main.querySelector("[role=status]");
  const say = words(button.lang);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await asker.fetch(button.dataset.accept, { method: "POST", body: {} });
      button.hidden = true;
      status.textContent = say("accepted", { number: button.dataset.version });
      told(await answer.json());
    } catch {
      status.textContent = say("failed");
    } finally {
      button.disabled = false;
    }
  });
}

/** Look for a new version while the page is looked at; returns what ends it. */
export function follow(look) {
  const seen = () => { if (document.visibilityState === "visible") look(); };
  const timer = setInterval(seen, LOOK);
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
