/** Numbers and times as people read them. */

export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const age = (time) => (Date.now() - Date.parse(time)) / 1000;
export const ago = (time) => (age(time) < 5 ? "now" : span(age(time)));
export const number = (value) => value.toLocaleString("en");
export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language" });
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
