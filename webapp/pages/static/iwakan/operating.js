// The operating-point explorer: a click on the curve takes the threshold of the point.

import { draw } from "./plot.js";

const plot = document.getElementById("operating-points");
const form = document.getElementById("wish");

if (plot) {
  await draw(plot, JSON.parse(document.getElementById("operating-points-figure").textContent));
  plot.on("plotly_click", ({ points: [point] }) => {
    if (point.customdata === undefined) return;
    form.elements.threshold.value = point.customdata;
    form.requestSubmit();
  });
}
