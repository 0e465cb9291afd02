// The score curves: fetched for the part that is shown, drawn by Plotly on the timeline's scale.

import { ask } from "../ask.js";
import { draw } from "../plot.js";

const PAUSE_MILLISECONDS = 60; // a drag or a row of clicks asks once

// Events: "drawn" when `figure` is on the page.
export class Curves extends EventTarget {
  figure;
  #element;
  #url;
  #timer;
  #request;

  constructor(element, url) {
    super();
    this.#element = element;
    this.#url = url;
  }

  async show(figure) {
    this.figure = figure;
    await draw(this.#element, figure);
    // The tools belong under all strips, not between them.
    const tools = this.#element.parentElement.querySelector(".plot__tools");
    if (tools) document.getElementById("timeline-tools").append(tools);
    this.dispatchEvent(new Event("drawn"));
  }

  fetch(runs, first, last) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(runs, first, last), PAUSE_MILLISECONDS);
  }

  async #load(runs, first, last) {
    this.#request?.abort();
    this.#request = new AbortController();
    const query = new URLSearchParams(runs.map((run) => ["run", run]));
    query.set("from", first);
    query.set("to", last);
    const { signal } = this.#request;
    const response = await ask(`${this.#url}?${query}`, { signal });
    const figure = await response?.json().catch(() => null); // called back half-way
    if (figure && !signal.aborted) await this.show(figure);
  }
}
