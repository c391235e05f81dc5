/** Who is certified, by department: a bar in three parts for each, for the tier that the reader chose. */

import { Table } from "./tables.js";
import { element, number, percent, say } from "./words.js";

const PARTS = ["steady", "expiring", "missing"];

export class Coverage {
  constructor(choice, list, table) {
    this.choice = choice;
    this.list = list;
    this.table = new Table(table, () => this.draw());
    this.tiers = [];
    choice.addEventListener("change", () => this.draw());
  }

  load(answer) {
    this.tiers = answer.items;
    const chosen = this.choice.value;
    const options = this.tiers.map((tier) => new Option(tier.title, tier.certification));
    this.choice.replaceChildren(...options);
    const first = chosen || this.tiers.reduce((most, tier) => (tier.certified > most.certified ? tier : most), this.tiers[0] ?? {}).certification;
    if (this.tiers.some((tier) => tier.certification === first)) this.choice.value = first;
    this.choice.hidden = this.tiers.length < 2;
    this.draw();
  }

  draw() {
    const tier = this.tiers.find((each) => each.certification === this.choice.value);
    const rows = tier?.departments ?? [];
    this.table.show(rows.map((row) => [nameOf(row), ...[row.people, row.certified, row.expiring, row.missing].map(number)]));
    if (!rows.length) {
      const why = tier ? say("Too few people for a figure that is nobody's own.") : say("No certification is defined yet.");
      this.list.replaceChildren(element("li", "empty", why));
      return;
    }
    const known = new Map([...this.list.children].map((item) => [item.dataset.key, item]));
    this.list.replaceChildren(...rows.map((row) => this.item(row, known.get(row.department))));
  }

  item(row, known) {
    const item = known ?? element("li", null, element("span", "name"), element("span", "count"), element("span", "track parts", ...PARTS.map((part) => element("i", part))));
    item.dataset.key = row.department;
    item.querySelector(".name").textContent = nameOf(row);
    item.querySelector(".count").textContent = say("%(share)s of %(people)s", { share: percent(row.certified / row.people), people: number(row.people) });
    const parts = { steady: row.certified - row.expiring, expiring: row.expiring, missing: row.missing };
    for (const part of PARTS) item.querySelector(`.${part}`).style.width = `${(100 * parts[part]) / row.people}%`;
    return item;
  }
}

const nameOf = (row) => (row.merged ? say("%(num)s small departments together", { num: number(row.merged) }) : row.department);
