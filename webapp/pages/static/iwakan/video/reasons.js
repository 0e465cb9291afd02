// Why a frame has its score: what each segment adds, beside the curves and as a list.

import { ask } from "../ask.js";
import { clockTime, signed, short } from "./format.js";

const byId = (id) => document.getElementById(id);
const N_LISTED = 5;
const POLL_MILLISECONDS = 2000;
const MIDDLE = 18; // of the strip, whose height is 40

// Events: "maps" { maps } when others can be laid over the picture, "seek" { frame }.
export class Reasons extends EventTarget {
  #state; // by run: targets, explained, why_not, job
  #urls;
  #nFrames;
  #secondsAt;
  #frame = 0;
  #hovered = null;
  #window = null; // the part that is shown; null for all
  #run;
  #files = new Map(); // "run target" -> promise of what was explained, null while it does not come
  #timer;

  constructor({ segments, urls, n_frames }, secondsAt) {
    super();
    this.#state = segments;
    this.#urls = urls;
    this.#nFrames = n_frames;
    this.#secondsAt = secondsAt;
    byId("reasons-layer")?.addEventListener("input", () => this.#ask());
    byId("reasons-rows").addEventListener("click", ({ target }) => {
      const row = target.closest("[data-frame]");
      if (row) this.#tell("seek", { frame: Number(row.dataset.frame) });
    });
  }

  // The run in front is the one that is explained.
  offer(run) {
    this.#run = run;
    this.#tellState();
    this.#draw();
    this.#poll();
  }

  moveTo(frame) {
    this.#frame = frame;
    for (const form of document.querySelectorAll("[data-reasons-ask]")) {
      form.elements.frame.value = frame;
    }
    const moment = byId("reasons-moment")?.elements;
    if (moment) [moment.from.value, moment.to.value] = [frame, frame + 1];
    this.#draw();
  }

  hover(frame) {
    this.#hovered = frame ?? null;
    this.#draw();
  }

  // What is zoomed in to can be explained alone.
  show(first, last) {
    this.#window = first === 0 && last === this.#nFrames ? null : [first, last];
    this.#tellWindow();
    this.#draw();
  }

  #tellWindow() {
    const button = byId("reasons-whole");
    if (!button) return;
    const [from, to] = this.#window ?? ["", ""];
    button.form.elements.from.value = from;
    button.form.elements.to.value = to;
    button.textContent = this.#window ? button.dataset.part : button.dataset.all;
    this.#offerWhatIsMissing();
  }

  // The site refuses to explain anything twice: what is there, or on its way, is not offered.
  #offerWhatIsMissing(found = null) {
    const { explained, job } = this.#of;
    const asked = this.#layer;
    const isAsked = (target) =>
      explained.some(([each, layer]) => each === target && layer === asked) ||
      Boolean(job && !job.is_over && job.layer === asked && job.targets.includes(target));
    const moment = byId("reasons-moment")?.querySelector("button");
    if (!moment) return;
    const isThere = !asked && found?.file.stride === 1;
    disable(moment, isThere || isAsked(`${this.#frame}-${this.#frame + 1}`));
    disable(byId("reasons-whole"), isAsked(this.#window?.join("-") ?? ""));
  }

  // By another layer the same frames may be explained again.
  #ask() {
    for (const form of document.querySelectorAll("[data-reasons-ask]")) {
      form.elements.layer.value = this.#layer;
    }
    this.#draw();
  }

