// Draws the plots whose figures came with the page and stay as they are.

import { draw } from "./plot.js";

for (const plot of document.querySelectorAll(".plot[data-figure]")) {
  draw(plot, JSON.parse(document.getElementById(plot.dataset.figure).textContent));
}
