// Charts are drawn when they come into view, answer the mouse and the keyboard, and follow colours and width.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const states = new WeakMap();

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

function draw(plot) {
  const chart = read(plot.dataset.chart);
  const state = states.get(plot) || { hidden: new Set(), at: null };
  const { traces, layout, points, named } = composed(chart, plot.clientWidth);
  for (const one of points) {
    const bands = one.series.line && one.series.y_low ? 2 : 0;
    for (let k = one.curve - bands; k <= one.curve; k += 1) traces[k].visible = !state.hidden.has(one.series.name);
  }
  Object.assign(state, { points, width: plot.clientWidth });
  states.set(plot, state);
  plot.style.minHeight = "0";
  Plotly.react(plot, traces, layout, { displayModeBar: false, displaylogo: false, responsive: false });
  legend(plot, named ? [] : points, state.hidden);
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

// Beside the heading, where they cover neither points nor names.
function tools(plot) {
  const button = (text, words, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.setAttribute("aria-label", words);
    made.addEventListener("click", act);
    return made;
  };
  const save = () => Plotly.downloadImage(plot, { format: "svg", filename: plot.dataset.name });
  plot.parentElement.querySelector(".tools").append(
    button("SVG", "Save this chart as SVG", save),
    button("Reset zoom", "Show the whole of this chart again", () => draw(plot)),
  );
}

for (const plot of document.querySelectorAll(typeof Plotly === "undefined" ? "none" : ".plot")) {
  tools(plot);
  seen.observe(plot);
  sized.observe(plot);
  plot.addEventListener("keydown", walk);
}
if (typeof Plotly === "undefined") {
  for (const plot of document.querySelectorAll(".plot")) {
    plot.style.minHeight = "0";
    plot.textContent = "Charts are drawn by plotly.min.js, which is not where this page was written; the numbers stand in the tables.";
  }
}
const redraw = () => document.querySelectorAll(".plot.js-plotly-plot").forEach(draw);
dark.addEventListener("change", redraw);
// A chart is drawn as wide as it is told to be; the window is as wide as the screen until it is printed.
const printing = (on) => {
  document.documentElement.classList.toggle("printing", on);
  document.querySelectorAll(".plot").forEach((plot) => plot.clientWidth && draw(plot));
};
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));

// One chart of a kind at a time.
for (const choice of document.querySelectorAll("select[data-charts]")) {
  const show = () => {
    for (const option of choice.options) document.getElementById(option.value).hidden = option.value !== choice.value;
  };
  choice.addEventListener("change", show);
  show();
}
