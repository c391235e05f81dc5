/** What the components say, in the reader's language as far as we speak it. */

import phrases from "./phrases.js";

/** Return the language that we speak to a reader of another: English, unless it is one of ours. */
export function spokenTo(lang) {
  const tag = (lang || "en").toLowerCase().split("-")[0];
  return tag in phrases ? tag : "en";
}

/** Return `say(name, values)` for a language tag. */
export function words(lang) {
  const spoken = phrases[spokenTo(lang)];
  return (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), spoken[name]);
}

export const rightToLeft = (lang) => /^(ar|he|fa|ur|ps|sd|ug|yi|dv|ckb)\b/i.test(lang || "");
