/** Numbers, times and texts as people read them, in the language of the page. */

const LANGUAGE = document.documentElement.lang || "en";
const TEXTS = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** A text in the reader's language, with values in its `%(name)s`; the page brings the translations of its scripts. */
export const say = (text, values = {}) =>
  (TEXTS[text] ?? text).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "").replaceAll("%%", "%");

export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const age = (time) => (Date.now() - Date.parse(time)) / 1000;
export const ago = (time) => (age(time) < 5 ? say("now") : span(age(time)));
export const number = (value) => value.toLocaleString(LANGUAGE);
export const percent = (share) => share.toLocaleString(LANGUAGE, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const plural = (count, one, many) => say(count === 1 ? one : many, { num: number(count) });

const LANGUAGES = new Intl.DisplayNames([LANGUAGE], { type: "language" });
export const language = (code) => (code ? LANGUAGES.of(code) : null);

export const title = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export function initials(name) {
  const parts = name.replace(/^@/, "").split(/[\s._-]+/).filter(Boolean);
  return parts.slice(0, 2).map((part) => part[0].toUpperCase()).join("") || "?";
}

/** An element with a class and children; strings become text, never markup. */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child != null));
  return made;
}
