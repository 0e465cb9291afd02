// Draws the plots whose figures came with the page and stay as they are, or are fetched when they
// come into sight.

import { ask } from "./ask.js";
import { draw } from "./plot.js";

for (const plot of document.querySelectorAll(".plot[data-figure]")) {
  draw(plot, JSON.parse(document.getElementById(plot.dataset.figure).textContent));
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    fetchFigure(target);
  }
}, { rootMargin: "200px" });

for (const plot of document.querySelectorAll(".plot[data-figure-url]")) seen.observe(plot);

async function fetchFigure(plot) {
  const response = await ask(plot.dataset.figureUrl);
  if (response) draw(plot, await response.json());
  else plot.textContent = plot.dataset.absent;
}
