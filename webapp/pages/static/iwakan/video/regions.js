// Regions of the video: those of a set, picked, changed, drawn, and saved as the set's next version.

import { ask } from "../ask.js";
import { BoxLayer } from "./box_layer.js";
import { fitted, middle } from "./boxes.js";

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const SIDES = ["left", "top", "width", "height"];
const NEW_SECONDS = 5; // of a new region: the longest clip that methods learn from at once

// Events: "seek" { frame }, "change" when another set is shown.
export class Regions extends EventTarget {
  #facts;
  #clock;
  #nFrames;
  #nNew; // frames of a new region
  #layer;
  #regions = [];
  #picked = null;
  #drawn = null; // while it is drawn
  #isChanged = false;
  #form = byId("region-form");
  #sets = byId("region-set");

  constructor(player, clock, { regions, n_frames, proxy_fps }) {
    super();
    this.#facts = regions;
    this.#clock = clock;
    this.#nFrames = n_frames;
    this.#nNew = Math.max(1, Math.round(NEW_SECONDS * proxy_fps));
    this.#layer = new BoxLayer(byId("box-layer"), player, regions.size, regions.may_draw);
    this.#layer.addEventListener("pick", ({ region }) => this.#pick(region));
    this.#layer.addEventListener("change", ({ region, box }) => this.#change(region, { box }));
    clock.addEventListener("frame", () => this.#show());
    this.#sets.addEventListener("change", () => this.#load());
    byId("region-rows").addEventListener("click", ({ target }) => this.#clickRow(target));
    if (regions.may_draw) this.#listen();
    if (regions.chosen) this.#sets.value = regions.chosen;
    if (this.set) this.#load();
    else this.#show();
    window.addEventListener("beforeunload", (event) => this.#isChanged && event.preventDefault());
  }

  // The id of the set that is shown, or null.
  get set() {
    return this.#sets.value || null;
  }

  // A box in the middle, to be moved by keys.
  add() {
    if (!this.#facts.may_draw) return;
    this.#add(middle(this.#facts.size));
    this.#layer.focus(this.#picked);
  }

  #listen() {
    byId("region-add").addEventListener("click", () => this.add());
    byId("region-draw").addEventListener("click", () => this.#setDrawing(!this.#layer.isDrawing));
    byId("region-clip").addEventListener("click", () => this.#add(null));
    this.#layer.addEventListener("draw", ({ box }) => this.#preview(box));
    this.#layer.addEventListener("drawn", ({ box }) => {
      this.#setDrawing(false);
      this.#drawn = null;
      this.#add(box);
      this.#layer.focus(this.#picked);
    });
    byId("box-layer").addEventListener("keydown", (event) => this.#press(event));
    this.#form.addEventListener("change", () => this.#readForm());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    byId("region-starts").addEventListener("click", () => this.#startHere());
    byId("region-ends").addEventListener("click", () => this.#endHere());
    byId("region-whole").addEventListener("click", () => this.#toggleWhole());
    byId("region-delete").addEventListener("click", () => this.#delete());
    byId("region-discard").addEventListener("click", () => this.#load());
    byId("region-save").addEventListener("submit", (event) => this.#save(event));
  }

  #press(event) {
    const acts = {
      s: () => this.#startHere(),
      e: () => this.#endHere(),
      Delete: () => this.#delete(),
      Backspace: () => this.#delete(),
      Escape: () => document.activeElement.blur(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in acts)) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  // --- The regions

  async #load() {
    const { set } = this;
    const url = `${this.#facts.url}?${new URLSearchParams({ set: set ?? "" })}`;
    const answer = set && (await ask(url).then((response) => response?.json()));
    if (set !== this.set) return;
    this.#regions = (answer?.regions ?? []).map(fromSite);
    this.#picked = null;
    this.#isChanged = false;
    this.#tellStatus(set && !answer ? byId("region-away").textContent : "");
    const known = this.#facts.sets.find(({ id }) => id === set);
    if (this.#facts.may_draw) byId("region-save").elements.name.value = known?.name ?? "";
    this.#show();
    this.dispatchEvent(new Event("change"));
  }

  #add(box) {
    const start = this.#clock.frame;
    const end = Math.min(start + this.#nNew, this.#nFrames);
    const label = this.#picked?.label ?? "";
    const region = { start, end, box, label };
    this.#regions.push(region);
    this.#picked = region;
    this.#changed();
  }

  #change(region, values) {
    Object.assign(region, values);
    this.#changed();
  }

  #changed() {
    this.#isChanged = true;
    this.#tellStatus("");
    this.#show();
  }

  #delete() {
    if (!this.#picked) return;
    this.#regions = this.#regions.filter((region) => region !== this.#picked);
    this.#picked = null;
    this.#changed();
  }

  #pick(region) {
    this.#picked = region;
    this.#show();
  }

  #startHere() {
    const { frame } = this.#clock;
    if (this.#picked) this.#change(this.#picked, { start: frame, end: Math.max(this.#picked.end, frame + 1) });
  }

  #endHere() {
    const { frame } = this.#clock;
    if (this.#picked) this.#change(this.#picked, { start: Math.min(this.#picked.start, frame), end: frame + 1 });
  }

  #toggleWhole() {
    if (!this.#picked) return;
    this.#change(this.#picked, { box: this.#picked.box ? null : middle(this.#facts.size) });
  }

  #setDrawing(isDrawing) {
    this.#layer.isDrawing = isDrawing;
    byId("region-draw").setAttribute("aria-pressed", isDrawing);
  }

  #preview(box) {
    this.#drawn ??= { start: 0, end: this.#nFrames, label: "" };
    this.#drawn.box = box;
    this.#show();
  }

  // --- The list and the fields

  #clickRow(target) {
    const row = target.closest("tr");
    const region = row && this.#regions[Number(row.dataset.index)];
    if (!region) return;
    this.#pick(region);
    const { frame } = this.#clock;
    if (frame < region.start || frame >= region.end) {
      this.dispatchEvent(Object.assign(new Event("seek"), { frame: region.start }));
    }
    this.#layer.focus(region);
  }

  #readForm() {
    const fields = this.#form.elements;
    const number = (name) => Math.round(Number(fields[name].value) || 0);
    const start = clamp(number("first"), 0, this.#nFrames - 1);
    const values = {
      label: fields.label.value.trim(),
      start,
      end: clamp(number("last"), start, this.#nFrames - 1) + 1,
    };
    if (this.#picked.box) {
      const typed = Object.fromEntries(SIDES.map((side) => [side, number(side)]));
      values.box = fitted(typed, this.#facts.size);
    }
    this.#change(this.#picked, values);
  }

  #show() {
    const { frame } = this.#clock;
    const all = this.#drawn ? [...this.#regions, this.#drawn] : this.#regions;
    const isHere = ({ start, end }) => start <= frame && frame < end;
    for (const region of all) region.title = titleOf(region);
    const shown = (region) => isHere(region) || region === this.#picked;
    this.#layer.show(all, { shown, picked: this.#picked });
    this.#list(isHere);
    if (this.#facts.may_draw) this.#showForms();
  }

  #list(isHere) {
    const rows = this.#regions.map((region, index) => {
      const row = byId("region-row").content.cloneNode(true).firstElementChild;
      row.dataset.index = index;
      row.querySelector("button").textContent = region.label || "–";
      row.querySelector("button").setAttribute("aria-pressed", region === this.#picked);
      row.querySelector("[data-frames]").textContent = `${region.start}–${region.end - 1}`;
      row.querySelector("[data-box]").textContent = region.box
        ? `${region.box.width} × ${region.box.height} (${region.box.left}, ${region.box.top})`
        : row.querySelector("[data-box]").dataset.whole;
      if (isHere(region)) row.dataset.here = "";
      return row;
    });
    const wasFocused = byId("region-rows").contains(document.activeElement);
    byId("region-rows").replaceChildren(...rows);
    byId("region-table").hidden = !rows.length;
    if (wasFocused) byId("region-rows").querySelector('[aria-pressed="true"]')?.focus();
  }

  // Of the region that is picked: what a network will see of it.
  #linkPreview() {
    const link = byId("region-preview");
    const { start, end, box } = this.#picked ?? {};
    const clip = this.#picked && { start_frame: start, last_frame: end - 1, ...(box ?? {}) };
    link.href = clip ? `${link.pathname}?${new URLSearchParams(clip)}` : link.pathname;
  }

  #showForms() {
    this.#linkPreview();
    const fields = this.#form.elements;
    this.#form.hidden = !this.#picked;
    byId("region-save").hidden = !this.#isChanged;
    this.#sets.disabled = this.#isChanged;
    if (!this.#picked) return;
    const { label, start, end, box } = this.#picked;
    const values = { label, first: start, last: end - 1, ...(box ?? {}) };
    for (const [name, value] of Object.entries(values)) fields[name].value = value;
    for (const side of SIDES) fields[side].disabled = !box;
    byId("region-whole").setAttribute("aria-pressed", !box);
  }

  // --- Saving

  async #save(event) {
    event.preventDefault();
    const body = new FormData(event.target);
    body.set("base", this.set ?? "");
    body.set("regions", JSON.stringify(this.#regions.map(toSite)));
    const response = await fetch(this.#facts.url, { method: "POST", body }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (response?.status !== 201 || !answer) {
      this.#tellStatus(answer?.sentence ?? byId("region-away").textContent);
      return;
    }
    this.#facts.sets.push(answer);
    this.#sets.add(new Option(answer.title, answer.id, false, true), 1);
    this.#isChanged = false;
    this.#show();
    this.#tellStatus(byId("region-saved").textContent.replace("%s", answer.title));
    this.dispatchEvent(new Event("change"));
  }

  #tellStatus(text) {
    byId("region-status").textContent = text;
  }
}

const titleOf = ({ label, start, end }) => `${label || "–"}, ${start}–${end - 1}`;

const fromSite = ({ start_frame, end_frame, label, ...box }) => ({
  start: start_frame,
  end: end_frame,
  label,
  box: box.left === null ? null : box,
});

const toSite = ({ start, end, label, box }) => ({
  start_frame: start,
  end_frame: end,
  label,
  ...(box ?? Object.fromEntries(SIDES.map((side) => [side, null]))),
});
