// The learning curve of a run, drawn again whenever the training has reported another point.

import { draw } from "./plot.js";

const plot = document.getElementById("learning-curve");
let shownStep = document.getElementById("run-state").dataset.lastStep;

async function refresh() {
  const step = document.getElementById("run-state").dataset.lastStep;
  if (step === shownStep) return;
  shownStep = step;
  const response = await fetch(plot.dataset.url);
  if (response.ok) draw(plot, await response.json());
}

if (plot) {
  draw(plot, JSON.parse(document.getElementById("learning-curve-figure").textContent));
  document.body.addEventListener("htmx:afterSwap", refresh);
}
