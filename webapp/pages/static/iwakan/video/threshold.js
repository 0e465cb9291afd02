// The threshold of the run in front: a line to drag, a number to type, and what it would do.

import { ask } from "../ask.js";
import { hueOf, short } from "./format.js";

const PAUSE_MILLISECONDS = 120;

// Events: "change" when `value` is another.
export class Threshold extends EventTarget {
  value = null;
  #line = document.getElementById("threshold-line");
  #grip = document.getElementById("threshold-grip");
  #input = document.getElementById("threshold");
  #track = document.getElementById("alarm-track");
  #facts = document.querySelectorAll("[data-fact]");
  #url;
  #nFrames;
  #run;
  #scale = null; // { low, high, top, bottom }: range of the axis and pixels of its ends
  #timer;

  constructor(url, nFrames) {
    super();
    this.#url = url;
    this.#nFrames = nFrames;
    this.#input.addEventListener("change", () => this.set(this.#input.valueAsNumber));
    this.#line.addEventListener("pointerdown", (event) => this.#press(event));
    this.#line.addEventListener("pointermove", (event) => this.#drag(event));
    this.#line.addEventListener("keydown", (event) => this.#nudge(event));
  }

  // A run has its own scale: without a value of its own it starts half-way up, and without one
  // as long as the scale is not known.
  serve(run, { name, lowest, highest }, value = null) {
    this.#run = run;
    document.getElementById("threshold-run").textContent = name;
    const start = value ?? (lowest === null ? null : (lowest + highest) / 2);
    if (start === null) this.#clear();
    else this.set(start);
  }

  set(value) {
    if (!Number.isFinite(value)) return;
    this.value = value;
    this.#input.value = short(value);
    this.#place();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE_MILLISECONDS);
    this.dispatchEvent(new Event("change"));
  }

  #clear() {
    clearTimeout(this.#timer);
    this.value = null;
    this.#input.value = "";
    this.#line.hidden = true;
    this.#tell({ spans: [] });
    this.dispatchEvent(new Event("change"));
  }

  // Follows the first axis of a figure drawn in `plot`.
  align(plot, { margin, yaxis }) {
    const [low, high] = yaxis.range;
    this.#scale = { low, high, top: margin.t, bottom: plot.clientHeight - margin.b };
    this.#place();
  }

  #place() {
    if (!this.#scale || this.value === null) return;
    const { low, high, top, bottom } = this.#scale;
    const share = (high - this.value) / (high - low);
    this.#line.hidden = share < 0 || share > 1;
    this.#line.style.top = `${top + share * (bottom - top)}px`;
    this.#line.setAttribute("aria-valuenow", this.value);
    this.#line.setAttribute("aria-valuemin", low);
    this.#line.setAttribute("aria-valuemax", high);
    this.#grip.textContent = short(this.value);
  }

  #press(event) {
    event.stopPropagation(); // the timeline would seek
    event.preventDefault();
    this.#line.focus();
    this.#line.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    if (!this.#line.hasPointerCapture(event.pointerId)) return;
    event.stopPropagation();
    const { low, high, top, bottom } = this.#scale;
    const y = event.clientY - this.#line.parentElement.getBoundingClientRect().top;
    const share = Math.min(Math.max((y - top) / (bottom - top), 0), 1);
    this.set(high - share * (high - low));
  }

  #nudge(event) {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    this.set(this.value + (direction * (this.#scale.high - this.#scale.low)) / 100);
  }

  async #ask() {
    const asked = { run: this.#run, threshold: this.value };
    const response = await ask(`${this.#url}?${new URLSearchParams(asked)}`);
    const isOld = asked.run !== this.#run || asked.threshold !== this.value;
    if (response && !isOld) this.#tell(await response.json());
  }

  #tell(point) {
    for (const fact of this.#facts) fact.textContent = short(point[fact.dataset.fact]);
    this.#track.style.setProperty("--hue", hueOf(this.#run));
    this.#track.replaceChildren(
      ...point.spans.map(([start, end]) => {
        const mark = document.createElement("span");
        mark.className = "alarm";
        mark.style.left = `${(100 * start) / this.#nFrames}%`;
        mark.style.width = `${(100 * (end - start)) / this.#nFrames}%`;
        return mark;
      }),
    );
  }
}
