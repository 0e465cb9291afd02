// The video page: joins player, timeline, curves, runs and threshold on one clock.

import { bindKeys, isTyping } from "./keys.js";
import { queryOf, remember, share } from "./video/address.js";
import { Clock } from "./video/clock.js";
import { Curves } from "./video/curves.js";
import { clockTime } from "./video/format.js";
import { Heat } from "./video/heat.js";
import { Reasons } from "./video/reasons.js";
import { Regions } from "./video/regions.js";
import { RunList } from "./video/run_list.js";
import { secondsOf } from "./video/seconds.js";
import { Threshold } from "./video/threshold.js";
import { Timeline } from "./video/timeline.js";
import { Values } from "./video/values.js";

const readJson = (id) => JSON.parse(document.getElementById(id).textContent);
const byId = (id) => document.getElementById(id);

const data = readJson("video-data");
const nFrames = data.n_frames;
const secondsAt = secondsOf(data.clock);
// Without a picture to show, an element without a source keeps the clock.
const player = byId("player") ?? document.createElement("video");
const hasPicture = player.isConnected;
player.controls = false;

const clock = new Clock(player, { fps: data.proxy_fps, nFrames });
const timeline = new Timeline(byId("timeline"), { nFrames, window: data.window });
const hasScores = data.shown.length > 0;
const runs = hasScores ? new RunList(byId("run-list"), data.shown) : null;
const curves = hasScores ? new Curves(byId("curves"), data.urls.curve) : null;
const values = hasScores ? new Values(data.urls.scores, nFrames) : null;
const heat = byId("heat-layer") ? new Heat(player, clock, data) : null;
const reasons = byId("reasons-lane") ? new Reasons(data, secondsAt) : null;
const regions = byId("box-layer") ? new Regions(player, clock, data) : null;
const threshold = hasScores ? new Threshold(data.urls.alarms, nFrames) : null;

// --- State

let isStarted = false; // the address stays as it came until somebody does something

function state() {
  return {
    run: runs?.shown ?? [],
    f: clock.frame,
    from: timeline.isWhole ? null : timeline.first,
    to: timeline.isWhole ? null : timeline.last,
    t: threshold?.value ?? null,
    heat: heat?.key ?? null,
    regions: regions?.set ?? null,
  };
}

function rememberState() {
  if (isStarted) remember(state());
}

function showFrame() {
  const { frame } = clock;
  byId("frame").textContent = frame;
  byId("time").textContent = clockTime(secondsAt(frame));
  byId("video-page").dataset.frame = frame;
  if (clock.isPlaying) timeline.follow(frame);
  timeline.moveTo(frame);
  reasons?.moveTo(frame);
  tellScores(frame);
  rememberState();
}

function tellScores(frame) {
  for (const run of runs?.shown ?? []) {
    values.at(run, frame).then((value) => frame === clock.frame && runs.tell(run, value));
  }
}

function showState() {
  byId("play")?.setAttribute("aria-pressed", clock.isPlaying);
  for (const button of document.querySelectorAll("[data-rate]")) {
    button.setAttribute("aria-pressed", Number(button.dataset.rate) === clock.rate);
  }
}

function refetch() {
  curves?.fetch(runs.shown, timeline.first, timeline.last);
}

function setZooming(isZooming) {
  timeline.isZooming = isZooming;
  byId("zoom").setAttribute("aria-pressed", isZooming);
}

function jumpToEvent(direction) {
  const starts = direction > 0 ? data.events : data.events.toReversed();
  const next = starts.find((start) => (start - clock.frame) * direction > 0);
  if (next !== undefined) seek(next);
}

function seek(frame) {
  clock.seek(frame);
  if (frame < timeline.first || frame >= timeline.last) timeline.follow(frame);
}

// --- What happens

clock.addEventListener("frame", showFrame);
clock.addEventListener("state", showState);

timeline.addEventListener("seek", ({ frame }) => seek(frame));
timeline.addEventListener("hover", ({ frame }) => {
  const isOver = frame !== undefined;
  byId("hover").textContent = isOver ? `${clockTime(secondsAt(frame))} · ${frame}` : "";
  reasons?.hover(frame);
});
timeline.addEventListener("window", () => {
  setZooming(false);
  byId("whole").disabled = timeline.isWhole;
  timeline.moveTo(clock.frame);
  reasons?.show(timeline.first, timeline.last);
  refetch();
  rememberState();
});

if (hasScores) {
  const serveFront = (value) => threshold.serve(runs.shown[0], data.runs[runs.shown[0]], value);
  let front = runs.shown[0];
  runs.addEventListener("change", () => {
    if (runs.shown[0] !== front) serveFront();
    front = runs.shown[0];
    refetch();
    heat?.offer(runs.shown);
    reasons?.offer(runs.shown[0]);
    tellScores(clock.frame);
    rememberState();
  });
  const align = () => threshold.align(byId("curves"), curves.figure.layout);
  curves.addEventListener("drawn", align);
  new ResizeObserver(() => curves.figure && align()).observe(byId("curves"));
  threshold.addEventListener("change", rememberState);
  heat?.offer(runs.shown);
  heat?.addEventListener("change", rememberState);
  reasons?.addEventListener("seek", ({ frame }) => seek(frame));
  reasons?.addEventListener("maps", ({ maps }) => heat?.take(maps));
  reasons?.show(timeline.first, timeline.last);
  reasons?.offer(runs.shown[0]);
  serveFront(data.threshold);
  curves.show(readJson("curve-figure"));
}

regions?.addEventListener("seek", ({ frame }) => seek(frame));
regions?.addEventListener("change", rememberState);

byId("play")?.addEventListener("click", () => clock.toggle());
player.addEventListener("click", () => clock.toggle());
byId("zoom").addEventListener("click", () => setZooming(!timeline.isZooming));
byId("whole").addEventListener("click", () => timeline.showWhole());
byId("share-outside")?.addEventListener("click", ({ currentTarget }) => {
  currentTarget.href = `${currentTarget.dataset.address}&${queryOf(state())}`;
});
byId("share")?.addEventListener("click", () => share(byId("share"), state()));

const clicks = {
  step: (element) => clock.step(Number(element.dataset.step)),
  rate: (element) => (clock.rate = Number(element.dataset.rate)),
  event: (element) => jumpToEvent(Number(element.dataset.event)),
  seek: (element) => seek(Number(element.dataset.seek)),
};
for (const [name, act] of Object.entries(clicks)) {
  for (const element of document.querySelectorAll(`[data-${name}]`)) {
    element.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return; // a link opens in its own tab
      event.preventDefault();
      act(element);
    });
  }
}

const step = (direction) => (event) => clock.step(direction * (event.shiftKey ? 10 : 1));
bindKeys({
  ArrowLeft: step(-1),
  ArrowRight: step(1),
  "[": () => jumpToEvent(-1),
  "]": () => jumpToEvent(1),
  ",": step(-1),
  ".": step(1),
  b: () => regions?.add(),
  h: () => heat?.toggle(),
  ...Object.fromEntries(
    [..."123456789"].map((key) => [key, () => runs?.toggleByKey(key)]),
  ),
});

// A button that was reached by key keeps its space bar; one that was clicked does not.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || isTyping(event) || event.target.matches(":is(button, a):focus-visible")) {
    return;
  }
  event.preventDefault();
  if (hasPicture) clock.toggle();
});
document.addEventListener("keyup", (event) => {
  if (event.key === " " && event.target.matches("button:not(:focus-visible)")) event.preventDefault();
});

byId("whole").disabled = timeline.isWhole;
clock.seek(data.frame);
showFrame();
isStarted = true;
