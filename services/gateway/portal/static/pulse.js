/** Posts and findings over time: by hour for a day, or by day for a month. */

import uPlot from "/static/vendor/uplot.js";
import { Table } from "./tables.js";
import { number } from "./words.js";

const HOUR = 3600;
const DAY = 24 * HOUR;
const RANGES = { day: { unit: HOUR, count: 24 }, month: { unit: DAY, count: 30 } };
const FEW = 9;

export class Pulse {
  /** `choices` are the buttons that choose the range, each with `data-range`; `table` shows the same in figures. */
  constructor(place, choices, table) {
    this.place = place;
    this.table = new Table(table, () => this.draw());
    this.choices = [...choices];
    this.range = null;
    for (const choice of this.choices) choice.addEventListener("click", () => this.choose(choice.dataset.range));
    this.hours = new Map();
    new ResizeObserver(() => this.draw()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  /** Show a day or a month. */
  choose(range) {
    this.range = range;
    for (const choice of this.choices) choice.setAttribute("aria-pressed", String(choice.dataset.range === range));
    this.redraw();
  }

  redraw() {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  /** Start over from counts by hour as `/v1/summary?by=hour` gives them. */
  load(items) {
    this.hours = new Map(items.map((item) => [Date.parse(item.key) / 1000, { posts: item.posts, findings: item.findings }]));
    if (this.range === null) {
      const since = Date.now() / 1000 - DAY;
      const busy = [...this.hours].filter(([hour, counts]) => hour > since && counts.posts).length;
      this.choose(busy < FEW && this.hours.size > busy ? "month" : "day");
    } else {
      this.draw();
    }
  }

  /** Count one more post or finding; `draw` shows it. */
  add(kind, time) {
    const hour = Math.floor(Date.parse(time) / 1000 / HOUR) * HOUR;
    const counts = this.hours.get(hour) ?? { posts: 0, findings: 0 };
    counts[kind] += 1;
    this.hours.set(hour, counts);
  }

  /** How many posts since a time. */
  postsSince(time) {
    return [...this.hours].reduce((sum, [hour, counts]) => (hour * 1000 >= time ? sum + counts.posts : sum), 0);
  }

  /** The beginnings of the hours or days shown, in the reader's own time zone. */
  beginnings() {
    const { unit, count } = RANGES[this.range];
    const now = new Date();
    if (unit === DAY) now.setHours(0, 0, 0, 0);
    else now.setMinutes(0, 0, 0);
    return Array.from({ length: count }, (_, index) => {
      const time = new Date(now);
      if (unit === DAY) time.setDate(time.getDate() - (count - 1 - index));
      else time.setTime(now.getTime() - (count - 1 - index) * HOUR * 1000);
      return time.getTime() / 1000;
    });
  }

  draw() {
    if (this.range === null || !this.place.clientWidth) return;
    const begins = this.beginnings();
    const sums = { posts: begins.map(() => 0), findings: begins.map(() => 0) };
    for (const [hour, counts] of this.hours) {
      const index = begins.findLastIndex((begin) => begin <= hour);
      if (index >= 0) { sums.posts[index] += counts.posts; sums.findings[index] += counts.findings; }
    }
    const data = [begins, sums.posts, sums.findings];
    this.list(begins, sums);
    if (this.plot) {
      const { clientWidth: width, clientHeight: height } = this.place;
      if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
      const drawn = JSON.stringify(data);
      if (drawn !== this.drawn) this.plot.setData(data);
      this.drawn = drawn;
    } else {
      this.plot = new uPlot(this.options(), data, this.place);
    }
  }

  /** The same as a table, the newest first. */
  list(begins, sums) {
    if (!this.table.details.open) return;
    const daily = RANGES[this.range].unit === DAY;
    const form = new Intl.DateTimeFormat(document.documentElement.lang, daily ? { day: "numeric", month: "long" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    const rows = begins.map((begin, index) => [form.format(begin * 1000), number(sums.posts[index]), number(sums.findings[index])]);
    this.table.show(rows.reverse());
  }

  options() {
    const { unit } = RANGES[this.range];
    const label = unit === DAY
      ? (time) => new Date(time * 1000).toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short" })
      : (time) => `${new Date(time * 1000).getHours()}:00`;
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };
    const columns = (size) => uPlot.paths.bars({ size: [size, 40], radius: 0.25 });
    return {
      width: this.place.clientWidth,
      height: this.place.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 4, 0, 0],
      scales: { x: { range: (_plot, from, to) => [from - unit / 2, to + unit / 2] }, y: { range: (_plot, _from, to) => [0, Math.max(4, to * 1.1)] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_plot, times) => times.map(label), space: 70, size: 26 },
        { ...axis, grid: { stroke: colour("--rule"), width: 1 }, size: 42, space: 36 },
      ],
      series: [
        {},
        { fill: `${colour("--green")}99`, width: 0, points: { show: false }, paths: columns(0.72) },
        { fill: colour("--amber"), width: 0, points: { show: false }, paths: columns(0.28) },
      ],
    };
  }
}
