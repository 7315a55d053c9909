// Tables: sorted by a column, columns chosen, rows filtered; addresses that lead to what is folded away.
// Without this script every table stands whole.
const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// Numbers by their value, words by their letters, empty cells last.
function sort(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const head = heads[column];
  const first = head.querySelector("button").dataset.first;
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  heads.forEach((each) => each.setAttribute("aria-sort", each === head ? order : "none"));
  const sign = order === "ascending" ? 1 : -1;
  const key = (row) => row.cells[column].dataset.sort;
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    const [u, v] = [Number(x), Number(y)];
    return sign * (Number.isNaN(u) || Number.isNaN(v) ? x.localeCompare(y) : u - v);
  });
  table.tBodies[0].append(...rows);
}

function show(table, column, shown) {
  for (const row of table.rows) row.cells[column].hidden = !shown;
}

// The columns that people compare first are shown, the others chosen.
function chooser(table) {
  const heads = [...table.tHead.rows[0].cells];
  if (!heads.some((head) => "extra" in head.dataset)) return;
  const boxes = heads.slice(1).map((head, index) => {
    const box = element("input", { type: "checkbox", checked: !("extra" in head.dataset) });
    box.addEventListener("change", () => show(table, index + 1, box.checked));
    show(table, index + 1, box.checked);
    return element("label", {}, box, head.textContent.trim());
  });
  const legend = element("legend", { className: "said", textContent: "Columns shown" });
  const fold = element("details", { className: "chooser" }, element("summary", { textContent: "Columns" }), element("fieldset", {}, legend, ...boxes));
  fold.addEventListener("keydown", (event) => { if (event.key === "Escape") fold.open = false; });
  document.addEventListener("click", (event) => { if (!fold.contains(event.target)) fold.open = false; });
  table.closest(".table").querySelector(".files").prepend(fold);
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => head.querySelector("button").addEventListener("click", () => sort(table, column)));
  chooser(table);
}

// Rows of all tables by the words that begin them; references stay.
function filter(text) {
  const wanted = text.trim().toLowerCase();
  let count = 0;
  for (const row of document.querySelectorAll("tbody tr")) {
    const kept = row.className === "reference" || row.cells[0].textContent.toLowerCase().includes(wanted);
    row.hidden = !kept;
    count += kept && row.className !== "reference";
  }
  return count;
}

const place = document.getElementById("filter");
if (document.querySelector("tbody")) {
  const box = element("input", { type: "search", id: "search" });
  const told = element("span", { className: "words", role: "status" });
  box.addEventListener("input", () => { const count = filter(box.value); told.textContent = box.value ? `${count} rows` : ""; });
  place.append(element("label", { htmlFor: "search", textContent: "Methods, in all tables" }), box, told);
}

// An address within the page opens what it stands in: folded text, a chart that is not the chosen one.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  const choice = target.hidden && target.parentElement.querySelector("select[data-charts]");
  if (choice) {
    choice.value = target.id;
    choice.dispatchEvent(new Event("change"));
  }
  target.hidden = false;
  target.scrollIntoView();
}
window.addEventListener("hashchange", reveal);
window.addEventListener("load", reveal);

// On paper all is unfolded.
window.addEventListener("beforeprint", () => document.querySelectorAll("details:not(.chooser)").forEach((fold) => { fold.open = true; }));

for (const code of document.querySelectorAll(".beside pre")) {
  const button = element("button", { type: "button", className: "copy", textContent: "Copy" });
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(code.textContent).then(() => { button.textContent = "Copied"; });
  });
  code.previousElementSibling.append(" ", button);
}
