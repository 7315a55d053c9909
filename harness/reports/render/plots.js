// Charts: what the page holds as JSON, drawn by Plotly when it comes into view.
const colours = JSON.parse(document.getElementById("palette").textContent);
const symbols = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "hexagon"];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const touch = window.matchMedia("(pointer: coarse)");
const INCH = 84, MANY = 3000;
const known = new Map();

const read = (id) => {
  if (!known.has(id)) known.set(id, JSON.parse(document.getElementById(id).textContent));
  return known.get(id);
};
const whole = (values) => (values && values.shared ? read(values.shared) : values || []);
const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const colour = (key) => (typeof key === "string" ? variable(key) : colours.colours[(key || 0) % colours.colours.length]);
const through = (hex, alpha) => `${hex}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
const readable = (value) => (typeof value === "number" ? String(value).replace("-", "−") : value);

const safe = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;"); // Plotly reads tags

// What is told of point i: its name, its facts, or else its place.
function told(series, panel, index) {
  const words = whole(series.words)[index];
  const facts = (series.facts || []).map(([name, values]) => [name, whole(values)[index]]);
  if (!facts.length) {
    if (!panel.y_names) facts.push([panel.y_title || "y", whole(series.y)[index]]);
    if (!panel.x_names) facts.push([panel.x_title || "x", whole(series.x)[index]]);
  }
  const lines = facts.filter(([, value]) => value !== null && value !== undefined);
  return [words || series.name, ...lines.map(([name, value]) => `${name}: ${readable(value)}`)].filter(Boolean);
}

// Labels stand above and below in turn, from left to right.
function sides(x, labels) {
  const order = labels.map((_, i) => i).sort((a, b) => x[a] - x[b]);
  return labels.map((_, i) => (order.indexOf(i) % 2 ? "bottom right" : "top right"));
}

function interval(series, axis) {
  const [low, high, at] = [whole(series[`${axis}_low`]), whole(series[`${axis}_high`]), whole(series[axis])];
  if (!low.length || series.line) return undefined;
  const reach = (ends) => at.map((value, i) => (ends[i] === null ? 0 : Math.abs(ends[i] - value)));
  const drawn = through(colour(series.colour), 0.5);
  return { type: "data", symmetric: false, array: reach(high), arrayminus: reach(low), color: drawn, thickness: 2, width: 0 };
}

function band(series, axes) {
  if (!series.line || !series.y_low) return [];
  const shared = { ...axes, x: whole(series.x), mode: "lines", line: { width: 0 }, hoverinfo: "skip", type: "scatter" };
  const filled = { fill: "tonexty", fillcolor: through(colour(series.colour), 0.16) };
  return [{ ...shared, y: whole(series.y_low) }, { ...shared, ...filled, y: whole(series.y_high) }];
}

function trace(series, panel, axes) {
  const [x, y, labels] = [whole(series.x), whole(series.y), whole(series.labels)];
  const many = x.length > MANY, few = x.length <= 60;
  const parts = [series.line && "lines", (series.markers !== false) && "markers", labels.length && "text"];
  const ink = colour(series.colour);
  const size = few ? 8 : x.length <= 300 ? 6 : many ? 3 : 5;
  return {
    ...axes, x, y, type: many ? "scattergl" : "scatter", mode: parts.filter(Boolean).join("+"), name: series.name || "",
    text: labels.length ? labels.map(safe) : undefined, textposition: sides(x, labels), cliponaxis: false,
    textfont: { size: 10, color: variable("muted") },
    line: { color: ink, width: 2, dash: series.dashed ? "dash" : "solid", shape: series.line === "step" ? "hv" : "linear" },
    marker: {
      size, symbol: symbols[(series.marker || 0) % symbols.length] + (series.hollow ? "-open" : ""), color: ink,
      opacity: many ? 0.35 : few || series.line ? 1 : 0.6, line: { width: series.hollow ? 1.6 : 0, color: ink },
    },
    error_x: interval(series, "x"), error_y: interval(series, "y"),
    hovertext: x.map((_, i) => told(series, panel, i).map(safe).join("<br>")), hoverinfo: "text",
  };
}

function heat(panel, axes) {
  const { values, low, high } = panel.heat;
  const [across, down] = [whole(panel.x_names), whole(panel.y_names)];
  const text = values.map((row) => row.map((v) => (v === null ? "" : readable(v.toFixed(2)))));
  const hovertext = values.map((row, i) => row.map((v, j) => `${safe(down[i])}<br>${safe(across[j])}<br>${v === null ? "undefined" : readable(v.toFixed(3))}`));
  return {
    ...axes, type: "heatmap", z: values, zmin: low, zmax: high, colorscale: colours.heat.map((c, i) => [i / (colours.heat.length - 1), c]),
    text, texttemplate: values.length <= 20 ? "%{text}" : undefined, textfont: { size: 10 },
    hovertext, hoverinfo: "text", showscale: false, xgap: 1, ygap: 1,
  };
}

const short = (name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name);
const breadth = (names) => 12 + 6.2 * Math.max(0, ...whole(names).map((name) => short(name).length));

// Pixels around a panel's axes: labels, titles.
function room(panel) {
  const left = panel.y_names ? breadth(panel.y_names) : 44;
  const names = panel.x_names ? breadth(panel.x_names) : 22;
  return { left: left + (panel.y_title ? 18 : 0), right: 14, top: panel.title ? 26 : 10, bottom: names + (panel.x_title ? 20 : 4) };
}

function axesOf(panel, number, frame) {
  const suffix = number ? String(number + 1) : "";
  const line = { gridcolor: variable("rule"), zeroline: false, linecolor: variable("muted"), tickfont: { size: 11 }, showline: true };
  const x = { ...line, domain: frame.x, anchor: `y${suffix}`, title: { text: safe(panel.x_title || ""), font: { size: 12 }, standoff: 6 } };
  const y = { ...line, domain: frame.y, anchor: `x${suffix}`, title: { text: safe(panel.y_title || ""), font: { size: 12 }, standoff: 6 } };
  if (panel.x_log) {
    const values = panel.series.flatMap((one) => whole(one.x)).filter((value) => value > 0);
    const decades = Math.log10(Math.max(...values) / Math.min(...values));
    Object.assign(x, { type: "log", dtick: decades > 1.2 ? 1 : "D2" });
  }
  if (panel.x_range) x.range = panel.x_range;
  if (panel.whole) {
    const values = panel.series.flatMap((one) => whole(one.x));
    Object.assign(x, { dtick: Math.max(1, Math.ceil((Math.max(...values) - Math.min(...values)) / 8)), tickformat: "d" });
  }
  for (const [axis, names] of [[x, panel.x_names], [y, panel.y_names]]) {
    if (!names) continue;
    const all = whole(names);
    Object.assign(axis, { tickmode: "array", tickvals: all.map((_, i) => i), ticktext: all.map(short).map(safe) });
    if (axis === x) Object.assign(axis, { tickangle: -90, range: [-0.5, all.length - 0.5] });
    else axis.range = [all.length - 0.4, -0.6];
    if (panel.heat) Object.assign(axis, { showgrid: false, showline: false });
  }
  return [suffix, x, y];
}

function mark(one, suffix) {
  const across = one.axis === "y" ? { x0: 0, x1: 1, y0: one.value, y1: one.value } : { x0: one.value, x1: one.value, y0: 0, y1: 1 };
  const on = one.axis === "y" ? { xref: `x${suffix} domain`, yref: `y${suffix}` } : { xref: `x${suffix}`, yref: `y${suffix} domain` };
  const line = { color: colour(one.colour || "muted"), width: 1.4, dash: one.dashed ? "dash" : "solid" };
  return { type: "line", layer: "below", ...across, ...on, line };
}

function composed(chart, width) {
  const columns = Math.max(1, Math.min(chart.columns || 1, chart.panels.length, Math.floor(width / 230)));
  const rows = Math.ceil(chart.panels.length / columns);
  const tall = Math.max(...chart.panels.map((panel) => room(panel).top + room(panel).bottom)) + chart.size[1] * INCH - 40;
  const [cell, height] = [width / columns, rows * tall];
  const layout = {
    width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: "closest", shapes: [], annotations: [],
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: touch.matches ? false : "zoom",
    font: { family: "Inter, system-ui, sans-serif", color: variable("ink"), size: 12 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: variable("muted"), activecolor: variable("accent") },
    hoverlabel: { bgcolor: variable("raised"), bordercolor: variable("muted"), font: { color: variable("ink"), size: 12 }, align: "left" },
  };
  const traces = [], points = [];
  chart.panels.forEach((panel, number) => {
    const [row, column, edge] = [Math.floor(number / columns), number % columns, room(panel)];
    const frame = {
      x: [(column * cell + edge.left) / width, ((column + 1) * cell - edge.right) / width],
      y: [1 - ((row + 1) * tall - edge.bottom) / height, 1 - (row * tall + edge.top) / height],
    };
    const [suffix, x, y] = axesOf(panel, number, frame);
    Object.assign(layout, { [`xaxis${suffix}`]: x, [`yaxis${suffix}`]: y });
    const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    if (panel.title) {
      const place = { x: frame.x[0], y: frame.y[1], xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom" };
      layout.annotations.push({ ...place, text: `<b>${safe(panel.title)}</b>`, showarrow: false, font: { size: 12 } });
    }
    for (const one of panel.marks || []) layout.shapes.push(mark(one, suffix));
    if (panel.heat) traces.push(heat(panel, axes));
    for (const series of panel.series || []) {
      traces.push(...band(series, axes));
      points.push({ series, panel, curve: traces.length, subplot: axes.xaxis + axes.yaxis });
      traces.push(trace(series, panel, axes));
    }
  });
  return { traces, layout, points };
}

// The legend is a row of buttons: it can be reached and used without a mouse.
function legend(plot, points, hidden) {
  const list = plot.parentElement.querySelector(".legend");
  const names = [...new Set(points.map((one) => one.series.name).filter(Boolean))];
  list.replaceChildren(...names.map((name) => {
    const button = document.createElement("button");
    const series = points.find((one) => one.series.name === name).series;
    const swatch = document.createElement("i");
    swatch.style.borderTop = `3px ${series.dashed ? "dashed" : "solid"} ${colour(series.colour)}`;
    button.type = "button";
    button.append(swatch, name);
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    button.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      draw(plot);
    });
    return button;
  }));
}

const states = new WeakMap();

function draw(plot) {
  const chart = read(plot.dataset.chart);
  const state = states.get(plot) || { hidden: new Set(), at: null };
  const { traces, layout, points } = composed(chart, plot.clientWidth);
  for (const one of points) {
    const bands = one.series.line && one.series.y_low ? 2 : 0;
    for (let k = one.curve - bands; k <= one.curve; k += 1) traces[k].visible = !state.hidden.has(one.series.name);
  }
  const buttons = { modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]], displaylogo: false, displayModeBar: "hover" };
  const saved = { toImageButtonOptions: { format: "svg", filename: plot.dataset.name } };
  Object.assign(state, { points, width: plot.clientWidth });
  states.set(plot, state);
  plot.style.minHeight = "0";
  Plotly.react(plot, traces, layout, { ...buttons, ...saved, responsive: false });
  legend(plot, points, state.hidden);
}

function erase(plot) {
  if (!plot.classList.contains("js-plotly-plot")) return;
  plot.style.minHeight = `${plot.clientHeight}px`; // the page keeps its length
  Plotly.purge(plot);
}

// Arrow keys walk through the points of a chart, by x within a series; Escape leaves.
function walk(event) {
  const plot = event.currentTarget;
  const state = states.get(plot);
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (event.key === "Escape" && state) Plotly.Fx.unhover(plot);
  if (!step || !state || !state.points.length) return;
  event.preventDefault();
  const shown = state.points.filter((one) => !state.hidden.has(one.series.name) && whole(one.series.x).length);
  if (!shown.length) return;
  const [series, place] = state.at || [0, step[1] < 0 ? 0 : -1];
  const next = (((series + step[0]) % shown.length) + shown.length) % shown.length;
  const { series: one, panel, curve, subplot } = shown[next];
  const [x, y] = [whole(one.x), whole(one.y)];
  const order = x.map((_, i) => i).filter((i) => x[i] !== null && y[i] !== null).sort((a, b) => x[a] - x[b] || y[a] - y[b]);
  if (!order.length) return;
  const at = Math.min(Math.max(step[0] ? Math.max(place, 0) : place + step[1], 0), order.length - 1);
  state.at = [next, at];
  Plotly.Fx.hover(plot, [{ curveNumber: curve, pointNumber: order[at] }], [subplot]);
  plot.parentElement.querySelector(".heard").textContent = told(one, panel, order[at]).join(", ");
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) (isIntersecting ? draw : erase)(target);
}, { rootMargin: "400px" });
const sized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const drawn = target.classList.contains("js-plotly-plot");
    if (drawn && target.clientWidth && states.get(target).width !== target.clientWidth) draw(target);
  }
});
for (const plot of document.querySelectorAll(".plot")) {
  seen.observe(plot);
  sized.observe(plot);
  plot.addEventListener("keydown", walk);
}
const redraw = () => document.querySelectorAll(".plot.js-plotly-plot").forEach(draw);
dark.addEventListener("change", redraw);
window.addEventListener("beforeprint", () => document.querySelectorAll(".plot").forEach((plot) => plot.clientWidth && draw(plot)));

// One chart of a kind at a time.
for (const choice of document.querySelectorAll("select[data-charts]")) {
  const show = () => {
    for (const option of choice.options) document.getElementById(option.value).hidden = option.value !== choice.value;
  };
  choice.addEventListener("change", show);
  show();
}
