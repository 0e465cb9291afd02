// The gallery by outcome: frames of the proxies, drawn once they are scrolled to, with their maps.

import { ask } from "./ask.js";
import { paletteOf } from "./video/palette.js";

const toggle = document.getElementById("gallery-maps");
const WIDTH = 320; // of a frame as it is drawn
const OPACITY = 0.75;
const strips = new Map(); // element -> strip

class Strip {
  #canvases;
  #facts;
  #pictures = []; // of each frame, without its map
  #sheet = null; // a context to read tiles from

  constructor(element) {
    this.#canvases = [...element.querySelectorAll("canvas")];
    this.#facts = JSON.parse(document.getElementById(element.dataset.shots).textContent);
  }

  // One after another: a video shows one frame at a time.
  async load() {
    const { stream, fps, frames, map } = this.#facts;
    const video = Object.assign(document.createElement("video"), { muted: true, preload: "auto", src: stream });
    if (!(await happens(video, "loadeddata"))) return;
    this.#sheet = map && (await sheetAt(map.url));
    for (const [at, frame] of frames.entries()) {
      video.currentTime = (frame + 0.5) / fps; // the middle of it, as the player does
      if (!(await happens(video, "seeked"))) break;
      this.#pictures[at] = await createImageBitmap(video);
      this.draw();
    }
    video.removeAttribute("src");
    video.load();
  }

  draw() {
    for (const [at, picture] of this.#pictures.entries()) {
      const canvas = this.#canvases[at];
      canvas.width = WIDTH;
      canvas.height = Math.round((WIDTH * picture.height) / picture.width);
      const context = canvas.getContext("2d");
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      if (toggle.checked && this.#sheet) this.#lay(context, this.#facts.frames[at]);
    }
  }

  #lay(context, frame) {
    const { first_frame, frames_per_map, n_maps, width, height, columns } = this.#facts.map;
    const number = Math.floor((frame - first_frame) / frames_per_map);
    if (number < 0 || number >= n_maps) return;
    const [left, top] = [(number % columns) * width, Math.floor(number / columns) * height];
    const tile = this.#sheet.getImageData(left, top, width, height);
    const palette = paletteOf(1); // the brightest is the highest cell of the sheet
    for (let at = 0; at < tile.data.length; at += 4) tile.data.set(palette[tile.data[at]], at);
    const layer = new OffscreenCanvas(width, height);
    layer.getContext("2d").putImageData(tile, 0, 0);
    context.globalAlpha = OPACITY;
    context.drawImage(layer, 0, 0, context.canvas.width, context.canvas.height);
    context.globalAlpha = 1;
  }
}

function happens(video, name) {
  return new Promise((resolve) => {
    video.addEventListener(name, () => resolve(true), { once: true });
    video.addEventListener("error", () => resolve(false), { once: true });
  });
}

async function sheetAt(url) {
  const response = await ask(url);
  const blob = await response?.blob().catch(() => null);
  const image = blob && (await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => null));
  if (!image) return null;
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context;
}

function redraw() {
  for (const strip of strips.values()) strip.draw();
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || strips.has(target)) continue;
      const strip = new Strip(target);
      strips.set(target, strip);
      strip.load();
    }
  },
  { rootMargin: "200px" },
);
for (const element of document.querySelectorAll("[data-shots]")) seen.observe(element);
toggle.addEventListener("change", redraw);
document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (key !== "h" || ctrlKey || metaKey || altKey || target.closest("input:not([type=checkbox]), select, textarea")) return;
  toggle.checked = !toggle.checked;
  redraw();
});
