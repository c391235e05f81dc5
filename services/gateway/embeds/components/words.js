/** What the components say, in the reader's language as far as we speak it. */

import phrases from "./phrases.js";

/** Return `say(name, values)` for a language tag. */
export function words(lang) {
  const spoken = phrases[(lang || "en").toLowerCase().split("-")[0]] ?? phrases.en;
  return (name, values = {}) =>
    Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), spoken[name]);
}

export const rightToLeft = (lang) => /^(ar|he|fa|ur|ps|sd|ug|yi|dv|ckb)\b/i.test(lang || "");
