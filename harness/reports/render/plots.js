// Charts: from what the page holds as JSON to what Plotly draws.
const colours = JSON.parse(document.getElementById("palette").textContent);
const symbols = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "hexagon"];
const touch = window.matchMedia("(pointer: coarse)");
const INCH = 84, MANY = 3000, FEW = 6;
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
  const { values, low, high, digits = 2 } = panel.heat;
  const scale = low <= high ? colours.heat : [...colours.heat].reverse();
  const [across, down] = [whole(panel.x_names), whole(panel.y_names)];
  const text = values.map((row) => row.map((v) => (v === null ? "" : readable(v.toFixed(digits)))));
  const hovertext = values.map((row, i) => row.map((v, j) => `${safe(down[i])}<br>${safe(across[j])}<br>${v === null ? "undefined" : readable(v.toFixed(3))}`));
  return {
    ...axes, type: "heatmap", z: values, zmin: Math.min(low, high), zmax: Math.max(low, high), colorscale: scale.map((c, i) => [i / (scale.length - 1), c]),
    text, texttemplate: values.length <= 20 ? "%{text}" : undefined, textfont: { size: 10 },
    hovertext, hoverinfo: "text", showscale: false, xgap: 1, ygap: 1,
  };
}

const short = (name, cell) => (name.length > cell / 15 ? `${name.slice(0, cell / 15 - 1)}…` : name);
const breadth = (names, cell) => 12 + 6.2 * Math.max(0, ...whole(names).map((name) => short(name, cell).length));

// The named lines of a panel, where they are so few that each is named at its end.
function ended(panel, cell) {
  const lines = (panel.series || []).filter((one) => one.line && one.name && whole(one.x).length > 1);
  return lines.length <= FEW && cell > 420 ? lines : [];
}

// Pixels around a panel's axes: labels, titles.
function room(panel, cell) {
  const left = panel.y_names ? breadth(panel.y_names, cell) : 44;
  const names = panel.x_names ? breadth(panel.x_names, 600) : 22;
  const ends = ended(panel, cell).map((one) => one.name);
  const top = (panel.title ? 26 : 10) + ((panel.marks || []).some((one) => one.words && one.axis === "x") ? 16 : 0);
  return { left: left + (panel.y_title ? 18 : 0), right: ends.length ? 14 + breadth(ends, cell) : 14, top, bottom: names + (panel.x_title ? 20 : 4) };
}

// Ticks that can be read: 1, 2, 5 of every power of ten, or the powers alone where there are many.
function logTicks(low, high) {
  const decades = Math.log10(high / low), values = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const digit of decades > 2.5 ? [1] : [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      if (value >= low * 0.9 && value <= high * 1.1) values.push(value);
    }
  }
  const step = Math.ceil(values.length / 9);
  return values.filter((_, i) => i % step === 0);
}
const tick = (value) => (value >= 1e6 || value < 1e-4 ? `10<sup>${readable(Math.round(Math.log10(value)))}</sup>` : value.toLocaleString("en", { maximumFractionDigits: 4 }));

