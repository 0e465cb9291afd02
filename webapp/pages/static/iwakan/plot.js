// Plotly figures in the colours of the page. A figure names tokens, such as "var(--run-1)" or
// "var(--run-1-dash)", wherever Plotly takes a string; they are looked up here, again whenever the
// theme changes, and in the light theme for files.

import { onThemeChange } from "./theme.js";

const SHOWN_ROWS = 500;
const EXPORT_SIZE = { width: 960, height: 420 };
const drawn = new Map(); // element -> { figure, tools }
let plotly;

// Loads the 5 MB of Plotly once, and only on a page that draws.
export function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.plotly;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`${script.src} did not load`));
    document.head.append(script);
  });
  return plotly;
}

// Draws `figure` ({ data, layout }) into `element`, or updates what is drawn there.
export async function draw(element, figure) {
  const Plotly = await loadPlotly();
  const state = drawn.get(element) ?? { tools: addTools(element) };
  state.figure = figure;
  drawn.set(element, state);
  const { data, layout } = themed(figure, "inherit");
  await Plotly.react(element, data, layout, { responsive: true, displayModeBar: false });
  refreshTable(element, state);
}

onThemeChange(() => {
  for (const [element, { figure }] of drawn) {
    if (element.isConnected) draw(element, figure);
    else drawn.delete(element);
  }
});

// --- Theme

// A function from the name of a token to its value under `scheme`: "inherit", "light" or "dark".
export function tokens(scheme = "inherit") {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.colorScheme = scheme;
  document.body.append(probe);
  const known = new Map();
  const look = (name) => {
    if (!known.has(name)) known.set(name, valueOf(probe, name));
    return known.get(name);
  };
  queueMicrotask(() => probe.remove());
  return look;
}

function valueOf(probe, name) {
  const value = getComputedStyle(probe).getPropertyValue(name).trim();
  if (!CSS.supports("color", value)) return value;
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function resolved(value, look) {
  if (typeof value === "string") return value.replace(/var\((--[\w-]+)\)/g, (_, name) => look(name));
  if (Array.isArray(value)) {
    return typeof value[0] === "number" ? value : value.map((item) => resolved(item, look));
  }
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, look)]));
}

function merged(base, over) {
  const isPlain = (value) => value && typeof value === "object" && !Array.isArray(value);
  const result = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    result[key] = isPlain(value) && isPlain(base?.[key]) ? merged(base[key], value) : value;
  }
  return result;
}

const AXIS = {
  color: "var(--muted)",
  gridcolor: "var(--line)",
  linecolor: "var(--line-strong)",
  zeroline: false,
  showline: true,
  ticks: "outside",
  ticklen: 4,
  automargin: true,
  title: { standoff: 8, font: { size: 12 } },
};
const LAYOUT = {
  font: { family: "var(--sans)", size: 12, color: "var(--ink)" },
  paper_bgcolor: "rgba(0,0,0,0)",
  plot_bgcolor: "rgba(0,0,0,0)",
  margin: { l: 48, r: 12, t: 12, b: 40 },
  hovermode: "closest",
  hoverlabel: {
    bgcolor: "var(--surface)",
    bordercolor: "var(--line-strong)",
    font: { family: "var(--sans)", color: "var(--ink)" },
  },
  legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
};

function themed(figure, scheme) {
  const look = tokens(scheme);
  const layout = merged(LAYOUT, figure.layout);
  const names = new Set(Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name)));
  for (const name of names.add("xaxis").add("yaxis")) layout[name] = merged(AXIS, layout[name]);
  return { data: resolved(figure.data, look), layout: resolved(layout, look) };
}

// --- Tools: data table and files

function addTools(element) {
  const tools = document.getElementById("plot-tools").content.firstElementChild.cloneNode(true);
  const actions = {
    table: () => toggleTable(element),
    svg: () => saveImage(element, "svg"),
    png: () => saveImage(element, "png"),
    csv: () => saveCsv(element),
  };
  tools.addEventListener("click", (event) => {
    actions[event.target.closest("[data-tool]")?.dataset.tool]?.();
  });
  element.after(tools);
  return tools;
}

function fileName(element, extension) {
  return `${element.dataset.name || element.id || "plot"}.${extension}`;
}

function download(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

async function saveImage(element, format) {
  const Plotly = await loadPlotly();
  const { data, layout } = themed(drawn.get(element).figure, "light");
  const figure = { data, layout: { ...layout, paper_bgcolor: "#fff", plot_bgcolor: "#fff" } };
  const scale = format === "png" ? 2 : 1;
  download(await Plotly.toImage(figure, { format, scale, ...EXPORT_SIZE }), fileName(element, format));
}

function saveCsv(element) {
  const { head, rows } = tableOf(drawn.get(element).figure);
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${`${cell}`.replaceAll('"', '""')}"` : cell);
  const lines = [head, ...rows].map((row) => row.map(quoted).join(","));
  const url = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
  download(url, fileName(element, "csv"));
  URL.revokeObjectURL(url);
}

// One column per trace when all share their x values, else one row per point with its trace's name.
export function tableOf({ data, layout }) {
  const traces = data.filter((trace) => trace.y?.length).map((trace) => ({
    name: trace.name ?? titleOf(layout?.yaxis, "y"),
    x: trace.x ?? trace.y.map((_, index) => index),
    y: trace.y,
  }));
  const x = titleOf(layout?.xaxis, "x");
  const shared = traces[0]?.x ?? [];
  const isShared = (trace) =>
    trace.x.length === shared.length && trace.x.every((value, index) => value === shared[index]);
  if (traces.every(isShared)) {
    const rows = shared.map((value, index) => [value, ...traces.map((trace) => trace.y[index])]);
    return { head: [x, ...traces.map((trace) => trace.name)], rows };
  }
  const rows = traces.flatMap((trace) => trace.x.map((value, index) => [trace.name, value, trace.y[index]]));
  return { head: ["", x, titleOf(layout?.yaxis, "y")], rows };
}

function titleOf(axis, fallback) {
  return axis?.title?.text ?? axis?.title ?? fallback;
}

function toggleTable(element) {
  const state = drawn.get(element);
  state.table = state.table ? state.table.remove() : tableElement(element, state);
  state.tools.querySelector("[data-tool=table]").setAttribute("aria-expanded", Boolean(state.table));
}

function refreshTable(element, state) {
  if (!state.table) return;
  state.table.remove();
  state.table = tableElement(element, state);
}

function tableElement(element, { figure, tools }) {
  const { head, rows } = tableOf(figure);
  const wrap = document.createElement("div");
  wrap.className = "plot__table";
  const table = wrap.appendChild(document.createElement("table"));
  table.className = "table";
  table.createCaption().textContent = `${Math.min(rows.length, SHOWN_ROWS)} / ${rows.length}`;
  addRow(table.createTHead(), "th", head);
  const body = table.createTBody();
  rows.slice(0, SHOWN_ROWS).forEach((row) => addRow(body, "td", row.map(readable)));
  tools.after(wrap);
  return wrap;
}

function addRow(section, cellName, cells) {
  const row = section.insertRow();
  for (const text of cells) row.appendChild(document.createElement(cellName)).textContent = text;
}

function readable(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? `${Number(value.toPrecision(6))}` : value;
}
