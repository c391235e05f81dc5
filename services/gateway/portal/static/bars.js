/** A list of named bars, updated in place so that widths move rather than jump. */

import { element } from "./words.js";

export function drawBars(list, rows, empty) {
  if (!rows.length) {
    list.replaceChildren(element("li", "empty", empty));
    return;
  }
  const largest = Math.max(...rows.map((row) => row.value), 1e-9);
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  list.replaceChildren(
    ...rows.map((row) => {
      const item = known.get(row.key) ?? newBar(row.key);
      item.querySelector(".name").textContent = row.name;
      item.querySelector(".count").textContent = row.count;
      item.title = row.title ?? row.name;
      const fill = item.querySelector("i");
      requestAnimationFrame(() => { fill.style.width = `${Math.max(1.5, (100 * row.value) / largest)}%`; });
      return item;
    }),
  );
}

function newBar(key) {
  const track = element("span", "track", element("i"));
  const item = element("li", null, element("span", "name"), element("span", "count"), track);
  item.dataset.key = key;
  return item;
}