function axesOf(panel, number, frame, cell) {
  const suffix = number ? String(number + 1) : "";
  const line = { gridcolor: variable("rule"), zeroline: false, linecolor: variable("muted"), tickfont: { size: 11 }, showline: true };
  const x = { ...line, domain: frame.x, anchor: `y${suffix}`, title: { text: safe(panel.x_title || ""), font: { size: 12 }, standoff: 6 } };
  const y = { ...line, domain: frame.y, anchor: `x${suffix}`, title: { text: safe(panel.y_title || ""), font: { size: 12 }, standoff: 6 } };
  if (panel.x_log) {
    const values = panel.series.flatMap((one) => whole(one.x)).filter((value) => value > 0);
    const ticks = values.length ? logTicks(Math.min(...values), Math.max(...values)) : [];
    Object.assign(x, { type: "log", tickmode: "array", tickvals: ticks, ticktext: ticks.map(tick) });
  }
  if (panel.x_range) x.range = panel.x_range;
  if (panel.whole) {
    const values = panel.series.flatMap((one) => whole(one.x));
    Object.assign(x, { dtick: Math.max(1, Math.ceil((Math.max(...values) - Math.min(...values)) / 8)), tickformat: "d" });
  }
  for (const [axis, names] of [[x, panel.x_names], [y, panel.y_names]]) {
    if (!names) continue;
    const all = whole(names);
    Object.assign(axis, { tickmode: "array", tickvals: all.map((_, i) => i), ticktext: all.map((name) => safe(short(name, axis === x ? 600 : cell))) });
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

// What a line across a panel is called, at its end.
function markWords(one, suffix) {
  const upright = one.axis === "x";
  const place = upright
    ? { x: one.value, y: 1, xref: `x${suffix}`, yref: `y${suffix} domain`, xanchor: "center", yanchor: "bottom" }
    : { x: 0, y: one.value, xref: `x${suffix} domain`, yref: `y${suffix}`, xanchor: "left", yanchor: "bottom" };
  return { ...place, text: safe(one.words), showarrow: false, font: { size: 11, color: variable("muted") } };
}

// Names at the ends of lines, moved apart; their axis is fixed so that places are known.
function endWords(panel, lines, frame, height, suffix, y) {
  const numbers = (panel.series || []).flatMap((one) => [...whole(one.y), ...whole(one.y_low), ...whole(one.y_high)]).filter((v) => v !== null);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const margin = (high - low || 1) * 0.06;
  y.range = [low - margin, high + margin];
  const pixels = (frame.y[1] - frame.y[0]) * height / (y.range[1] - y.range[0]);
  const last = (one) => whole(one.y).filter((v) => v !== null).at(-1);
  let before = -Infinity;
  return lines.filter((one) => last(one) !== undefined).sort((a, b) => last(a) - last(b)).map((one) => {
    const at = Math.max(last(one), before + 14 / pixels);
    before = at;
    const place = { x: frame.x[1], y: at, xref: "paper", yref: `y${suffix}`, xanchor: "left", yanchor: "middle", showarrow: false };
    return { ...place, text: `<span style="color:${colour(one.colour)}">●</span> ${safe(one.name)}`, font: { size: 11 } };
  });
}

function composed(chart, width) {
  const least = Math.max(230, chart.size[0] * INCH * 0.75);
  const columns = Math.max(1, Math.min(chart.columns || 1, chart.panels.length, Math.floor(width / least)));
  const rows = Math.ceil(chart.panels.length / columns);
  const cell = width / columns;
  const tall = Math.max(...chart.panels.map((panel) => room(panel, cell).top + room(panel, cell).bottom)) + chart.size[1] * INCH - 40;
  const height = rows * tall;
  const layout = {
    width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: "closest", shapes: [], annotations: [],
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: touch.matches ? false : "zoom",
    font: { family: "Inter, system-ui, sans-serif", color: variable("ink"), size: 12 },
    hoverlabel: { bgcolor: variable("raised"), bordercolor: variable("muted"), font: { color: variable("ink"), size: 12 }, align: "left" },
  };
  const traces = [], points = [];
  chart.panels.forEach((panel, number) => {
    const [row, column, edge] = [Math.floor(number / columns), number % columns, room(panel, cell)];
    const frame = {
      x: [(column * cell + edge.left) / width, ((column + 1) * cell - edge.right) / width],
      y: [1 - ((row + 1) * tall - edge.bottom) / height, 1 - (row * tall + edge.top) / height],
    };
    const [suffix, x, y] = axesOf(panel, number, frame, cell);
    Object.assign(layout, { [`xaxis${suffix}`]: x, [`yaxis${suffix}`]: y });
    const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    if (panel.title) {
      const place = { x: column * cell / width, y: 1 - row * tall / height, xref: "paper", yref: "paper", xanchor: "left", yanchor: "top" };
      layout.annotations.push({ ...place, text: `<b>${safe(panel.title)}</b>`, showarrow: false, font: { size: 12 } });
    }
    for (const one of panel.marks || []) {
      layout.shapes.push(mark(one, suffix));
      if (one.words) layout.annotations.push(markWords(one, suffix));
    }
    const ends = ended(panel, cell);
    if (ends.length) layout.annotations.push(...endWords(panel, ends, frame, height, suffix, y));
    if (panel.heat) traces.push(heat(panel, axes));
    for (const series of panel.series || []) {
      traces.push(...band(series, axes));
      points.push({ series, panel, curve: traces.length, subplot: axes.xaxis + axes.yaxis });
      traces.push(trace(series, panel, axes));
    }
  });
  return { traces, layout, points, named: chart.panels.every((panel) => ended(panel, cell).length) };
}
