/** The simulator's answer: how many waited, as it is and as it would be, from the table below the chart. */

import uPlot from "/static/vendor/uplot.js";

let plot;

function read(table) {
  const rows = [...table.tBodies[0].rows];
  const numbers = (name) => rows.map((row) => Number(row.querySelector(`[data-${name}]`).textContent));
  return [rows.map((row) => Date.parse(row.dataset.at) / 1000), numbers("before"), numbers("after")];
}

function draw() {
  const place = document.getElementById("waiting");
  if (!place || !place.clientWidth) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  const day = (time) => new Date(time * 1000).toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short" });
  plot?.destroy();
  plot = new uPlot({
    width: place.clientWidth, height: place.clientHeight, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0],
    scales: { y: { range: (_plot, _from, to) => [0, Math.max(4, to * 1.1)] } },
    axes: [{ ...axis, grid: { show: false }, values: (_plot, times) => times.map(day), space: 70, size: 26 }, { ...axis, grid: { stroke: colour("--rule"), width: 1 }, size: 42 }],
    series: [{}, { stroke: colour("--line"), width: 2, points: { show: false } }, { stroke: colour("--green"), width: 2, points: { show: false } }],
  }, read(document.getElementById("levels")), place);
}

draw();
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
document.addEventListener("htmx:after:swap", draw);
