// The heat map: where in the picture the errors of a run lie, or its network looks, over the frame that is on screen.

import { ask } from "../ask.js";
import { short } from "./format.js";
import { paletteOf } from "./palette.js";
import { overPicture } from "./picture.js";

const byId = (id) => document.getElementById(id);

// Events: "change" when it is switched on or off, or shows another map.
export class Heat extends EventTarget {
  #isOn;
  #clock;
  #layer = byId("heat-layer");
  #button = byId("heat");
  #choice = byId("heat-run");
  #scale = byId("heat-scale");
  #opacity = byId("heat-opacity");
  #maps; // facts by key
  #shown = []; // ids of runs
  #url;
  #wanted; // key to begin with
  #sheets = new Map(); // key -> promise of a canvas to read its tiles from
  #palette;

  constructor(player, clock, { maps, urls, heat }) {
    super();
    this.#clock = clock;
    this.#maps = maps;
    this.#url = urls.explanation;
    this.#isOn = heat in maps;
    this.#wanted = heat;
    this.#button.addEventListener("click", () => this.toggle());
    this.#opacity.addEventListener("input", () => this.#renew());
    for (const choice of [this.#choice, this.#scale]) {
      choice.addEventListener("change", () => this.#renew());
    }
    clock.addEventListener("painted", () => this.#draw());
    overPicture(player, this.#layer);
  }

  // The map that is shown, by its key, or null. That of the errors of a run has the run's id.
  get key() {
    return (this.#isOn && this.#choice.value) || null;
  }

  // Those of the shown runs can be chosen; the one in front leads.
  offer(shown) {
    this.#shown = shown;
    const keys = shown.flatMap((run) =>
      Object.keys(this.#maps).filter((key) => this.#maps[key].run === run),
    );
    const chosen = this.#choice.value || this.#wanted;
    this.#choice.replaceChildren(
      ...keys.map((key) => new Option(this.#maps[key].name, key, false, key === chosen)),
    );
    this.#explain(keys.length ? "" : byId("heat-none").textContent);
    this.#renew();
  }

  // Others have been made meanwhile.
  take(maps) {
    const isNew = Object.keys(maps).some((key) => !(key in this.#maps));
    this.#maps = maps;
    if (isNew) this.offer(this.#shown);
  }

  toggle() {
    if (this.#button.disabled) return;
    this.#isOn = !this.#isOn;
    this.#renew();
  }

  #explain(reason) {
    this.#button.disabled = Boolean(reason);
    this.#button.title = reason ? "" : "h";
    byId("heat-why").title = reason;
    byId("heat-reason").textContent = reason;
    byId("heat-none").hidden = !reason;
    byId("heat-facts").hidden = Boolean(reason);
  }

  #renew() {
    const facts = this.#maps[this.#choice.value];
    this.#button.setAttribute("aria-pressed", this.#isOn && Boolean(facts));
    if (facts) {
      const top = facts[this.#scale.value];
      this.#palette = paletteOf(facts.highest / (top || 1));
      byId("heat-top").textContent = short(top);
      byId("heat-middle").textContent = short(top / 4); // half the bar is a quarter: see palette.js
      byId("heat-every").textContent = facts.frames_per_map;
      byId("heat-rule").textContent = facts.rule;
      byId("heat-sanity").textContent = facts.sanity;
      byId("heat-empty").hidden = facts.highest > 0;
    }
    this.#layer.style.opacity = this.#opacity.value;
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  // The numbers of a frame come at once and its picture later: the map belongs to the picture.
  async #draw() {
    const frame = this.#clock.painted;
    const { key } = this;
    if (!key || frame === null) return this.#clear();
    const sheet = await this.#sheetOf(key);
    if (key !== this.key || frame !== this.#clock.painted) return;
    const facts = this.#maps[key];
    const number = Math.floor((frame - facts.first_frame) / facts.frames_per_map);
    if (!sheet || number < 0 || number >= facts.n_maps) this.#clear();
    else this.#paint(sheet, facts, number);
    this.#layer.dataset.frame = frame;
  }

  #paint(sheet, { width, height, columns, first_frame, frames_per_map }, number) {
    const [left, top] = [(number % columns) * width, Math.floor(number / columns) * height];
    const tile = sheet.getImageData(left, top, width, height);
    for (let at = 0; at < tile.data.length; at += 4) {
      tile.data.set(this.#palette[tile.data[at]], at);
    }
    Object.assign(this.#layer, { width, height, hidden: false });
    this.#layer.getContext("2d").putImageData(tile, 0, 0);
    byId("heat-frame").textContent = first_frame + number * frames_per_map;
  }

  #clear() {
    this.#layer.hidden = true;
    byId("heat-frame").textContent = short(null);
  }

  #sheetOf(key) {
    if (!this.#sheets.has(key)) this.#sheets.set(key, this.#load(key));
    return this.#sheets.get(key);
  }

  // Null while the site does not answer with a picture; the next frame asks again.
  async #load(key) {
    const { run, kind, target, layer } = this.#maps[key];
    const response = await ask(`${this.#url}?${new URLSearchParams({ run, kind, target, layer })}`);
    const blob = await response?.blob().catch(() => null);
    const exact = { colorSpaceConversion: "none" };
    const image = blob && (await createImageBitmap(blob, exact).catch(() => null));
    if (!image) {
      this.#sheets.delete(key);
      return null;
    }
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context;
  }
}