  get #layer() {
    return byId("reasons-layer")?.value.trim() ?? "";
  }

  #tell(name, detail) {
    this.dispatchEvent(Object.assign(new Event(name), detail));
  }

  get #of() {
    return this.#state[this.#run] ?? { targets: [], explained: [], why_not: "", job: null };
  }

  #tellState() {
    const { why_not: whyNot, job, targets, explained } = this.#of;
    byId("reasons-why-not").textContent = whyNot;
    byId("reasons-why-not").hidden = !whyNot;
    byId("reasons-ask")?.toggleAttribute("hidden", Boolean(whyNot));
    for (const form of document.querySelectorAll("[data-reasons-ask]")) {
      form.elements.run.value = this.#run;
    }
    byId("reasons-job").hidden = !job;
    if (job) {
      byId("reasons-job-link").href = job.url;
      byId("reasons-job-link").textContent = job.status;
      byId("reasons-job-reason").textContent = job.reason;
      byId("reasons-again")?.toggleAttribute("hidden", !job.is_over);
    }
    byId("reasons-lane").hidden = !targets.length;
    byId("reasons-hint").hidden = Boolean(whyNot || explained.length || job);
    byId("reasons-maps").hidden = Boolean(targets.length) || !explained.length;
  }

  #poll() {
    clearTimeout(this.#timer);
    const isGoingOn = Object.values(this.#state).some(({ job }) => job && !job.is_over);
    if (isGoingOn) this.#timer = setTimeout(() => this.#askAgain(), POLL_MILLISECONDS);
  }

  async #askAgain() {
    const query = new URLSearchParams(Object.keys(this.#state).map((run) => ["run", run]));
    const response = await ask(`${this.#urls.explained}?${query}`);
    const found = await response?.json().catch(() => null);
    if (found) {
      this.#state = found.segments;
      this.#tell("maps", { maps: found.maps });
      this.#tellState();
      this.#draw();
    }
    this.#poll();
  }

  #fileOf(run, target) {
    const key = `${run} ${target}`;
    if (!this.#files.has(key)) this.#files.set(key, this.#load(run, target, key));
    return this.#files.get(key);
  }

  async #load(run, target, key) {
    const query = new URLSearchParams({ run, target, kind: "segments" });
    const response = await ask(`${this.#urls.reasons}?${query}`);
    const file = await response?.json().catch(() => null);
    if (!file) this.#files.delete(key);
    return file;
  }

  // Of the frame under the pointer, else the one that is shown; by the finest that covers it.
  async #draw() {
    const [run, frame] = [this.#run, this.#hovered ?? this.#frame];
    const { targets } = this.#of;
    const files = (await Promise.all(targets.map((each) => this.#fileOf(run, each)))).filter(Boolean);
    if (run !== this.#run || frame !== (this.#hovered ?? this.#frame)) return;
    const found = files
      .map((file) => ({ file, row: explainedAt(file, frame) }))
      .filter(({ row }) => row)
      .sort((one, other) => one.file.stride - other.file.stride)[0];
    byId("reasons-facts").hidden = !found;
    byId("reasons-not-here").hidden = Boolean(found) || !files.length;
    if (frame === this.#frame) this.#offerWhatIsMissing(found);
    this.#paint(files, found);
    if (found) this.#list(found.file, found.row);
  }

  #list(file, row) {
    byId("reasons-score").textContent = short(row.score);
    byId("reasons-baseline").textContent = short(row.baseline_score);
    byId("reasons-difference").textContent = signed(row.score - row.baseline_score);
    byId("reasons-gap").textContent = signed(row.gap);
    byId("reasons-gap-row").hidden = row.is_complete;
    byId("reasons-rule").textContent = file.rule;
    byId("reasons-why-no-map").textContent = file.why_no_map;
    byId("reasons-no-map").hidden = !file.why_no_map;
    const order = row.values.map((_, at) => at);
    order.sort((one, other) => Math.abs(row.values[other]) - Math.abs(row.values[one]));
    byId("reasons-rows").replaceChildren(
      ...order.slice(0, N_LISTED).map((at) => this.#rowOf(file, row.first_row + at, row.values[at])),
    );
  }

  #rowOf(file, row, value) {
    const frame = startOf(file, row);
    const copy = byId("reasons-row").content.cloneNode(true).firstElementChild;
    const button = copy.querySelector("[data-frame]");
    button.dataset.frame = frame;
    button.textContent = clockTime(this.#secondsAt(frame));
    copy.querySelector("[data-frames]").textContent = `${frame}–${startOf(file, row + 1) - 1}`;
    copy.querySelector("[data-value]").textContent = signed(value);
    copy.dataset.adds = value < 0 ? "less" : "more";
    return copy;
  }

  // Bars up where a segment raises the score, down where it lowers it; below, what is explained.
  #paint(files, found) {
    const covered = files.flatMap((file) =>
      file.targets.map((each) => rectangle(startOf(file, each.row), endOf(file, each), 37, 40)),
    );
    byId("reasons-covered").setAttribute("d", covered.join(""));
    const bars = { more: [], less: [] };
    const highest = found ? Math.max(...found.row.values.map(Math.abs)) || 1 : 1;
    found?.row.values.forEach((value, place) => {
      const row = found.row.first_row + place;
      const [left, right] = [startOf(found.file, row), startOf(found.file, row + 1)];
      const end = MIDDLE - (value / highest) * MIDDLE;
      bars[value < 0 ? "less" : "more"].push(rectangle(left, right, MIDDLE, end));
    });
    byId("reasons-more").setAttribute("d", bars.more.join(""));
    byId("reasons-less").setAttribute("d", bars.less.join(""));
  }
}

function disable(button, isDone) {
  button.disabled = isDone;
  button.title = isDone ? button.dataset.done : "";
}

function rectangle(left, right, top, bottom) {
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

function startOf(file, row) {
  return Math.ceil(file.first_frame + row * file.row_length);
}

// A row that is explained stands for those up to the next that is.
function endOf(file, { row }) {
  const next = Math.min(row + file.stride, file.n_rows);
  return startOf(file, next);
}

function explainedAt(file, frame) {
  const last = file.targets.at(-1);
  const isAfterAll = last.row === file.n_rows - 1 && frame >= startOf(file, file.n_rows);
  if (isAfterAll && frame < startOf(file, file.n_rows + 1)) return last;
  return file.targets.find((each) => startOf(file, each.row) <= frame && frame < endOf(file, each));
}
