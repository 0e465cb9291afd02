// The learning curve of a run, drawn again whenever the training has reported another point.

import { ask } from "./ask.js";
import { draw } from "./plot.js";

const plot = document.getElementById("learning-curve");
const lastStep = () => document.getElementById("run-state").dataset.lastStep;
let shownStep = lastStep();

async function refresh() {
  if (lastStep() === shownStep) return;
  shownStep = lastStep();
  const response = await ask(plot.dataset.url);
  if (response) draw(plot, await response.json());
}

if (plot) {
  const figure = JSON.parse(document.getElementById("learning-curve-figure").textContent);
  if (figure.data.length > 0) draw(plot, figure);
  document.body.addEventListener("htmx:afterSwap", refresh);
}
