/** Posts and findings by hour over the last day. */

import uPlot from "/static/vendor/uplot.js";

const HOUR = 3600;

export class Pulse {
  constructor(place) {
    this.place = place;
    this.hours = new Map();
    new ResizeObserver(() => this.draw()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.plot?.destroy(); this.plot = null; this.draw(); });
  }

  /** Start over from counts by hour as `/v1/summary?by=hour` gives them. */
  load(items) {
    this.hours = new Map(items.map((item) => [Date.parse(item.key) / 1000, { posts: item.posts, findings: item.findings }]));
    this.draw();
  }

  /** Count one more post or finding. */
  add(kind, time) {
    const hour = Math.floor(Date.parse(time) / 1000 / HOUR) * HOUR;
    const counts = this.hours.get(hour) ?? { posts: 0, findings: 0 };
    counts[kind] += 1;
    this.hours.set(hour, counts);
    this.draw();
  }

  /** How many posts since a time. */
  postsSince(time) {
    return [...this.hours].reduce((sum, [hour, counts]) => (hour * 1000 >= time ? sum + counts.posts : sum), 0);
  }

  draw() {
    const now = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
    const hours = Array.from({ length: 24 }, (_, index) => now - (23 - index) * HOUR);
    const of = (kind) => hours.map((hour) => this.hours.get(hour)?.[kind] ?? 0);
    const data = [hours, of("posts"), of("findings")];
    if (this.plot) {
      this.plot.setSize({ width: this.place.clientWidth, height: this.place.clientHeight });
      this.plot.setData(data);
    } else if (this.place.clientWidth) {
      this.plot = new uPlot(this.options(), data, this.place);
    }
  }

  options() {
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
      scales: { x: { range: (_plot, from, to) => [from - HOUR / 2, to + HOUR / 2] }, y: { range: (_plot, _from, to) => [0, Math.max(4, to * 1.1)] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_plot, times) => times.map((time) => `${new Date(time * 1000).getHours()}:00`), space: 70, size: 26 },
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
