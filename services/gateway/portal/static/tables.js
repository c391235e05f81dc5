/** The figures of a chart as a table, written while it is open. */

import { element } from "./words.js";

export class Table {
  /** `redraw` is called when the reader opens the table. */
  constructor(table, redraw) {
    this.body = table.tBodies[0];
    this.figures = [...table.tHead.rows[0].cells].map((cell) => cell.className);
    this.details = table.closest("details");
    this.details.addEventListener("toggle", redraw);
    this.written = "";
  }

  /** Write rows of texts, the first of each its name. */
  show(rows) {
    if (!this.details.open) return;
    const written = JSON.stringify(rows);
    if (written === this.written) return;
    this.written = written;
    this.body.replaceChildren(...rows.map((row) => element("tr", null, ...row.map((text, at) => this.cell(text, at)))));
  }

  cell(text, at) {
    const cell = element(at ? "td" : "th", this.figures[at], text);
    if (!at) cell.scope = "row";
    return cell;
  }
}
